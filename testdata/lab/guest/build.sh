#!/bin/sh
# Builds the root file system of the container that plays the guest: Debian packages, with the stand-ins in front of them.
# usage: build.sh OUTPUT.tar WORKDIR BASE.tar STANDIN
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=$1
work=$2
base=$3
standin=$4
mirror=${FBDOCK_LAB_MIRROR:-http://deb.debian.org/debian}
root=$work/root
rm -rf "$work"
mkdir -p "$work"

if [ ! -s "$base" ]; then
  mmdebstrap --quiet --mode=root --format=tar --variant=apt --skip=cleanup/apt \
    --aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/i18n/*' \
    --include=openssh-server,openssh-client,sudo,procps,netcat-openbsd,ca-certificates,iproute2,nftables,makefs,sshfs,fuse3 \
    --include=qemu-system-x86,qemu-utils,ovmf,libpam-modules \
    --include=podman,crun,conmon,containernetworking-plugins,golang-github-containers-image \
    --customize-hook="$here/docker-hook.sh \"\$1\"" \
    bookworm "$base.part" "$mirror"
  mv "$base.part" "$base"
fi
mkdir -p "$root"
tar -C "$root" -xf "$base"

# What the machine that is played does not have goes out of the way; the stand-ins find it there.
debian=$root/usr/lab/debian
mkdir -p "$debian" "$root/usr/lab/sbin"
for name in bash rbash flock setsid ip ss pidof curl wget qemu-io qemu-nbd nft iptables python3 podman crun conmon; do
  for dir in usr/bin usr/sbin; do
    if [ -e "$root/$dir/$name" ] && [ ! -L "$root/$dir/$name" ]; then
      mv "$root/$dir/$name" "$debian/$name"
    else
      rm -f "$root/$dir/$name"
    fi
  done
done

# QEMU finds its modules from where it lies: it stays there under another name.
mv "$root/usr/bin/qemu-system-x86_64" "$root/usr/bin/lab-qemu-system-x86_64"
mv "$root/usr/bin/qemu-img" "$root/usr/bin/lab-qemu-img"

# The packages of the stand-in "pkg".
pkg=$root/usr/lab/pkg
local_of() { mkdir -p "$pkg/$1/usr/local/bin" "$pkg/$1/usr/local/share"; }
for name in edk2-bhyve qemu-tools qemu-nox11 fusefs-sshfs docker-cli; do local_of "$name"; done
mkdir -p "$pkg/edk2-bhyve/usr/local/share/edk2-bhyve" "$pkg/edk2-bhyve/usr/local/share/uefi-firmware" "$pkg/qemu-nox11/usr/local/share/qemu"
ln -s /usr/share/OVMF/OVMF_CODE_4M.fd "$pkg/edk2-bhyve/usr/local/share/edk2-bhyve/BHYVE_UEFI.fd"
ln -s /usr/share/OVMF/OVMF_CODE_4M.fd "$pkg/edk2-bhyve/usr/local/share/edk2-bhyve/BHYVE_UEFI_CODE.fd"
ln -s /usr/share/OVMF/OVMF_VARS_4M.fd "$pkg/edk2-bhyve/usr/local/share/edk2-bhyve/BHYVE_UEFI_VARS.fd"
ln -s ../edk2-bhyve/BHYVE_UEFI.fd "$pkg/edk2-bhyve/usr/local/share/uefi-firmware/BHYVE_UEFI.fd"
ln -s ../edk2-bhyve/BHYVE_UEFI_CODE.fd "$pkg/edk2-bhyve/usr/local/share/uefi-firmware/BHYVE_UEFI_CODE.fd"
ln -s ../edk2-bhyve/BHYVE_UEFI_VARS.fd "$pkg/edk2-bhyve/usr/local/share/uefi-firmware/BHYVE_UEFI_VARS.fd"
ln -s /usr/share/OVMF/OVMF_CODE_4M.fd "$pkg/qemu-nox11/usr/local/share/qemu/edk2-x86_64-code.fd"
ln -s /usr/lab/sbin/standin "$pkg/qemu-tools/usr/local/bin/qemu-img"
ln -s /usr/lab/sbin/standin "$pkg/qemu-nox11/usr/local/bin/qemu-img"
ln -s /usr/lab/sbin/standin "$pkg/qemu-nox11/usr/local/bin/qemu-system-x86_64"
# podman is Debian's behind the stand-in; its network plugins are the lab's, and use Debian's.
"$standin" --podman-suite "$pkg/podman-suite"
mkdir "$root/usr/lab/cni"
for name in bridge portmap firewall tuning; do ln -s /usr/lab/sbin/standin "$root/usr/lab/cni/$name"; done
for name in host-local loopback; do ln -s "/usr/lib/cni/$name" "$root/usr/lab/cni/$name"; done
mv "$root/usr/bin/sshfs" "$pkg/fusefs-sshfs/usr/local/bin/sshfs"
mkdir "$work/docker"
dpkg-deb -x "$root"/root/docker.io_*.deb "$work/docker"
cp "$work/docker/usr/bin/docker" "$pkg/docker-cli/usr/local/bin/docker"
rm "$root"/root/docker.io_*.deb

# /sbin is a folder of its own, first in every PATH: the stand-ins, and what else Debian's libraries look for there.
install -m 0755 "$standin" "$root/usr/lab/sbin/standin"
rm "$root/sbin"
mkdir "$root/sbin"
"$standin" --links "$work/links" >/dev/null
for link in "$work/links"/*; do ln -s /usr/lab/sbin/standin "$root/sbin/${link##*/}"; done
for name in curl wget jq rsync flock ip ss setsid pidof bash freebsd-update ssh; do rm -f "$root/sbin/$name"; done
for file in "$root"/usr/sbin/*; do
  name=${file##*/}
  [ -e "$root/sbin/$name" ] || [ -L "$root/sbin/$name" ] || ln -s "/usr/sbin/$name" "$root/sbin/$name"
