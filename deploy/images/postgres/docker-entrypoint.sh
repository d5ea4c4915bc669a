#!/usr/bin/env bash
# The contract of the official PostgreSQL image: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS,
# POSTGRES_HOST_AUTH_METHOD, each also as NAME_FILE; scripts in /docker-entrypoint-initdb.d on the first start; the
# command and its arguments passed through (postgres -c fsync=off).
set -Eeuo pipefail

# from_file NAME DEFAULT sets NAME from the environment, from the file that NAME_FILE names, or to DEFAULT.
from_file() {
  local name=$1 file=${1}_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file:-}" ]; then
    echo "error: both $name and $file are set" >&2
    exit 1
  fi
  if [ -n "${!file:-}" ]; then
    printf -v "$name" '%s' "$(<"${!file}")"
  else
    printf -v "$name" '%s' "${!name:-$2}"
  fi
  export "${name?}"
  unset "$file"
}

prepare_folders() {
  mkdir -p "$PGDATA" /var/run/postgresql
  chmod 0700 "$PGDATA"
  find "$PGDATA" /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
}

require_password() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ]; then
    echo "error: the database is not initialised and POSTGRES_PASSWORD is empty" >&2
    exit 1
  fi
}

init_database() {
  # eval, as POSTGRES_INITDB_ARGS is a list of arguments with a shell's quoting.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"
  printf '\nhost all all all %s\n' "$POSTGRES_HOST_AUTH_METHOD" >>"$PGDATA/pg_hba.conf"
  sed -i "s/^#\?listen_addresses.*/listen_addresses = '*'/" "$PGDATA/postgresql.conf"
}

sql() {
  PGPASSWORD=$POSTGRES_PASSWORD psql -v ON_ERROR_STOP=1 --no-psqlrc --no-password --username "$POSTGRES_USER" "$@"
}

run_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) if [ -x "$file" ]; then "$file"; else . "$file"; fi ;;
      *.sql) sql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql --dbname "$POSTGRES_DB" ;;
    esac
  done
}

# first_start initialises, then runs a server of its own on the socket only, so that nothing can connect half-way.
first_start() {
  require_password
  init_database
  pg_ctl -D "$PGDATA" -o "-c listen_addresses='' -p 5432" -w start
  if [ "$POSTGRES_DB" != postgres ]; then
    sql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
  fi
  run_scripts
  pg_ctl -D "$PGDATA" -m fast -w stop
  printf '\nPostgreSQL init process complete; ready for start up.\n\n'
}

# only_asks tells whether the command prints something and ends, which needs no database.
only_asks() {
  local argument
  for argument in "$@"; do
    case $argument in
      -'?' | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

if [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "${1:-}" = postgres ] && ! only_asks "$@"; then
  if [ "$(id -u)" = 0 ]; then
    prepare_folders
    exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
  fi
  from_file POSTGRES_PASSWORD ''
  from_file POSTGRES_USER postgres
  from_file POSTGRES_DB "$POSTGRES_USER"
  from_file POSTGRES_INITDB_ARGS ''
  : "${POSTGRES_HOST_AUTH_METHOD:=scram-sha-256}"
  if [ -s "$PGDATA/PG_VERSION" ]; then
    printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
  else
    first_start
  fi
fi
exec "$@"
