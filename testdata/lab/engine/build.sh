#!/bin/sh
# Builds the lab's engine image: Debian packages arranged as Alpine's UEFI cloud image is, as a compressed qcow2.
# usage: build.sh OUTPUT.qcow2 WORKDIR BASE.tar [FOLDER]
# FOLDER has programs of Docker in the place of Debian's.
# No loop device and no privilege beyond chroot is needed: mke2fs -d fills the root, mtools the ESP.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$2
base=$3
docker=${4:-}
mirror=${FBDOCK_LAB_MIRROR:-http://deb.debian.org/debian}
root=$work/root
rm -rf "$work"
mkdir -p "$work"

# The packages are the slow part: they are kept as a tar of their own, and only what is arranged of them is done anew.
if [ ! -s "$base" ]; then
  mmdebstrap --quiet --mode=root --format=tar --variant=apt --skip=cleanup/apt \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --include=openrc,busybox-static,cloud-init,cloud-guest-utils,ifupdown,iproute2,kmod,procps \
    --include=openssh-server,docker.io,iptables,nftables,e2fsprogs,nfs-common,sshfs,fuse3,ca-certificates,curl,socat,iputils-ping,netcat-openbsd \
    --customize-hook="$here/kernel-hook.sh \"\$1\"" \
    bookworm "$base.part" "$mirror"
  mv "$base.part" "$base"
fi
mkdir -p "$root"
tar -C "$root" -xf "$base"

# The kernel: only the image and the modules that a virtual machine with containers can use.
dpkg-deb -x "$root"/root/linux-image-*.deb "$work/kernel"
rm "$root"/root/linux-image-*.deb
version=$(find "$work/kernel/boot" -name 'vmlinuz-*' | sed 's/.*vmlinuz-//')
modules=usr/lib/modules/$version
[ -d "$work/kernel/$modules" ] || modules=lib/modules/$version
mkdir -p "$root/lib/modules/$version/kernel/drivers"
for dir in net fs lib crypto arch drivers/virtio drivers/block drivers/net/veth.ko drivers/net/tun.ko \
  drivers/net/virtio_net.ko drivers/net/net_failover.ko drivers/net/macvlan.ko drivers/net/vxlan drivers/net/dummy.ko \
  drivers/net/ipvlan drivers/char/hw_random drivers/ata drivers/scsi drivers/cdrom drivers/input/evdev.ko drivers/acpi; do
  [ -e "$work/kernel/$modules/kernel/$dir" ] || continue
  mkdir -p "$root/lib/modules/$version/kernel/$(dirname "$dir")"
  cp -a "$work/kernel/$modules/kernel/$dir" "$root/lib/modules/$version/kernel/$dir"
done
cp "$work/kernel/$modules"/modules.order "$work/kernel/$modules"/modules.builtin* "$root/lib/modules/$version/"
chroot "$root" depmod "$version"

# What only "apk add" brings: moved aside, file by file, into the repository of the stand-in.
repo=$root/usr/lab/apk
aside() {
  package=$1
  shift
  for file in "$@"; do
    [ -e "$root$file" ] || [ -L "$root$file" ] || continue
    mkdir -p "$repo/$package$(dirname "$file")"
    mv "$root$file" "$repo/$package$file"
  done
}
mkdir -p "$repo"
aside docker-engine /usr/sbin/dockerd /usr/bin/docker-proxy /usr/bin/docker-init /usr/sbin/docker-init /usr/libexec/docker
aside containerd /usr/bin/containerd /usr/bin/containerd-shim /usr/bin/containerd-shim-runc-v1 \
  /usr/bin/containerd-shim-runc-v2 /usr/bin/containerd-stress /usr/bin/ctr
aside runc /usr/sbin/runc /usr/bin/runc
aside docker-cli /usr/bin/docker
aside sshfs /usr/bin/sshfs
aside nftables /usr/sbin/nft
aside nfs-utils /sbin/mount.nfs /sbin/mount.nfs4 /sbin/umount.nfs /sbin/umount.nfs4
mkdir -p "$repo/docker-engine/usr/bin"
[ ! -e "$repo/docker-engine/usr/sbin/dockerd" ] || mv "$repo/docker-engine/usr/sbin/dockerd" "$repo/docker-engine/usr/bin/"
if [ -n "$docker" ]; then
  for program in dockerd docker-proxy; do install -m 755 "$docker/$program" "$repo/docker-engine/usr/bin/"; done
  for program in containerd containerd-shim-runc-v2; do install -m 755 "$docker/$program" "$repo/containerd/usr/bin/"; done
  install -m 755 "$docker/runc" "$(find "$repo/runc" -name runc -type f)"
  install -m 755 "$docker/docker" "$repo/docker-cli/usr/bin/"
fi
cp -a "$here/apk/." "$repo/"
printf 'docker-engine\ndocker-cli\n' >"$repo/docker/.depends"
printf 'containerd\nrunc\niptables\n' >"$repo/docker-engine/.depends"
for package in docker-cli-compose docker-cli-buildx openssh openssh-server openssh-sftp-server e2fsprogs e2fsprogs-extra iptables ip6tables \
  ca-certificates curl util-linux fuse fuse3 cloud-utils-growpart acpid chrony tzdata openrc blkid findmnt lsblk sfdisk socat iputils; do
  mkdir -p "$repo/$package"
done

# The system around it: busybox init, OpenRC with Alpine's service names, nothing of Debian's own services.
rm -rf "$root"/etc/init.d/* "$root"/etc/rc?.d "$root"/etc/runlevels/*/* "$root"/etc/cloud/cloud.cfg.d/* "$root"/etc/ssh/ssh_host_*
cp -a "$here/files/." "$root/"
mkdir -p "$root/etc/conf.d" "$root/etc/runlevels/sysinit" "$root/etc/runlevels/boot" "$root/etc/runlevels/default" "$root/etc/runlevels/shutdown" \
  "$root/etc/crontabs" "$root/lib/apk/db" "$root/var/lib/docker" "$root/usr/lab/images"
link() {
  for service in $2; do ln -s "/etc/init.d/$service" "$root/etc/runlevels/$1/$service"; done
}
# As the cloud image has them, with cloud-init's own: https://gitlab.alpinelinux.org/alpine/cloud/alpine-cloud-images
link sysinit "devfs hwdrivers mdev"
link boot "acpid bootmisc cloud-init-local hostname hwclock modules sysctl syslog"
link default "networking sshd cloud-init cloud-config cloud-final"
link shutdown "killprocs mount-ro"
# Alpine's mount is BusyBox's.
for name in mount umount; do ln -sf busybox "$root/usr/bin/$name"; done
for name in init halt poweroff reboot getty crond mdev; do ln -sf /bin/busybox "$root/sbin/$name"; done
for period in 15min hourly daily weekly monthly; do mkdir -p "$root/etc/periodic/$period"; done
cat >"$root/etc/crontabs/root" <<'EOT'
*/15 * * * * run-parts /etc/periodic/15min
0 * * * * run-parts /etc/periodic/hourly
0 2 * * * run-parts /etc/periodic/daily
0 3 * * 6 run-parts /etc/periodic/weekly
0 5 1 * * run-parts /etc/periodic/monthly
EOT
chroot "$root" groupadd -f wheel
chroot "$root" groupadd -f docker
chroot "$root" useradd -m -s /bin/sh -G wheel alpine
printf '3.99.0_lab\n' >"$root/etc/alpine-release"
printf 'rc_parallel="NO"\nrc_logger="NO"\nrc_sys=""\nunicode="YES"\n' >"$root/etc/rc.conf"
rm -f "$root/etc/resolv.conf" "$root/etc/machine-id" "$root/etc/network/interfaces.d"/*
: >"$root/etc/resolv.conf"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "${root:?}"/boot/* "$root"/usr/share/doc "$root"/usr/share/man "$root"/usr/share/locale
"$here/busybox-image.sh" "$root/bin/busybox" "$root/usr/lab/images/busybox.tar"
mv "$root/usr/lab/images/busybox.tar" "$(dirname "$out")/busybox.tar"
"$here/docker-store.sh" "$(dirname "$out")/busybox.tar" "$root/usr/lab/images/store.tar" "$work/store" ${docker:+"$docker"}

# initrd: busybox and the drivers of the root disk.
initrd=$work/initrd
mkdir -p "$initrd/bin" "$initrd/lib"
cp "$root/bin/busybox" "$initrd/bin/"
cp "$here/initrd-init" "$initrd/init"
chmod +x "$initrd/init"
for module in virtio_pci virtio_blk ext4 crc32c_generic; do
  chroot "$root" modprobe -S "$version" --show-depends "$module" | sed -n "s|^insmod \\([^ ]*\\).*|$root\\1|p"
done | awk '!seen[$0]++' >"$work/order"
while read -r path; do
  cp "$path" "$initrd/lib/"
  basename "$path"
done <"$work/order" >"$initrd/lib/order"
(cd "$initrd" && find . | cpio --quiet -o -H newc -R 0:0) >"$work/initrd.img"

# One EFI file for the removable path: kernel, initrd and command line behind systemd's stub.
printf 'root=LABEL=/ rw console=ttyS0,115200n8 console=tty0 quiet net.ifnames=0 mitigations=off nokaslr tsc=unstable random.trust_cpu=on' >"$work/cmdline"
objcopy \
  --add-section .osrel="$root/usr/lib/os-release" --change-section-vma .osrel=0x20000 \
  --add-section .cmdline="$work/cmdline" --change-section-vma .cmdline=0x30000 \
  --add-section .linux="$work/kernel/boot/vmlinuz-$version" --change-section-vma .linux=0x2000000 \
  --add-section .initrd="$work/initrd.img" --change-section-vma .initrd=0x4000000 \
  /usr/lib/systemd/boot/efi/linuxx64.efi.stub "$work/BOOTX64.EFI"

# Partition 1: the ESP, partition 2: ext4 labelled "/". The image is small, cloud-init grows it.
used=$(du -sm "$root" | cut -f1)
size=$((used + used / 8 + 160))
truncate -s 40M "$work/esp.img"
mkfs.vfat -n EFI "$work/esp.img" >/dev/null
mmd -i "$work/esp.img" ::/EFI ::/EFI/BOOT
mcopy -i "$work/esp.img" "$work/BOOTX64.EFI" ::/EFI/BOOT/BOOTX64.EFI
mke2fs -q -t ext4 -L / -m 1 -O ^has_journal -d "$root" "$work/root.img" "${size}M"
tune2fs -O has_journal "$work/root.img" >/dev/null
truncate -s "$((42 + size + 2))M" "$work/disk.img"
sfdisk -q "$work/disk.img" <<'EOT'
label: gpt
start=1MiB, size=40MiB, type=U, name="EFI"
start=42MiB, type=L, name="root"
EOT
dd if="$work/esp.img" of="$work/disk.img" bs=1M seek=1 conv=notrunc,sparse status=none
dd if="$work/root.img" of="$work/disk.img" bs=1M seek=42 conv=notrunc,sparse status=none
# zlib, not zstd: fbdock's own converter and every qemu read it.
qemu-img convert -c -O qcow2 "$work/disk.img" "$out.part"
mv "$out.part" "$out"
rm -rf "$work"
