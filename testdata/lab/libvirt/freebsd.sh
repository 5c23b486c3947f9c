#!/bin/sh
# Makes the stand-in of FreeBSD's cloud image: the lab's guest, its stand-ins in /sbin, as a disk that boots by BIOS,
# with the partitions of BASIC-CLOUDINIT images. usage: freebsd.sh OUTPUT.raw.xz WORKDIR GUEST.tar ENGINE-BASE.tar
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$2
guest=$3
base=$4
root=$work/root
rm -rf "$work"
mkdir -p "$root" "$work/base" "$work/kernel" "$work/initrd/bin" "$work/initrd/lib"
# No VM runs in this one: QEMU stays out.
tar -C "$root" --exclude='./usr/lib/x86_64-linux-gnu/qemu' --exclude='./usr/share/qemu' --exclude='./usr/bin/lab-qemu-system-*' \
  --exclude='./usr/share/OVMF' --exclude='./usr/share/seabios' --exclude='./usr/bin/qemu-system-*' -xf "$guest"

# The kernel of the lab's engine, with the modules that this machine can use.
tar -C "$work/base" --wildcards -xf "$base" './root/linux-image-*.deb' './usr/bin/busybox'
dpkg-deb -x "$work"/base/root/linux-image-*.deb "$work/kernel"
version=$(find "$work/kernel/boot" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//')
modules=$work/kernel/usr/lib/modules/$version
[ -d "$modules" ] || modules=$work/kernel/lib/modules/$version
mkdir -p "$root/usr/lib/modules/$version/kernel/drivers/net" "$root/boot"
for dir in net fs lib crypto arch drivers/virtio drivers/block drivers/net/tun.ko drivers/net/virtio_net.ko drivers/net/net_failover.ko \
  drivers/char/hw_random drivers/input/evdev.ko drivers/acpi; do
  [ -e "$modules/kernel/$dir" ] || continue
  mkdir -p "$root/usr/lib/modules/$version/kernel/$(dirname "$dir")"
  cp -a "$modules/kernel/$dir" "$root/usr/lib/modules/$version/kernel/$dir"
done
cp "$modules"/modules.order "$modules"/modules.builtin* "$root/usr/lib/modules/$version/"
cp "$work/base/usr/bin/busybox" "$root/usr/lab/busybox"
depmod -b "$root/usr" "$version"
cp "$work/kernel/boot/vmlinuz-$version" "$root/boot/vmlinuz"

# initrd: that of the lab's engine, for a root file system of another name.
cp "$work/base/usr/bin/busybox" "$work/initrd/bin/busybox"
sed 's|LABEL=/|LABEL=rootfs|; s|/sbin/init|/usr/lab/vm-init|' "$here/../engine/initrd-init" >"$work/initrd/init"
chmod +x "$work/initrd/init"
for module in virtio_pci virtio_blk ext4 crc32c_generic; do
  modprobe -d "$root/usr/.." -S "$version" --show-depends "$module" | sed -n 's|^insmod \([^ ]*\).*|\1|p'
done | awk '!seen[$0]++' >"$work/order"
while read -r path; do
  cp "$path" "$work/initrd/lib/"
  basename "$path"
done <"$work/order" >"$work/initrd/lib/order"
(cd "$work/initrd" && find . | cpio --quiet -o -H newc -R 0:0) >"$root/boot/initrd.img"
mkdir -p "$root/boot/grub"
cp "$here/freebsd/grub.cfg" "$root/boot/grub/grub.cfg"

# As the original: no user yet, passwords allowed, and the first boot is still to come.
cp "$here/freebsd/vm-init" "$here/freebsd/dhcp" "$root/usr/lab/"
cp "$here/freebsd/nuageinit" "$root/etc/rc.d/nuageinit"
chmod 0755 "$root/usr/lab/vm-init" "$root/usr/lab/dhcp" "$root/etc/rc.d/nuageinit"
chown 0:0 "$root/etc/rc.d/nuageinit" "$root/usr/lab/vm-init" "$root/usr/lab/dhcp"
chroot "$root" /usr/sbin/userdel -r vagrant 2>/dev/null
grep -v '^vagrant ' "$root/etc/sudoers.d/vagrant" >"$root/etc/sudoers.d/lab"
chmod 0440 "$root/etc/sudoers.d/lab"
rm "$root/etc/sudoers.d/vagrant"
sed -i 's/^PasswordAuthentication no/PasswordAuthentication yes/' "$root/etc/ssh/sshd_config"
sed -i 's/^hostname=.*/hostname="freebsd"/' "$root/etc/rc.conf"
echo 'nuageinit_enable="YES"' >>"$root/etc/rc.conf"
printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
: >"$root/firstboot"

used=$(du -sm "$root" | cut -f1)
size=$((used + used / 8 + 512))
mke2fs -q -t ext4 -L rootfs -m 1 -d "$root" "$work/root.img" "${size}M"
truncate -s 32M "$work/esp.img"
mkfs.vfat -n EFISYS "$work/esp.img" >/dev/null
"$here/../../box/disk.sh" "$work/disk.raw" "$work/root.img" "$work/esp.img"
"$here/biosboot.sh" "$work/disk.raw" 2048 5 "$work"
xz -1 -T0 -c "$work/disk.raw" >"$out.part"
mv "$out.part" "$out"
rm -rf "$work"
