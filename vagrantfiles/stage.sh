#!/bin/sh
# A fresh folder that only this user can read: keys are copied into it, and
# scp would make them readable for all.
set -eu
umask 077
rm -rf /tmp/fbdock-guest /tmp/fbdock-image.qcow2
mkdir /tmp/fbdock-guest
