#!/bin/sh
# fbdock step image: the verified engine image on the root zvol. The name of
# what is on it stands in a property of the zvol, written last, so that a
# copy that was cut short is made again. The data zvol is not touched.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
begin image

root=$(pool)/fbdock/vm/root
device=/dev/zvol/$root
image=$db/images/$FBDOCK_IMAGE_FILE
raw=$db/images/root.raw
wanted=$FBDOCK_IMAGE_SHA512
short=$(printf '%s' "$wanted" | cut -c 1-16)

if [ "$(zfs get -H -o value fbdock:image "$root")" = "$wanted" ]; then
  rm -f "$raw"
  for old in "$db"/images/*; do
    [ ! -e "$old" ] || [ "$old" = "$image" ] || change rm -f "$old"
  done
  finish "image $short"
fi

[ -e "$image" ] || fail "the engine image is not in the guest: $image" "run fbdock up, which sends it"
have=$(sha512 -q "$image")
if [ "$have" != "$wanted" ]; then
  rm -f "$image"
  fail "the engine image arrived damaged: its sha512 begins $(printf '%s' "$have" | cut -c 1-16), expected $short" "run fbdock up again, which sends it anew"
fi

# The old root goes from under nobody.
if [ -e /usr/local/etc/rc.d/fbdock ] && attempt service fbdock onestatus; then
  change service fbdock onestop
fi

hint="is the guest's disk full? df -h $db; the raw image needs a few GiB there"
change qemu-img convert -f qcow2 -O raw "$image" "$raw"
hint=
magic=$(dd "if=$raw" bs=512 skip=1 count=1 2>/dev/null | head -c 8)
[ "$magic" = 'EFI PART' ] || fail "the engine image has no GPT: bhyve's UEFI firmware cannot boot it" \
  'choose an image that boots by UEFI, as alpine-3.24.2-x86_64-cloudinit or one whose name says uefi'

# A fresh zvol, so that nothing of an older and larger image stays behind;
# where snapshots hold the old one it is written over.
has_root() { zfs list -H -o name "$root" >/dev/null 2>&1; }
node() { [ -e "$device" ]; }
gone() { [ ! -e "$device" ]; }
size=$(stat -f %z "$raw")
keep=$FBDOCK_ROOT_DISK
[ "$size" -le "$keep" ] || keep=$(((size / 1048576 + 1) * 1048576))
if has_root; then
  change zfs inherit fbdock:image "$root"
  if attempt zfs destroy "$root"; then
    await 30 gone || fail "$device is still there after zfs destroy" "$(restart_hint)"
  else
    note "the old root zvol stays and is written over: $(words)"
  fi
fi
has_root || change zfs create -s -V "$keep" -o volblocksize=16k -o primarycache=metadata "$root"
# A zvol written before its node is there would make a plain file of it.
await 30 node || fail "$device did not appear within 30 s" "$(restart_hint)"
[ "$(zfs get -H -p -o value volsize "$root")" -ge "$size" ] || change zfs set "volsize=$keep" "$root"

change dd "if=$raw" "of=$device" bs=1m
change zfs set "fbdock:image=$wanted" "$root"
rm -f "$raw"
for old in "$db"/images/*; do
  [ ! -e "$old" ] || [ "$old" = "$image" ] || change rm -f "$old"
done

finish "image $short written"
