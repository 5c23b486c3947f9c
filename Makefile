# fbdock's tasks. `make demo` shows the main job, `make test` runs the tests;
# both need only Go, git and make on a Debian machine and install the rest.

GO        ?= go
BIN       := bin/fbdock
LAB       := testdata/lab/lab
LIBVIRT   := testdata/lab/libvirt/libvirt
# The age of Docker in the lab's engine: 20.10 or 29.
FBDOCK_LAB_ENGINE ?= $(or $(ENGINE),20.10)
export FBDOCK_LAB_ENGINE
TOOLS     := $(CURDIR)/.cache/bin
GOLANGCI  := $(TOOLS)/golangci-lint-v2.15.0
GOVULN    := $(TOOLS)/govulncheck-v1.9.0
GOTESTSUM := $(TOOLS)/gotestsum-v1.13.0
DEADCODE  := $(TOOLS)/deadcode-v0.51.0
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64 freebsd/amd64 freebsd/arm64
FUZZTIME  ?= 30s
# Without the names of folders what is compiled once serves every checkout, and build and vet alike.
export GOFLAGS := $(strip $(GOFLAGS) -trimpath)
# The last fbdock that kept its private files in the project; TestUpgrade takes a machine of it over.
FORMER_COMMIT := 92a7756
FORMER        := $(CURDIR)/.cache/former/fbdock
# Which end-to-end tests run. All of them take about eight hours on two cores without KVM: TestReal and TestPowerLoss more than an hour each.
RUN       ?= .
E2E_TIMEOUT ?= 12h
# Every tracked script, by its first line.
SHELLS     = $(shell git grep -lE '^\#!/bin/sh' -- ':!*.go' ':!*.golden' ':!*.md' ':!*.txtar' ':!vagrantfiles/testdata' ':!testdata/hosts')

.PHONY: help build test lint e2e box-e2e libvirt-e2e clients-e2e real catalogue catalogue-check docker-flags docker-flags-latest docker-flags-test demo bench cross wine lab sibling fuzz cover vuln tools clean site

build: ## bin/fbdock for this machine
	CGO_ENABLED=0 $(GO) build -tags urfave_cli_no_docs -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/fbdock

test: $(GOTESTSUM) ## unit and command-line tests, without a VM; installs the programs that they ask (apt)
	.ci/testdeps
	$(GO) vet ./...
	$(GOTESTSUM) --format pkgname --format-icons text --jsonfile .cache/test.json -- $(if $(CI),-count=1) -timeout 60m ./...
	@sed -n 's/.*"Output":" *[a-z_]*_test.go:[0-9]*: \([0-9]* points tried.*\)\\n".*/fault injection: \1/p' .cache/test.json

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

lint: tools $(DEADCODE) ## golangci-lint, shellcheck, shfmt, deadcode; govulncheck where its database can be reached
	$(GOLANGCI) run ./...
	shellcheck -x -P SCRIPTDIR $(SHELLS)
	shfmt -d -i 2 -ci $(SHELLS)
	.ci/deadcode $(DEADCODE)
	$(MAKE) --no-print-directory site vuln

site: ## docs, README and the other pages as HTML in .cache/site; their links are checked
	@command -v hugo >/dev/null || .ci/apt hugo
	docs/site/build .cache/site

docs/overview.svg: docs/overview.txt
	@command -v hugo >/dev/null || .ci/apt hugo
	docs/site/build picture

vuln: $(GOVULN) ## known vulnerabilities; GOVULNDB names a copy of the database
	.ci/vuln $(GOVULN)

catalogue: ## boxes/catalogue.json, as FreeBSD and Alpine publish it today; needs the network
	$(GO) run ./cmd/catalogue

catalogue-check: ## entries of the catalogue that have no support any more today, for a scheduled job
	FBDOCK_CATALOGUE_DAY=$$(date -u +%F) $(GO) test -count=1 -run '^TestSupported$$' ./boxes

