#!/bin/sh
# Makes a disk image boot by BIOS with GRUB: its first stage goes into the MBR, the rest into the partition for it, as
# grub-install does it on a disk that is there. No device and no privilege is needed.
# usage: biosboot.sh DISK.raw SECTOR-OF-THE-PARTITION NUMBER-OF-THE-ROOT-PARTITION WORKDIR
set -eu
disk=$1
sector=$2
root=$3
work=$4
modules=/usr/lib/grub/i386-pc

# bytes VALUE COUNT prints a number, the low byte first.
bytes() {
  value=$1 count=$2
  while [ "$count" -gt 0 ]; do
    # shellcheck disable=SC2059 # the format is the byte
    printf "\\$(printf '%03o' $((value % 256)))"
    value=$((value / 256)) count=$((count - 1))
  done
}
at() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

grub-mkimage -O i386-pc -d "$modules" -p "(hd0,gpt$root)/boot/grub" -o "$work/core.img" biosdisk part_gpt ext2 linux serial normal configfile echo
sectors=$((($(stat -c %s "$work/core.img") + 511) / 512))
[ "$sectors" -le 1024 ] || {
  echo "biosboot.sh: GRUB has $sectors sectors, and the partition 1024" >&2
  exit 1
}
cp "$modules/boot.img" "$work/boot.img"
# boot.img: the sector of the next stage at 0x5c, and at 0x66 a jump that is for floppy disks (GRUB's boot.h).
bytes "$sector" 8 | at "$work/boot.img" 92
printf '\220\220' | at "$work/boot.img" 102
# core.img begins with a list of its own sectors, whose first entry ends its first sector (diskboot.h).
bytes "$((sector + 1))" 8 | at "$work/core.img" 500
bytes "$((sectors - 1))" 2 | at "$work/core.img" 508
dd if="$work/boot.img" of="$disk" bs=440 count=1 conv=notrunc status=none
dd if="$work/core.img" of="$disk" bs=512 seek="$sector" conv=notrunc status=none