done
for path in usr/sbin/daemon usr/sbin/sysrc usr/sbin/service usr/sbin/bhyve usr/sbin/bhyvectl usr/sbin/pkg usr/local/sbin/pkg \
  usr/bin/fetch usr/bin/lockf usr/bin/cu usr/bin/rctl; do
  mkdir -p "$root/$(dirname "$path")"
  ln -sf /usr/lab/sbin/standin "$root/$path"
done

cp -a "$here/files/." "$root/"
chown -R 0:0 "$root/etc/rc.d" "$root/etc/rc.conf" "$root/etc/rc.subr" "$root/etc/lab.conf"
# Folders that hold nothing yet: git keeps none of those.
mkdir -p "$root/etc/defaults" "$root/boot" "$root/etc/ssh" "$root/usr/local/etc/rc.d"
"$standin" --rc-defaults >"$root/etc/defaults/rc.conf"
: >"$root/etc/sysctl.conf"
: >"$root/boot/loader.conf"
mkdir -p "$root/var/db" "$root/var/log" "$root/usr/local/etc"
: >"$root/var/log/messages"
rm -f "$root"/etc/ssh/ssh_host_* "$root/etc/hostname" "$root/etc/resolv.conf" "$root/etc/motd" "$root/etc/update-motd.d"/* "$root/etc/fstab"
echo 'This is the lab of fbdock: a bench.' >"$root/etc/motd"

# The box's user, as Vagrant wants it.
path=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin
echo "PATH=\"$path:/home/vagrant/bin\"" >"$root/etc/environment"
echo 'wheel:x:0:vagrant' >>"$root/etc/group"
chroot "$root" /usr/sbin/groupadd -g 1001 vagrant
chroot "$root" /usr/sbin/useradd -m -u 1001 -g 1001 -s /bin/sh vagrant
chroot "$root" /usr/sbin/usermod -p '*' vagrant
chroot "$root" /usr/sbin/usermod -s /bin/sh root
rm -f "$root"/home/vagrant/.bash* "$root"/root/.bash*
mkdir -m 0700 "$root/home/vagrant/.ssh"
key=$(find /usr/share /opt -path '*keys/vagrant.pub' 2>/dev/null | head -n 1)
[ -n "$key" ] || {
  echo "build.sh: Vagrant's own public key is not on this machine: is vagrant installed?" >&2
  exit 1
}
cp "$key" "$root/home/vagrant/.ssh/authorized_keys"
chmod 0600 "$root/home/vagrant/.ssh/authorized_keys"
chown -R 1001:1001 "$root/home/vagrant"
printf 'Defaults secure_path="%s"\nDefaults !lecture\nvagrant ALL=(ALL) NOPASSWD: ALL\n' "$path" >"$root/etc/sudoers.d/vagrant"
chmod 0440 "$root/etc/sudoers.d/vagrant"
printf 'UseDNS no\nPermitRootLogin no\nPasswordAuthentication no\nUsePAM yes\nPrintMotd no\nSubsystem sftp /usr/lib/openssh/sftp-server\n' >"$root/etc/ssh/sshd_config"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
tar -C "$root" --numeric-owner -cf "$out.part" .
mv "$out.part" "$out"
rm -rf "$work"
