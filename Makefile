# One door: everything that people and CI run is a target here. `make help` lists them.

GO      ?= go
TOOL     = $(GO) tool -modfile=tools/go.mod
TESTSUM  = $(TOOL) gotestsum --format pkgname-and-test-fails
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# The image names that `make images` wrote, except those that the environment gives already.
IMAGES   = $(foreach i,$(shell cat bin/images.env 2>/dev/null),$(if $(filter undefined,$(origin $(firstword $(subst =, ,$i)))),$i))
# No reaper image is needed (the runner ends its containers), and all test traffic stays on loopback.
CONTAINERS = env TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 $(IMAGES)

# The version is ours to set; reading it from git fails in a clone that belongs to another user.
export GOFLAGS += -buildvcs=false
# Static everywhere, and one set of compiled packages for the binary, its tests and the tools.
export CGO_ENABLED := 0

.DEFAULT_GOAL := help
.PHONY: help run build test test-unit test-race compiler test-integration test-browser crash-points test-cluster lint generate bench bench-orders bench-index bench-search chaos chaos-short chaos-index chaos-index-short images images-services \
	docker-engine reset smoke compose-up compose-down compose-check ci

help: ## List every target
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: build ## Start everything on this machine with the demo catalogue (Ctrl-C stops it)
	@exec bin/aforro up

build: ## Build bin/aforro, one static binary
	@mkdir -p bin
	$(GO) build -ldflags '-s -w -X main.version=$(VERSION)' -o bin/aforro ./cmd/aforro

test: test-unit test-integration ## Run all tests, on real services

test-unit: ## Run the tests that need no services
	$(TESTSUM) -- ./...

test-race: ## Run the tests that need no services under the race detector (make compiler installs what it wants)
	CGO_ENABLED=1 $(TESTSUM) -- -race ./...

compiler: ## Install a C compiler (as root, on Debian) where there is none: the race detector wants one
	@command -v "$$($(GO) env CC)" >/dev/null || { apt-get update -q && apt-get install -q -y --no-install-recommends gcc libc6-dev; }

test-integration: ## Run all tests with services: those given, else containers, else native (SERVICES=env|containers|native insists, RACE=yes detects races, PACKAGES=... narrows)
	@$(MAKE) --no-print-directory images-wanted
	@$(MAKE) --no-print-directory run-integration

crash-points: ## Die at every step of an order, on services as above, and print for each what was left, the time to heal and the verdict
	@$(MAKE) --no-print-directory images-wanted
	@$(MAKE) --no-print-directory run-crash-points

test-cluster: ## Kill each of three Elasticsearch nodes in turn under load (7 minutes)
	$(WITH_SERVICES) $(GO) test -tags integration,cluster -timeout 20m -count 1 -v -run '^TestACluster' ./indexer

.PHONY: images-wanted run-integration run-crash-points run-browser
images-wanted:
	@if [ -z "$(SERVICES)$$AFORRO_TEST_SERVICES$$AFORRO_TEST_POSTGRES_URL" ] && docker info >/dev/null 2>&1; then $(MAKE) --no-print-directory images-services; fi

# Makes of their own, as they read the image names that images-wanted may have written.
WITH_SERVICES = $(CONTAINERS) $(if $(SERVICES),AFORRO_TEST_SERVICES=$(SERVICES)) $(GO) run ./pkg/testkit/run --
run-integration:
	$(WITH_SERVICES) $(if $(RACE),env CGO_ENABLED=1) $(TESTSUM) -- $(if $(RACE),-race) -tags integration -timeout 20m -p 1 $(or $(PACKAGES),./...)
run-crash-points:
	$(WITH_SERVICES) $(GO) test -tags integration -timeout 10m -count 1 -parallel 4 -v -run '^TestCrashPoints$$' ./cmd/aforro
run-browser:
	$(WITH_SERVICES) $(GO) test -tags integration,browser -timeout 15m -count 1 -v -run '^TestStorefront' ./cmd/aforro $(if $(UPDATE),-args -update)

