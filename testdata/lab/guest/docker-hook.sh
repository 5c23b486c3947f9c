#!/bin/sh
# Leaves the package with Debian's docker client, not installed, in /root of the tree $1.
set -eu
chroot "$1" sh -c "cd /root && apt-get -qq download docker.io"
