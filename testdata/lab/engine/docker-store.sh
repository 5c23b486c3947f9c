#!/bin/sh
# Writes what dockerd keeps in its data root once it has loaded an image: there is no registry to pull from in the lab.
# usage: docker-store.sh IMAGE.tar OUTPUT.tar WORKDIR [FOLDER]
# FOLDER has the engine's own programs of Docker, in the place of this system's. From Docker 29 on images are
# in containerd's store, but a data root with overlay2 in it keeps that one: the store is written by the Docker that
# is to read it.
set -eu
image=$1
out=$2
work=$3
programs=${4:-}
run=$(mktemp -d)
mkdir -p "$work"
echo "{}" >"$run/none.json"
driver=overlay2 parts='image overlay2'
if [ -n "$programs" ]; then
  driver='' parts=containerd
fi
PATH=${programs:+$programs:}/usr/sbin:/usr/bin:$PATH
dockerd -H "unix://$run/docker.sock" --data-root "$work" --exec-root "$run/exec" -p "$run/docker.pid" --config-file "$run/none.json" \
  --bridge none --iptables=false --ip6tables=false ${driver:+--storage-driver "$driver"} &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$run"' EXIT
tries=0
until docker -H "unix://$run/docker.sock" load -i "$image"; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ]
  sleep 0.5
done
kill "$pid"
wait "$pid" || true
# Where the root is no shared mount, as in a chroot, dockerd mounts its data
# root onto itself and may leave it so.
while mountpoint -q "$work"; do umount "$work"; done
# shellcheck disable=SC2086 # a list of names
tar -C "$work" --numeric-owner -cf "$out" $parts
