#!/bin/sh
# Leaves the package of Debian's current generic kernel, unpacked by nobody, in /root of the tree $1.
set -eu
kernel=$(chroot "$1" apt-cache depends linux-image-amd64 | sed -n 's/.*Depends: //p')
chroot "$1" sh -c "cd /root && apt-get -qq download $kernel"
