# Every target with a ## comment appears in `make help`, which is also what plain `make` shows.

GO       ?= go
TOOL     := $(GO) tool -modfile=tools/go.mod
ARGS     ?=

.DEFAULT_GOAL := help
.PHONY: help dev build test lint fmt gen record bench screenshots postgres chromium clean

help: ## Show this help
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

dev: ## Run everything in one process: engine, API, demo data (ARGS='--http 127.0.0.1:9090')
	$(GO) run ./cmd/refunddesk-dev $(ARGS)

build: ## Build bin/refunddesk, bin/refunddesk-dev and bin/refunddesk-bench
	$(GO) build -o bin/ ./cmd/...

test: postgres chromium ## Run all tests (PostgreSQL and Chromium are installed if there are none)
	@GO='$(GO)' scripts/test.sh $(ARGS)

lint: ## Check formatting, vet, golangci-lint and the workflows' determinism
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run make fmt for:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(TOOL) golangci-lint run
	$(TOOL) workflowcheck ./workflows/...

fmt: ## Format all Go files
	gofmt -w .

gen: ## Regenerate server and client from api/openapi.yaml, and the pages from their templates
	$(GO) generate ./api/...
	$(TOOL) templ generate -path internal/console

record: ## Record new workflow histories into workflows/testdata/history (old ones stay as they are)
	$(GO) run ./internal/devstack/record $(ARGS)

bench: postgres ## Measure refunds/s and latency beside the engine's own limits, rules, pages, and screening and queue at 1,000,000
	$(GO) run ./cmd/refunddesk-bench $(ARGS)
	$(GO) test ./internal/policy -run '^$$' -bench .
	$(GO) test ./internal/app -run '^$$' -bench Pages -benchtime 500x
	$(GO) test ./internal/store/postgres -run '^$$' -bench Million -benchtime 3000x -timeout 30m

screenshots: chromium ## Take the pictures in docs/screenshots anew, of the demo data
	$(GO) run ./internal/e2e/screenshots $(ARGS)

postgres: ## Install Debian's PostgreSQL for the tests unless there is one (or REFUNDDESK_TEST_POSTGRES is set)
	@scripts/install-postgres.sh

chromium: ## Install Debian's Chromium for the tests of the pages unless there is one (or REFUNDDESK_CHROMIUM is set)
	@scripts/install-chromium.sh

clean: ## Remove what was built; the data folder stays
	rm -rf bin
