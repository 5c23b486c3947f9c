#!/bin/sh
# Builds Docker 29 for the lab's engine from its Go modules: dockerd, containerd, runc and the CLI.
# usage: docker29.sh FOLDER
# runc alone needs a C compiler and libseccomp; `lab deps` installs them for ENGINE=29.
set -eu
out=$1
moby=v2.0.0-beta.24 # Docker 29's own module
containerd=v2.4.2
runc=v1.4.0
mkdir -p "$out"
export GOBIN="$out" GOFLAGS="-trimpath -buildvcs=false" CGO_ENABLED=0
# Without a version dockerd says "library-import".
go install -ldflags "-s -w -X github.com/moby/moby/v2/dockerversion.Version=29.0.0-$moby" "github.com/moby/moby/v2/cmd/dockerd@$moby"
go install -ldflags '-s -w' "github.com/moby/moby/v2/cmd/docker-proxy@$moby"
go install -ldflags '-s -w' "github.com/containerd/containerd/v2/cmd/containerd@$containerd"
go install -ldflags '-s -w' "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2@$containerd"
CGO_ENABLED=1 go install -tags seccomp -ldflags '-s -w' "github.com/opencontainers/runc@$runc"
# The CLI has no go.mod of its own: the module of the table of flags names its dependencies, and the language is told.
cd "$(dirname "$0")/../../../internal/dockerflags/gen"
version=$(go list -m -f '{{.Version}}' github.com/docker/cli)
version=${version#v}
go build -gcflags='github.com/docker/cli/...=-lang=go1.26' -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=${version%+incompatible}" -o "$out/docker" github.com/docker/cli/cmd/docker
