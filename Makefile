# `make help` lists the targets. GNU make, git and a Go toolchain are all that `build` and `run` ask for;
# `test` installs what its real servers need, `lint` builds its tools from tools/go.mod into bin/.

.DEFAULT_GOAL := help
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c

# The shipped binary is pure Go, so tests and linters see the code without cgo too; only the race detector needs it.
export CGO_ENABLED := 0
# The version comes from git describe; a checkout that git refuses to read (of another owner) must build as well.
export GOFLAGS := $(strip $(GOFLAGS) -buildvcs=false)

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
RACED := ^i80\.dk/sighej/(actors|bench|cluster|mobile|persistence|server|transport)(/|$$)
GOTEST := go test -timeout 10m
PKG ?= ./...
# The app in the browser: without HTTP/2 (there the browser does that) and without inlining it is 14 % smaller.
WEBAPP := transport/webapp/dist

.PHONY: help
help: ## list the targets
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/\1\t\2/p' Makefile | expand -t 16

.PHONY: run
run: build ## build and start one member; needs no server beside it
	@exec bin/sighej serve

.PHONY: cluster
cluster: build servers ## build and start Redis, PostgreSQL and three members; Ctrl-C stops all
	@go build -o bin/cluster ./internal/testcluster/cluster
	@exec bin/cluster bin/sighej

.PHONY: demo
demo: app ## build and start one member with the app in it: two browser tabs are two phones
	go build -trimpath -tags demo -ldflags '-X main.version=$(VERSION)' -o bin/sighej-demo ./cmd/sighej
	@echo 'Open http://127.0.0.1:8000/app/ in two windows beside each other.'
	@exec bin/sighej-demo serve --listen-addr 127.0.0.1:8000

.PHONY: app
app: ## build the reference app for the browser, to be built into a binary by the tag demo
	@rm -rf $(WEBAPP) && mkdir -p $(WEBAPP)
	GOOS=js GOARCH=wasm go -C mobile/app build -trimpath -tags nethttpomithttp2 -gcflags=all=-l -ldflags '-s -w' \
		-o $(CURDIR)/$(WEBAPP)/app.wasm ./cmd/sighej-app
	@gzip -9n $(WEBAPP)/app.wasm
	@cp mobile/app/web/* "$$(go env GOROOT)/lib/wasm/wasm_exec.js" $(WEBAPP)

.PHONY: build
build: ## build bin/sighej
	go build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/sighej ./cmd/sighej

.PHONY: test
test: servers ## vet and test against real servers; the concurrent packages under the race detector
	go vet ./...
	go list ./... | grep -vE '$(RACED)' | xargs $(GOTEST)
	go list ./... | grep -E '$(RACED)' | CGO_ENABLED=1 xargs $(GOTEST) -race
	go -C deploy/check vet .
	go -C deploy/check test -timeout 10m .
	@$(MAKE) --no-print-directory test-app

.PHONY: dist
dist: bin/cyclonedx-gomod ## build a release into dist/: binaries, checksums, what they are made of (VERSION=, TARGETS=os/arch)
	@VERSION=$(VERSION) scripts/dist dist

.PHONY: check-dist
check-dist: bin/cyclonedx-gomod ## build a release twice, in two directories, and compare (TARGETS=os/arch; default: this machine's)
	@VERSION=$(VERSION) scripts/check-dist

.PHONY: test-app
test-app: servers app ## vet and test the reference app, in a real browser too; builds it for Linux
	go -C mobile/app vet ./model ./ui ./outline ./uitest ./air ./live ./demo
	go -C mobile/app test -timeout 10m ./model ./ui ./outline ./air ./live ./demo
	CGO_ENABLED=1 go -C mobile/app build -o $(CURDIR)/bin/sighej-app ./cmd/sighej-app

.PHONY: pictures
pictures: servers app ## draw the app's screens and the operators' page into docs/pictures anew
	cd mobile/app && CGO_ENABLED=1 EGL_PLATFORM=surfaceless go run ./pictures $(CURDIR)/docs/pictures
	go -C mobile/app test -count 1 -timeout 10m ./demo -pictures $(CURDIR)/docs/pictures
	go test -count 1 -timeout 10m ./admin -run 'Page' -pictures $(CURDIR)/docs/pictures

.PHONY: race
race: servers ## test under the race detector (PKG=./...)
	CGO_ENABLED=1 $(GOTEST) -race $(PKG)

.PHONY: test-faults
test-faults: servers ## run the full fault matrix of a cluster (ROW=regexp); takes half an hour
	go test -timeout 90m -count 1 -v -parallel 2 -run '$(ROW)' ./internal/testcluster/faults -full

.PHONY: fuzz
fuzz: servers ## run every fuzz target for a while (PKG=./..., FUZZTIME=20s)
	scripts/fuzz $(PKG)

.PHONY: bench
bench: servers ## run the benchmarks beside the code (PKG=./..., BENCH=regexp)
	go test -timeout 60m -run '^$$' -bench '$(or $(BENCH),.)' -benchmem $(PKG)

.PHONY: lint
lint: servers bin/golangci-lint bin/gofumpt ## check style, imports, formatting and that the module files are tidy
	bin/golangci-lint run
	@unformatted=$$(bin/gofumpt -l .) && [ -z "$$unformatted" ] || \
		{ printf 'not formatted (see make fmt):\n%s\n' "$$unformatted"; exit 1; }
	cd mobile/app && CGO_ENABLED=1 $(CURDIR)/bin/golangci-lint run
	go mod tidy -diff
	go -C mobile/app mod tidy -diff
	go -C tools mod tidy -diff
	cd deploy/check && $(CURDIR)/bin/golangci-lint run
	go -C deploy/check mod tidy -diff
	go -C mobile/bind mod tidy -diff

.PHONY: fmt
fmt: bin/gofumpt ## format the Go code
	bin/gofumpt -w .

.PHONY: generate
generate: bin/protoc-gen-go ## make the code of the protobuf messages anew; asks for protoc (Debian: protobuf-compiler)
	PATH=$(CURDIR)/bin:$$PATH protoc --go_out=. --go_opt=module=i80.dk/sighej actors/actorpb/actors.proto

.PHONY: clean
clean: ## remove what was built; keeps data/
	rm -rf bin dist cover.out

# Internal: no help text, so not listed.
.PHONY: servers
servers:
	@scripts/install-test-servers

bin/golangci-lint bin/gofumpt bin/protoc-gen-go bin/cyclonedx-gomod: tools/go.mod tools/go.sum
	go -C tools build -o ../$@ $(filter %/$(@F),$(shell go -C tools tool))
	@touch $@
