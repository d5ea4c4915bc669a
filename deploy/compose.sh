#!/usr/bin/env bash
# Runs docker-compose.yml with whichever Compose is installed: "up", "down", or "check": all of it but Kibana, on
# ports and volumes of its own, until every part is healthy; then all is taken away again.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly ROLES=(api indexer worker)
readonly SERVICES=(postgres redis elasticsearch migrate "${ROLES[@]}")
readonly KIBANA_IMAGE=${AFORRO_KIBANA_IMAGE:-docker.elastic.co/kibana/kibana:8.19.13}
readonly HEALTHY_SECONDS=180

say() { printf 'compose: %s\n' "$*"; }

compose() {
  if docker compose version >/dev/null 2>&1; then
    docker compose "$@"
  else
    docker-compose --ansi never "$@"
  fi
}

up() {
  if docker image inspect "$KIBANA_IMAGE" >/dev/null 2>&1 || timeout 600 docker pull -q "$KIBANA_IMAGE"; then
    compose up -d
  else
    say "Kibana's image cannot be pulled: starting without it"
    compose up -d "${SERVICES[@]}"
  fi
  compose ps
}

health_of() { docker inspect -f '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}' "$(compose ps -q "$1")"; }

wait_healthy() {
  local service i
  for service in "${ROLES[@]}"; do
    for ((i = 0; i < HEALTHY_SECONDS; i++)); do
      [ "$(health_of "$service")" != healthy ] || break
      sleep 1
    done
    if [ "$(health_of "$service")" != healthy ]; then
      say "$service is not healthy; its log:" >&2
      compose logs --tail 60 "$service" >&2
      return 1
    fi
    say "$service is healthy"
  done
}

# published asks the API through its published port, with nothing but bash.
published() {
  local answer
  exec 3<>"/dev/tcp/127.0.0.1/$AFORRO_COMPOSE_API_PORT"
  printf 'GET /api/search/products/?q=laptop HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n' >&3
  IFS= read -r answer <&3
  exec 3>&-
  say "search through the published port: ${answer%$'\r'}"
  [[ $answer == *" 200 "* ]]
}

check() {
  export COMPOSE_PROJECT_NAME=aforro-check
  export AFORRO_COMPOSE_POSTGRES_PORT=25432 AFORRO_COMPOSE_REDIS_PORT=26379
  export AFORRO_COMPOSE_ELASTICSEARCH_PORT=29200 AFORRO_COMPOSE_API_PORT=28000 AFORRO_COMPOSE_KIBANA_PORT=25601
  compose config -q
  say "docker-compose.yml is valid"
  trap 'compose down -v --remove-orphans >/dev/null 2>&1' EXIT
  compose up -d "${SERVICES[@]}"
  wait_healthy
  compose exec -T api /aforro health
  published
  say "everything but Kibana is healthy (Kibana was not run)"
}

case ${1:-} in
  up) up ;;
  down) compose down ;;
  check) check ;;
  *) say "usage: compose.sh up|down|check" >&2; exit 2 ;;
esac
