# shellcheck shell=sh
# shellcheck disable=SC2154 # the values are set above, the functions that it calls come with setup.sh
# fbdock: the engine's mounts of FreeBSD's datasets, by 9P where the
# hypervisor has it, else by NFS.
#
# One program mounts them, one at a time: a 9P device has one channel, and who
# comes while another mount is under way, or was just given up, is told "no
# channels available for device". So fstab has them with noauto, OpenRC's
# localmount and netmount leave them alone, and 9P has time, as its device is
# always there. It comes before dockerd, whose containers would bind the empty
# folder below, and waits for NFS, which may come later, for a short time only.
#
# shares LINE writes fstab: the line of the data disk, and one for each share.
shares() {
  fstab=$1
  mounts=
  targets=
  # shellcheck disable=SC2086 # triples of words
  set -- $FBDOCK_SHARES
  while [ $# -ge 3 ]; do
    mkdir -p "$3"
    targets="$targets $3"
    if [ "$2" = 9p ] && [ "$FBDOCK_NINEP" = yes ]; then
      modprobe 9p
      modprobe 9pnet_virtio
      mounts="$mounts
once 120 $3"
      line="$1 $3 9p trans=virtio,version=9p2000.L,msize=262144,cache=mmap,access=client,noauto 0 0"
    else
      mounts="$mounts
once 20 $3"
      line="$FBDOCK_ENGINE_GATEWAY:/fbdock/$1 $3 nfs vers=3,tcp,nolock,retry=1,noauto 0 0"
    fi
    fstab="$fstab
$line"
    shift 3
  done
  block /etc/fstab "$fstab"
  block /etc/modules "fuse
9p
9pnet_virtio"
  modprobe fuse
  put /usr/local/sbin/fbdock-shares 0755 "#!/bin/sh
# Written by fbdock: mounts the shares that are not mounted.
exec 9>/run/fbdock-shares.lock
flock 9
status=0
# The table is asked and not the mount, which hangs when its server is gone.
mounted() { awk -v at=\"\$1\" '\$2 == at { f = 1 } END { exit !f }' /proc/mounts; }
once() { mounted \"\$2\" || timeout \"\$1\" mount \"\$2\" 9>&- || status=1; }$mounts
exit \$status
" || true
  put /etc/init.d/fbdock-shares 0755 "#!/sbin/openrc-run
# Written by fbdock.
description=\"Mounts FreeBSD's shares\"
depend() {
  need localmount
  use net
  after modules
  before docker
}
start() {
  ebegin 'Mounting shares'
  if /usr/local/sbin/fbdock-shares; then
    eend 0
    return 0
  fi
  # What FreeBSD exports later than this boot asks for it is mounted later.
  (
    n=0
    until [ \$n = 60 ] || /usr/local/sbin/fbdock-shares; do
      n=\$((n + 1))
      sleep 10
    done
  ) </dev/null >/dev/null 2>&1 &
  ewend 1 'Not all are there yet'
  return 0
}
# A mount whose server is gone would hold up the power-off, until it is forced.
stop() {
  ebegin 'Unmounting shares'
  for at in$targets; do
    awk -v at=\"\$at\" '\$2 == at { f = 1 } END { exit !f }' /proc/mounts || continue
    timeout 10 umount \"\$at\" || timeout 10 umount -f -l \"\$at\"
  done
  eend 0
}
" || true
  rc-update add fbdock-shares default
  /usr/local/sbin/fbdock-shares || say 'not all shares are mounted yet'
}
