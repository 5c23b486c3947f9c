#!/bin/sh
# fbdock step image: the disk of the verified engine image on the root zvol.
# fbdock sends it as a stream of zstd; Vagrant without fbdock brings the image
# itself. The digest of the image that is on the zvol stands in a property of
# the zvol, written last, so that a copy that was cut short is made again. The
# data zvol is not touched.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
begin image
! beside || finish 'the engine has a disk of its own'

root=$(pool)/fbdock/vm/root
device=/dev/zvol/$root
images=$db/images
stream=$images/$FBDOCK_IMAGE_STREAM
image=$images/$FBDOCK_IMAGE_FILE
raw=$images/root.raw
wanted=$FBDOCK_IMAGE_SHA512
short=$(printf '%s' "$wanted" | cut -c 1-16)

# tidy removes what other images have left, and what was made on the way.
tidy() {
  for old in "$images"/*; do
    case $old in
      "$stream" | "$stream.sum" | "$image" | "$images/*") ;;
      *) change rm -f "$old" ;;
    esac
  done
}

if [ "$(zfs get -H -o value fbdock:image "$root")" = "$wanted" ]; then
  tidy
  finish "image $short"
fi

# damaged FILE HAVE EXPECTED ends the step, and removes what cannot be used.
damaged() {
  rm -f "$1" "$1.sum"
  fail "the engine image arrived damaged: its digest begins $(printf '%s' "$2" | cut -c 1-16), expected $(printf '%s' "$3" | cut -c 1-16)" \
    "run fbdock up again, which sends it anew"
}

# disk writes the disk to stdout. Its size is whole blocks of 1 MiB.
if [ -e "$stream" ]; then
  digest='' size=''
  [ ! -e "$stream.sum" ] || read -r digest size <"$stream.sum" || true
  have=$(sha256 -q "$stream") || fail "sha256 $stream: status $?"
  if [ "$have" != "$digest" ] || ! [ "${size:-0}" -gt 0 ]; then
    damaged "$stream" "$have" "${digest:-nothing}"
  fi
  disk() { zstd -d -c -q "$stream"; }
else
  [ -e "$image" ] || fail "the engine image is not in the guest: $stream" "run fbdock up, which sends it"
  have=$(sha512 -q "$image") || fail "sha512 $image: status $?"
  [ "$have" = "$wanted" ] || damaged "$image" "$have" "$wanted"
  hint="is the guest's disk full? df -h $db; the raw image needs a few GiB there"
  change qemu-img convert -f qcow2 -O raw "$image" "$raw"
  size=$((($(stat -f %z "$raw") + 1048575) / 1048576 * 1048576))
  change truncate -s "$size" "$raw"
  hint=
  disk() { cat "$raw"; }
fi
# "EFI PART" stands at the second sector.
magic=$(disk 2>/dev/null | head -c 520 | tail -c 8)
[ "$magic" = 'EFI PART' ] || fail "the engine image has no GPT: bhyve's UEFI firmware cannot boot it" \
  'choose an image that boots by UEFI, as alpine-3.24.2-x86_64-cloudinit or one whose name says uefi'

# The old root goes from under nobody.
if [ -e /usr/local/etc/rc.d/fbdock ] && attempt service fbdock onestatus; then
  change service fbdock onestop
fi

# A fresh zvol, so that nothing of an older and larger image stays behind;
# where snapshots hold the old one it is written over.
has_root() { zfs list -H -o name "$root" >/dev/null 2>&1; }
node() { [ -e "$device" ]; }
gone() { [ ! -e "$device" ]; }
keep=$FBDOCK_ROOT_DISK
[ "$size" -le "$keep" ] || keep=$size
if has_root; then
  change zfs inherit fbdock:image "$root"
  if attempt zfs destroy "$root"; then
    await 30 gone || fail "$device is still there after zfs destroy" "$(restart_hint)"
  else
    note "the old root zvol stays and is written over: $(words)"
  fi
fi
holes=
if ! has_root; then
  change zfs create -s -V "$keep" -o volblocksize=16k -o primarycache=metadata "$root"
  holes=conv=sparse
fi
# A zvol written before its node is there would make a plain file of it.
await 30 node || fail "$device did not appear within 30 s" "$(restart_hint)"
[ "$(zfs get -H -p -o value volsize "$root")" -ge "$size" ] || change zfs set "volsize=$keep" "$root"

# write_disk writes the disk in whole blocks, whatever the pipe brings (ibs and
# obs, not bs): that is what conv=sparse needs, and a disk wants. With conv=sparse it seeks
# over blocks of zeros, which on a fresh zvol are there already. Of a pipe only
# the last status counts: a file says that the first command has ended well.
write_disk() {
  rm -f "$run/whole"
  # shellcheck disable=SC2086 # none or one word
  { disk && : >"$run/whole"; } | dd "of=$device" ibs=128k obs=1m $holes && [ -e "$run/whole" ]
}
change write_disk
change zfs set "fbdock:image=$wanted" "$root"
tidy

finish "image $short written"
