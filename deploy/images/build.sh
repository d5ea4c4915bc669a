#!/usr/bin/env bash
# Makes sure that the three service images exist ("services"), and builds the product's own image ("product").
#
# The official images are pulled where a registry answers. Where none does, local stand-ins with the same entry-point
# contract are built from one debootstrap base. The names to use end up in bin/images.env, which the Makefile includes.
# An image that is already there is kept until its recipe in this folder changes.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly OFFICIAL_POSTGRES=postgres:15
readonly OFFICIAL_REDIS=redis:7.0
readonly OFFICIAL_ELASTICSEARCH=docker.elastic.co/elasticsearch/elasticsearch:8.19.13
readonly BASE=aforro-standin/base:bookworm
readonly LOCAL_POSTGRES=aforro-standin/postgres:15
readonly LOCAL_REDIS=aforro-standin/redis:7.0
readonly LOCAL_ELASTICSEARCH=aforro-standin/elasticsearch:8.19.13
readonly PRODUCT=${AFORRO_IMAGE:-aforro:dev}
readonly ENV_FILE=bin/images.env
readonly SUITE=bookworm
readonly BASE_PACKAGES=postgresql,redis-server,openjdk-17-jdk-headless,ca-certificates,curl
# The engine's own builder: BuildKit's front end would have to be pulled.
export DOCKER_BUILDKIT=0

say() { printf 'images: %s\n' "$*"; }
have() { docker image inspect "$1" >/dev/null 2>&1; }

# official_available tells whether the official images are here already or can be pulled. The smallest is tried first,
# once; AFORRO_STANDIN_IMAGES=1 skips the attempt.
official_available() {
  [ "${AFORRO_STANDIN_IMAGES:-}" != 1 ] || return 1
  local image
  for image in "$OFFICIAL_REDIS" "$OFFICIAL_POSTGRES" "$OFFICIAL_ELASTICSEARCH"; do
    have "$image" || timeout 300 docker pull -q "$image" >/dev/null 2>&1 || return 1
  done
}

# mirror prints the package mirror of this machine, read from its own apt settings.
mirror() {
  local found
  found=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v suite="$SUITE" '$2 == suite && $3 == "main" { print $1; exit }')
  if [ -z "$found" ]; then
    say "no apt source for $SUITE on this machine: stand-in images cannot be built here" >&2
    return 1
  fi
  printf '%s' "$found"
}

build_base() {
  if have "$BASE"; then return; fi
  local root
  root=$(mktemp -d /var/tmp/aforro-base.XXXXXX)
  # shellcheck disable=SC2064 # the value of now
  trap "rm -rf '$root'" RETURN
  say "making $BASE with debootstrap (about a minute)"
  if ! debootstrap --variant=minbase --include="$BASE_PACKAGES" "$SUITE" "$root" "$(mirror)" >"$root.log" 2>&1; then
    tail -n 20 "$root.log" >&2
    return 1
  fi
  rm -rf "$root.log" "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}/* \
    "$root"/var/lib/postgresql/*/* "$root"/etc/apt/sources.list*
  tar -C "$root" -c . | docker import - "$BASE" >/dev/null
}

# recipe is a checksum of what a stand-in is made from; it is kept as a label, so that a changed recipe is built again.
recipe() { cat deploy/images/"$1"/* | sha256sum | cut -c1-16; }

# current tells whether the image is there and was made from the present recipe.
current() { # IMAGE RECIPE
  [ "$(docker image inspect -f '{{index .Config.Labels "aforro.recipe"}}' "$1" 2>/dev/null)" = "$(recipe "$2")" ]
}

# build shows what the engine says only when it fails: its own builder calls itself deprecated at every use.
build() { # IMAGE BASE CONTEXT [ARGUMENTS...]
  local log image=$1 base=$2 context=$3
  shift 3
  log=$(mktemp)
  if ! docker build -q --build-arg "BASE_IMAGE=$base" "$@" -t "$image" "$context" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

build_standin() { # IMAGE RECIPE [CONTEXT]
  if current "$1" "$2"; then return; fi
  say "building $1"
  build "$1" "$BASE" "${3:-deploy/images/$2}" --label "aforro.recipe=$(recipe "$2")"
}

build_elasticsearch() {
  if current "$LOCAL_ELASTICSEARCH" elasticsearch; then return; fi
  local context home
  home=$(go run ./deploy/images/elasticdir)
  context=$(mktemp -d /var/tmp/aforro-es.XXXXXX)
  # shellcheck disable=SC2064 # the value of now
  trap "rm -rf '$context'" RETURN
  cp deploy/images/elasticsearch/* "$context/"
  cp -r "$home" "$context/elasticsearch"
  build_standin "$LOCAL_ELASTICSEARCH" elasticsearch "$context"
}

write_env() { # POSTGRES REDIS ELASTICSEARCH
  mkdir -p bin
  printf 'AFORRO_TEST_POSTGRES_IMAGE=%s\nAFORRO_TEST_REDIS_IMAGE=%s\nAFORRO_TEST_ELASTICSEARCH_IMAGE=%s\n' "$@" >"$ENV_FILE"
  say "names are in $ENV_FILE (make targets read it):"
  sed 's/^/  export /' "$ENV_FILE"
}

service_images() {
  if official_available; then
    say "the official images are here"
    write_env "$OFFICIAL_POSTGRES" "$OFFICIAL_REDIS" "$OFFICIAL_ELASTICSEARCH"
    return
  fi
  say "the official images cannot be pulled: using local stand-ins"
  build_base
  build_standin "$LOCAL_POSTGRES" postgres
  build_standin "$LOCAL_REDIS" redis
  build_elasticsearch
  write_env "$LOCAL_POSTGRES" "$LOCAL_REDIS" "$LOCAL_ELASTICSEARCH"
}

# product_image packs bin/aforro (make build); the engine's layer cache makes an unchanged one free.
product_image() {
  say "building $PRODUCT"
  build "$PRODUCT" "${BASE_IMAGE:-scratch}" .
}

case ${1:-all} in
  services) service_images ;;
  product) product_image ;;
  all) service_images && product_image ;;
  *) say "usage: build.sh [all|services|product]" >&2; exit 2 ;;
esac
