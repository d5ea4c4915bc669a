#!/usr/bin/env bash
# Makes sure that a Docker engine answers on this machine: installs Debian's own packages and starts the daemon where
# none does. Needs root for that, and says so with the exact command otherwise. Safe to repeat.
set -euo pipefail

readonly PACKAGES=(docker.io docker-compose iptables iproute2 ca-certificates debootstrap)
readonly LOG=${AFORRO_DOCKER_LOG:-/var/log/dockerd.log}
readonly WAIT_SECONDS=60

say() { printf 'docker-engine: %s\n' "$*"; }

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$package"
  done
}

install_packages() {
  local missing
  missing=$(missing_packages)
  [ -n "$missing" ] || return 0
  say "installing $missing"
  export DEBIAN_FRONTEND=noninteractive
  # shellcheck disable=SC2086 # a list of package names
  apt-get install -y -q --no-install-recommends $missing </dev/null >/dev/null 2>&1 ||
    { apt-get update -q </dev/null && apt-get install -y -q --no-install-recommends $missing </dev/null; }
}

# daemon_runs tells whether a daemon was started already, by its package or by someone else.
daemon_runs() {
  local pid
  pid=$(cat /var/run/docker.pid 2>/dev/null) && grep -q dockerd "/proc/$pid/cmdline" 2>/dev/null
}

start_daemon() {
  if daemon_runs; then return; fi
  if [ -d /run/systemd/system ]; then
    systemctl start docker
    return
  fi
  rm -f /var/run/docker.pid
  setsid nohup dockerd >>"$LOG" 2>&1 </dev/null &
}

wait_for_daemon() {
  local i
  for ((i = 0; i < WAIT_SECONDS; i++)); do
    docker info >/dev/null 2>&1 && return 0
    sleep 1
  done
  tail -n 20 "$LOG" >&2 || true
  return 1
}

if docker info >/dev/null 2>&1; then
  # The engine may have come without what the images and compose targets need.
  [ "$(id -u)" != 0 ] || install_packages
  say "an engine answers ($(docker version --format '{{.Server.Version}}'))"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  say "no engine answers. As root: apt-get install -y --no-install-recommends ${PACKAGES[*]} && dockerd &" >&2
  exit 1
fi
install_packages
say "starting dockerd (log: $LOG)"
start_daemon
wait_for_daemon || { say "dockerd did not answer within $WAIT_SECONDS s" >&2; exit 1; }
say "an engine answers ($(docker version --format '{{.Server.Version}}'))"