# No file is for one architecture alone, so that vet looks at one of each system.
cross: ## every system and architecture that fbdock is built for
	@set -e; export CGO_ENABLED=0; for p in $(PLATFORMS); do \
	  echo "cross $$p"; \
	  GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -o /dev/null ./cmd/fbdock; \
	  case $$p in */amd64) GOOS=$${p%/*} GOARCH=amd64 $(GO) vet ./... ;; esac; \
	done

wine: ## tests of Windows programs under Wine; installs it (apt)
	.ci/wine

lab: ## installs what the lab needs (apt), builds and starts it
	$(LAB) deps
	$(LAB) build
	$(LAB) start

sibling: lab ## the lab, and the disk of an engine beside FreeBSD
	$(LAB) sibling

# These suites run with the engine in both places, and want the disk of one
# beside FreeBSD, which takes minutes to make.
BOTH_PLACES = Mount Chaos Conformance ByAgent
LAB_OF_RUN = $(if $(or $(filter .,$(RUN)),$(strip $(foreach suite,$(BOTH_PLACES),$(findstring $(suite),$(RUN))))),sibling,lab)

e2e: build $(LAB_OF_RUN) ## the whole path against the lab: Vagrant, sshd, QEMU, dockerd
	@[ -x $(FORMER) ] || ! git cat-file -e $(FORMER_COMMIT) 2>/dev/null || { \
	  src=$$(mktemp -d) && git archive $(FORMER_COMMIT) | tar -x -C "$$src" && mkdir -p $(dir $(FORMER)) && \
	  (cd "$$src" && CGO_ENABLED=0 $(GO) build -buildvcs=false -o $(FORMER) ./cmd/fbdock) && rm -rf "$$src"; }
	eval "$$($(LAB) env)"; FBDOCK=$(CURDIR)/$(BIN) FBDOCK_FORMER=$$(ls $(FORMER) 2>/dev/null) \
	  $(GO) test -tags e2e -count=1 -timeout $(E2E_TIMEOUT) -v -run '$(RUN)' ./internal/e2e

box-e2e: ## a box made of a stand-in cloud image, added by the real Vagrant and booted under QEMU
	@for t in vagrant mmdebstrap mcopy mkfs.vfat sfdisk objcopy xz qemu-img qemu-system-x86_64; do \
	  PATH=$$PATH:/usr/sbin command -v $$t >/dev/null && [ -e /usr/share/ovmf/OVMF.fd ] || \
	  { .ci/apt vagrant mmdebstrap mtools dosfstools fdisk binutils xz-utils qemu-system-x86 qemu-utils ovmf; break; }; done
	[ -s .cache/box/standin.raw.xz ] || testdata/box/build.sh $(CURDIR)/.cache/box/standin.raw.xz $(CURDIR)/.cache/box/work $(CURDIR)/.cache/box/base.tar
	FBDOCK_BOX_STANDIN=$(CURDIR)/.cache/box/standin.raw.xz $(GO) test -tags e2e -count=1 -timeout 50m -v -run TestBoxBoots ./internal/images

libvirt-e2e: build ## FreeBSD and an engine beside it as two real VMs of Debian's vagrant-libvirt, libvirtd and QEMU without KVM
	$(LAB) deps
	$(LAB) build
	$(LIBVIRT) deps
	$(LIBVIRT) build
	$(LIBVIRT) start
	eval "$$($(LAB) env)"; unset DOCKER_HOST; eval "$$($(LIBVIRT) env)"; FBDOCK=$(CURDIR)/$(BIN) \
	  $(GO) test -tags e2e -count=1 -timeout 90m -v -run TestLibvirtSibling ./internal/e2e

clients-e2e: build sibling ## Compose, Testcontainers and the classic builder, built here, through the machine's socket and podman's; docker's and compose's command lines beside plain docker
	cd testdata/clients && $(GO) build -o $(CURDIR)/.cache/clients/ ./testcontainers
	cd testdata/clients && $(GO) build -o $(CURDIR)/.cache/clients/docker-compose github.com/docker/compose/v2/cmd
	eval "$$($(LAB) env)"; FBDOCK=$(CURDIR)/$(BIN) FBDOCK_CLIENTS=$(CURDIR)/.cache/clients \
	  $(GO) test -tags e2e -count=1 -timeout 160m -v -run 'TestClients|TestConformance|TestPodman' ./internal/e2e

docker-flags: ## the table of docker's, compose's and buildx's flags, from their Go modules; a new flag has to get a kind in gen/rules.go
	cd internal/dockerflags/gen && $(GO) run . >$(CURDIR)/.cache/docker-flags.txt
	mv .cache/docker-flags.txt internal/dockerflags/table.txt

docker-flags-latest: ## the same, of the newest versions
	cd internal/dockerflags/gen && $(GO) get github.com/docker/cli@latest github.com/docker/compose/v5@latest github.com/docker/buildx@latest && $(GO) mod tidy
	$(MAKE) --no-print-directory docker-flags

docker-flags-test: ## fails where that table is out of date
	cd internal/dockerflags/gen && $(GO) test -count=1 ./... # a table that has changed is outside of the module, and not seen

real: build ## judge a FreeBSD computer: HOST=ssh://USER@ADDRESS, or a new machine: MACHINE='provider = "libvirt"' [REBOOT=1] [SLOW=20] [YES=1] [ARCH=arm64] [FLAGS=...]
	GOOS=linux GOARCH=$(or $(ARCH),amd64) CGO_ENABLED=0 $(GO) build -o .cache/acceptance-linux ./cmd/acceptance
	$(GO) run ./cmd/acceptance -fbdock $(BIN) -host '$(HOST)' -machine '$(MACHINE)' -helper .cache/acceptance-linux -slow $(or $(SLOW),1) \
	  $(if $(REBOOT),-reboot) $(if $(YES),-yes) -json .cache/real.json -markdown .cache/real.md $(FLAGS)

demo: build lab ## up, docker run, status, destroy
	eval "$$($(LAB) env)"; FBDOCK=$(CURDIR)/$(BIN) sh testdata/demo/demo.sh

bench: build lab ## the table of numbers, both sides in one run
	eval "$$($(LAB) env)"; FBDOCK=$(CURDIR)/$(BIN) $(GO) run ./testdata/bench

fuzz: ## every fuzz target for FUZZTIME
	.ci/fuzz $(FUZZTIME)

cover: ## coverage of the packages outside cmd
	$(GO) test -coverpkg=./... -coverprofile=coverage.out ./... >/dev/null
	$(GO) tool cover -func=coverage.out | tail -n 1

tools: $(GOLANGCI) ## the linters
	@command -v shellcheck >/dev/null && command -v shfmt >/dev/null || .ci/apt shellcheck shfmt

$(GOLANGCI):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	mv $(TOOLS)/golangci-lint $@

$(GOTESTSUM):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install gotest.tools/gotestsum@v1.13.0
	mv $(TOOLS)/gotestsum $@

$(GOVULN):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install golang.org/x/vuln/cmd/govulncheck@v1.9.0
	mv $(TOOLS)/govulncheck $@

$(DEADCODE):
	GOBIN=$(TOOLS) GOFLAGS= $(GO) install golang.org/x/tools/cmd/deadcode@v0.51.0
	mv $(TOOLS)/deadcode $@

clean: ## what was built
	rm -rf bin coverage.out coverage.html
