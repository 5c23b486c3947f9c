#!/bin/sh
# Builds a stand-in for FreeBSD's cloud image: Debian packages with real cloud-init and sshd in the same frame, a raw
# disk with a GPT that has the partitions of the original (boot, EFI, swap, config-drive, root last), as .raw.xz.
# usage: build.sh OUTPUT.raw.xz WORKDIR BASE.tar
# No loop device and no privilege beyond chroot is needed: mke2fs -d fills the root, mtools the ESP.
set -eu
out=$1
work=$2
base=$3
mirror=${FBDOCK_LAB_MIRROR:-http://deb.debian.org/debian}
root=$work/root
rm -rf "$work"
mkdir -p "$work" "$(dirname "$out")" "$(dirname "$base")"

# The packages are the slow part: they are kept as a tar of their own.
if [ ! -s "$base" ]; then
  mmdebstrap --quiet --mode=root --format=tar --variant=apt --skip=cleanup/apt \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --include=systemd-sysv,systemd-boot-efi,udev,dbus,cloud-init,cloud-guest-utils,gdisk,ifupdown,isc-dhcp-client,iproute2,kmod,procps \
    --include=openssh-server,sudo,e2fsprogs,linux-image-cloud-amd64 \
    bookworm "$base.part" "$mirror"
  mv "$base.part" "$base"
fi
mkdir -p "$root"
tar -C "$root" -xf "$base"

# As the original: no user yet, host keys made at first boot, the network by DHCP, a console on the serial line.
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/machine-id" "$root/etc/hostname" "$root/etc/resolv.conf"
: >"$root/etc/machine-id"
: >"$root/etc/resolv.conf"
printf 'PasswordAuthentication yes\n' >>"$root/etc/ssh/sshd_config"
printf 'datasource_list: [ NoCloud, None ]\n' >"$root/etc/cloud/cloud.cfg.d/99-standin.cfg"
printf '/dev/disk/by-partlabel/rootfs / ext4 rw 0 1\n' >"$root/etc/fstab"
for unit in apt-daily.timer apt-daily-upgrade.timer systemd-timesyncd.service e2scrub_reap.service; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
version=$(basename "$root"/boot/vmlinuz-*)
version=${version#vmlinuz-}
cp "$root/boot/vmlinuz-$version" "$work/vmlinuz"
cp "$root/boot/initrd.img-$version" "$work/initrd.img"
rm -rf "${root:?}"/boot/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*

# One EFI file for the removable path: kernel, initrd and command line behind systemd's stub.
printf 'root=PARTLABEL=rootfs rw console=ttyS0,115200n8 net.ifnames=0 mitigations=off nokaslr tsc=unstable random.trust_cpu=on' >"$work/cmdline"
objcopy \
  --add-section .osrel="$root/usr/lib/os-release" --change-section-vma .osrel=0x20000 \
  --add-section .cmdline="$work/cmdline" --change-section-vma .cmdline=0x30000 \
  --add-section .linux="$work/vmlinuz" --change-section-vma .linux=0x2000000 \
  --add-section .initrd="$work/initrd.img" --change-section-vma .initrd=0x6000000 \
  "$root/usr/lib/systemd/boot/efi/linuxx64.efi.stub" "$work/BOOTX64.EFI"
truncate -s 96M "$work/esp.img"
mkfs.vfat -n EFISYS "$work/esp.img" >/dev/null
mmd -i "$work/esp.img" ::/EFI ::/EFI/BOOT
mcopy -i "$work/esp.img" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI

used=$(du -sm "$root" | cut -f1)
size=$((used + used / 8 + 120))
mke2fs -q -t ext4 -L rootfs -m 1 -d "$root" "$work/root.img" "${size}M"
"$(dirname "$0")/disk.sh" "$work/disk.raw" "$work/root.img" "$work/esp.img"
xz -1 -T0 -c "$work/disk.raw" >"$out.part"
mv "$out.part" "$out"
rm -rf "$work"
