#!/bin/sh
# Puts a root and an EFI file system into a raw disk with the partitions of FreeBSD's BASIC-CLOUDINIT images: boot, EFI,
# swap, config-drive, root last. usage: disk.sh DISK.raw ROOT.img ESP.img
# The ESP has at most 96 MiB; the partition for the boot loader begins at sector 2048, root is the fifth.
set -eu
disk=$1
root=$2
esp=$3
truncate -s "$((116 * 1048576 + $(stat -c %s "$root") + 1048576))" "$disk"
sfdisk -q "$disk" <<'EOP'
label: gpt
start=1MiB, size=512KiB, type=83BD6B9D-7F41-11DC-BE0B-001560B84F0F, name="bootfs"
start=2MiB, size=96MiB, type=U, name="efiesp"
start=98MiB, size=16MiB, type=S, name="swapfs"
start=114MiB, size=1MiB, type=516E7CB4-6ECF-11D6-8FF8-00022D09712B, name="config-drive"
start=116MiB, type=L, name="rootfs"
EOP
dd if="$esp" of="$disk" bs=1M seek=2 conv=notrunc,sparse status=none
dd if="$root" of="$disk" bs=1M seek=116 conv=notrunc,sparse status=none
