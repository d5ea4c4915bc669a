#!/usr/bin/env bash
# The contract of the official Elasticsearch image: every environment variable with a dot in its name is a setting
# (discovery.type=single-node), ES_SETTING_X_Y__Z is x.y_z, ES_JAVA_OPTS goes to the JVM, root is dropped. Its automatic
# certificates are not made here: run it with xpack.security.enabled=false.
set -euo pipefail

readonly HOME_DIR=/usr/share/elasticsearch

# settings prints each setting of the environment as -Ekey=value, ended by NUL.
settings() {
  local entry name
  while IFS= read -r -d '' entry; do
    name=${entry%%=*}
    if [[ $name =~ ^[a-z0-9_-]+(\.[a-z0-9_-]+)+$ ]]; then
      printf -- '-E%s\0' "$entry"
    elif [[ $name == ES_SETTING_* ]]; then
      printf -- '-E%s=%s\0' "$(setting_name "${name#ES_SETTING_}")" "${entry#*=}"
    fi
  done < <(env -0)
}

setting_name() {
  local name=${1//__/$'\x01'}
  name=${name//_/.}
  name=${name//$'\x01'/_}
  printf '%s' "${name,,}"
}

if [ "${1:-}" != eswrapper ] && [ "${1:0:1}" != - ]; then exec "$@"; fi
if [ "${1:-}" = eswrapper ]; then shift; fi
cd "$HOME_DIR"
mapfile -d '' -t arguments < <(settings)
run=(env CLI_NAME=server CLI_LIBS=lib/tools/server-cli HOME="$HOME_DIR" bash bin/elasticsearch-cli "${arguments[@]}" "$@")
if [ "$(id -u)" = 0 ]; then
  chown -R 1000:0 data logs config
  run=(setpriv --reuid=1000 --regid=0 --clear-groups "${run[@]}")
fi
exec "${run[@]}"
