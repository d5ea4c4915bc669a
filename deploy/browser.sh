#!/usr/bin/env bash
# Gets what the browser test wants: Debian's Chromium, installed as root where there is none, and axe-core at a pinned
# version into bin/axe. Safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly AXE=4.10.3
readonly AXE_SHA256=0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292
readonly DIR=bin/axe

# need COMMAND PACKAGE installs a package unless its command is there.
need() {
  ! command -v "$1" >/dev/null || return 0
  if [ "$(id -u)" != 0 ]; then
    printf 'browser: %s is missing. As root: apt-get install -y --no-install-recommends %s\n' "$1" "$2" >&2
    exit 1
  fi
  printf 'browser: installing %s\n' "$2"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends "$2" </dev/null >/dev/null 2>&1 ||
    { apt-get update -q </dev/null && apt-get install -y -q --no-install-recommends "$2" </dev/null; }
}

right() { printf '%s  %s\n' "$AXE_SHA256" "$DIR/axe-core-$AXE.tgz" | sha256sum --check --status 2>/dev/null; }

need chromium chromium
mkdir -p "$DIR"
if ! right; then
  need npm npm
  npm pack --silent --pack-destination "$DIR" "axe-core@$AXE" >/dev/null
  right || { printf 'browser: axe-core %s is not what it should be\n' "$AXE" >&2; exit 1; }
fi
tar -xzf "$DIR/axe-core-$AXE.tgz" -C "$DIR" --strip-components 1 package/axe.min.js package/LICENSE
