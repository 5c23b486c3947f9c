#!/bin/sh
# Puts the engine's image in its place, if one came along, and runs the steps.
set -eu
# shellcheck source=/dev/null
. /tmp/fbdock-guest/fbdock.env
if [ -f /tmp/fbdock-image.qcow2 ]; then
  mkdir -p /var/db/fbdock/images
  mv -f /tmp/fbdock-image.qcow2 "/var/db/fbdock/images/$FBDOCK_IMAGE_FILE"
fi
status=0
sh /tmp/fbdock-guest/install.sh || status=$?
if [ "$status" = 10 ]; then
  echo 'FreeBSD wants one reboot before it goes on: vagrant reload --provision'
fi
exit "$status"
