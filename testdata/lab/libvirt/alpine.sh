#!/bin/sh
# Makes the stand-in of Alpine's cloud image for BIOS and UEFI: the lab's engine with the partitions, the boot loader
# and the programs that a Vagrant box of Alpine's image stands on.
# usage: alpine.sh OUTPUT.qcow2 WORKDIR ENGINE.qcow2
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$2
engine=$3
rm -rf "$work"
mkdir -p "$work"

# The lab's image: an ESP at 1 MiB with kernel and initrd in one EFI file, the root at 42 MiB.
qemu-img convert -O raw "$engine" "$work/lab.raw"
dd if="$work/lab.raw" of="$work/esp.img" bs=1M skip=1 count=40 status=none
mcopy -i "$work/esp.img" ::/EFI/BOOT/BOOTX64.EFI "$work/kernel.efi"
objcopy -O binary --only-section=.linux "$work/kernel.efi" "$work/vmlinuz-virt"
objcopy -O binary --only-section=.initrd "$work/kernel.efi" "$work/initramfs-virt"
size=$(sfdisk --json "$work/lab.raw" | sed -n 's/.*"start": *86016, *"size": *\([0-9]*\).*/\1/p')
[ -n "$size" ] || size=$(sfdisk -d "$work/lab.raw" | sed -n 's/.*start= *86016, size= *\([0-9]*\),.*/\1/p')
dd if="$work/lab.raw" of="$work/root.img" bs=512 skip=86016 count="$size" conv=sparse status=none
rm "$work/lab.raw"

# doas is Debian's, which knows no folder of rules: its one file is a link to what fbdock writes into Alpine's.
mkdir "$work/packages"
(cd "$work/packages" && apt-get -qq download opendoas)
dpkg-deb -x "$work"/packages/opendoas_*.deb "$work/doas"
rm -rf "$work/doas/usr/share"
ln -s doas.d/vagrant.conf "$work/doas/etc/doas.conf"
echo vfat >"$work/modules"
{
  echo "mkdir /boot/grub"
  for file in vmlinuz-virt initramfs-virt; do echo "write $work/$file /boot/$file"; done
  echo "write $here/alpine/grub.cfg /boot/grub/grub.cfg"
  # Mounting without a type finds file systems that are loaded, as the lab's loads that of a CD.
  echo "rm /etc/modules"
  echo "write $work/modules /etc/modules"
  echo "rm /usr/sbin/adduser"
  echo "write $here/alpine/adduser /usr/sbin/adduser"
  echo "sif /usr/sbin/adduser mode 0100755"
  echo "mkdir /etc/udhcpc"
  echo "write $here/alpine/default.script /etc/udhcpc/default.script"
  echo "sif /etc/udhcpc/default.script mode 0100755"
  echo "symlink /usr/sbin/udhcpc /bin/busybox"
  echo "mkdir /usr/lab/apk/doas"
  (cd "$work/doas" && find . -mindepth 1 -type d -printf 'mkdir /usr/lab/apk/doas/%P\n' -o -type l -printf "symlink /usr/lab/apk/doas/%P %l\n" \
    -o -printf "write $work/doas/%P /usr/lab/apk/doas/%P\n")
  echo "sif /usr/lab/apk/doas/usr/bin/doas mode 0104755"
} >"$work/commands"
debugfs -w -f "$work/commands" "$work/root.img" >"$work/debugfs.log" 2>&1
! grep -v '^debugfs' "$work/debugfs.log" | grep -v '^Allocated inode' | grep . >&2 || {
  echo "alpine.sh: debugfs has failed" >&2
  exit 1
}
e2fsck -fy "$work/root.img" >/dev/null || [ $? -le 1 ]

# Partitions in Alpine's order: the last number is the first on the disk.
truncate -s "$((size * 512 + 3 * 1048576))" "$work/disk.raw"
sfdisk -q "$work/disk.raw" <<'EOT'
label: gpt
4: start=2048, size=1024, type=21686148-6449-6E6F-744E-656564454649, name="BIOS"
1: start=3072, size=1024, type=U, name="EFI"
2: start=4096, type=L, name="/"
EOT
truncate -s 512K "$work/efi.img"
mkfs.vfat -n EFI "$work/efi.img" >/dev/null
dd if="$work/efi.img" of="$work/disk.raw" bs=512 seek=3072 conv=notrunc status=none
dd if="$work/root.img" of="$work/disk.raw" bs=512 seek=4096 conv=notrunc,sparse status=none
"$here/biosboot.sh" "$work/disk.raw" 2048 2 "$work"
qemu-img convert -c -O qcow2 "$work/disk.raw" "$out.part"
mv "$out.part" "$out"
rm -rf "$work"