test-browser: ## Try the storefront in a headless Chromium, on services as above (UPDATE=yes writes the pictures in docs/images)
	@deploy/browser.sh
	@$(MAKE) --no-print-directory images-wanted
	@$(MAKE) --no-print-directory run-browser

lint: ## Check formatting, go vet, staticcheck and that generated code is up to date
	@files=$$(find . -name '*.go' -not -path './.*' -not -path './bin/*' -exec gofmt -l {} +); [ -z "$$files" ] || { echo "not formatted (gofmt -w):"; echo "$$files"; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags integration ./...
	$(GO) vet -tags crashpoints ./pkg/crash
	$(GO) vet -tags integration,cluster ./indexer
	$(GO) vet -tags integration,browser ./cmd/aforro
	$(TOOL) staticcheck -tags integration ./...
	@$(TOOL) sqlc diff || { echo "generated SQL code is not up to date: make generate"; exit 1; }
	@$(GO) run ./cmd/aforro config --markdown | diff -u docs/configuration.md - || { echo "docs/configuration.md is not up to date: make generate"; exit 1; }

generate: ## Write generated code anew (SQL to Go, documentation tables)
	$(TOOL) sqlc generate
	$(GO) generate ./...
	$(GO) run ./cmd/aforro config --markdown > docs/configuration.md
	$(GO) test ./api -run TestTheCopyOfTheDocumentIsCurrent -update

bench: build ## Measure every bar and print it beside its reference
	$(GO) run ./cmd/bench

bench-orders: build ## Measure orders a second against pgbench with the same writes (BENCH="-rounds 1 -length 3s" for a try)
	$(GO) run ./cmd/bench $(BENCH) orders-uniform orders-hot orders-latency orders-indexer

bench-search: build ## Measure searches and suggestions, uncached and cached, and those of a million products (30 minutes; BENCH="search-cached" for one)
	$(GO) run ./cmd/bench $(or $(BENCH),search suggest search-cached search-million)

bench-index: build ## Measure freshness under load, stock changes, the full build and the verification of a million (40 minutes; BENCH="index-fresh" for one)
	$(GO) run ./cmd/bench $(or $(BENCH),index-fresh index-positions index-stock index-stock-goal build index-million)

chaos: build ## Kill, empty and cut off everything while orders are placed, then check each order (3 minutes; SEED=n repeats, DURATION=30s)
	$(GO) build -o bin/chaos ./cmd/chaos
	@exec bin/chaos $(if $(SEED),-seed $(SEED)) $(if $(DURATION),-duration $(DURATION))

chaos-short: ## The same for 30 s, as in CI
	@$(MAKE) --no-print-directory chaos DURATION=30s

chaos-index: build ## Break everything that the index hangs on while products change, and see each heal by itself (8 minutes; SEED=n repeats, DURATION=3m, FAULT=slot for one)
	$(GO) build -o bin/chaosindex ./cmd/chaosindex
	@exec bin/chaosindex $(if $(SEED),-seed $(SEED)) $(if $(DURATION),-duration $(DURATION)) $(if $(FAULT),-fault '$(FAULT)')

chaos-index-short: ## The same, each fault once
	@$(MAKE) --no-print-directory chaos-index DURATION=1s

images: build docker-engine ## Build the product's image, and stand-ins for service images that cannot be pulled
	@deploy/images/build.sh all

images-services: ## Pull the service images, or build stand-ins where no registry answers
	@deploy/images/build.sh services

docker-engine: ## Install (as root, on Debian) and start a Docker engine where none answers
	@deploy/docker-engine.sh

reset: build ## Return to nothing: stop what runs and delete its data
	@bin/aforro reset

smoke: build ## Start natively from empty data, search, order, sell out, stop, start again
	$(GO) run ./cmd/smoke -binary bin/aforro

compose-up: images ## Start docker-compose.yml, Kibana included where its image can be had
	@env $(IMAGES) deploy/compose.sh up

compose-down: ## Stop docker-compose.yml; its volumes stay
	@deploy/compose.sh down

compose-check: images ## Check docker-compose.yml and run all of it but Kibana
	@env $(IMAGES) deploy/compose.sh check

ci: ## Run what CI runs
	@.ci/run
