#!/bin/sh
# Writes what dockerd keeps in its data root once it has loaded an image: there is no registry to pull from in the lab.
# usage: docker-store.sh IMAGE.tar OUTPUT.tar WORKDIR
set -eu
image=$1
out=$2
work=$3
run=$(mktemp -d)
mkdir -p "$work"
echo "{}" >"$run/none.json"
/usr/sbin/dockerd -H "unix://$run/docker.sock" --data-root "$work" --exec-root "$run/exec" -p "$run/docker.pid" --config-file "$run/none.json" \
  --bridge none --iptables=false --ip6tables=false --storage-driver overlay2 &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$run"' EXIT
tries=0
until /usr/bin/docker -H "unix://$run/docker.sock" load -i "$image"; do
  tries=$((tries + 1))
  [ "$tries" -lt 60 ]
  sleep 0.5
done
kill "$pid"
wait "$pid" || true
# Where the root is no shared mount, as in a chroot, dockerd mounts its data
# root onto itself and may leave it so.
while mountpoint -q "$work"; do umount "$work"; done
rm -rf "$work/runtimes" "$work/containerd" "$work/network" "$work/buildkit" "$work/tmp"
tar -C "$work" --numeric-owner -cf "$out" image overlay2
