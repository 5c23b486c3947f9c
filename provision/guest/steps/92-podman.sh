#!/bin/sh
# fbdock step podman: containers of FreeBSD itself, where fbdock.hcl asks for
# them: a dataset for images, fdescfs, and the service whose socket speaks
# Docker's API. The package and pf's rules are those of other steps.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../block.sh
. "$libexec/block.sh"
# shellcheck source=../undo.sh
. "$libexec/undo.sh"
# shellcheck source=../podman.sh
. "$libexec/podman.sh"
begin podman

if ! podman_wanted; then
  podman_off
  finish "$([ -n "$changed" ] && echo 'switched off; its images stay' || echo 'not asked for')"
fi
put_fact podman yes

# The driver zfs, the default of FreeBSD's storage.conf, finds the dataset by its
# mount point.
data=$(podman_data)
if podman_ours; then
  mounted=$(zfs get -H -o value mounted "$data") || fail "zfs get mounted $data: status $?"
  [ "$mounted" = yes ] || change zfs mount "$data"
elif [ -d "$podman_root/storage" ]; then
  data="$podman_root, as it was"
else
  [ -d "$podman_root" ] || remember folder "$podman_root"
  change zfs create -o "mountpoint=$podman_root" "$data"
fi

if ! awk '$2 == "/dev/fd" && $3 == "fdescfs" { f = 1 } END { exit !f }' /etc/fstab 2>/dev/null; then
  [ -e /etc/fstab ] || remember file /etc/fstab
  put_block /etc/fstab 'fdescfs /dev/fd fdescfs rw 0 0'
  take_block || true
fi
if ! fdescfs_on; then
  remember mount /dev/fd
  change mount -t fdescfs fdesc /dev/fd
fi

names=$(podman_names)
if [ -n "$names" ]; then
  [ -e /etc/hosts ] || remember file /etc/hosts
  put_block /etc/hosts "$names"
  take_block || true
else
  unblock /etc/hosts || true
fi

# podman starts containers with a restart policy after a boot, podman_service
# is the API.
rc_conf podman_enable YES
rc_conf podman_service_enable YES
if ! podman_runs; then
  remember service podman_service
  # Its script gives up on the socket after 5 seconds.
  attempt service podman_service onestart || note "podman_service: $(words)"
  changed=1
  await 60 podman_runs || fail "podman_service does not run, or $podman_socket is missing: $(words)" \
    'see /var/log/podman.log in the guest, and try there: podman info'
fi

finish "$(podman --version | awk '{ print $3 }'), images in $data"
