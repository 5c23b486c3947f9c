#!/bin/sh
# Makes a file system in which the stand-ins answer and nothing else of FreeBSD's names does: for a chroot in a test.
# usage: root.sh DIR STANDIN GUEST-FILES
set -eu
root=$1
standin=$2
files=$3
for dir in sbin bin lab lib usr/bin usr/sbin usr/local/bin proc dev tmp var/log var/db var/lab/disks run root home/vagrant jails shared etc/defaults boot; do
  mkdir -p "$root/$dir"
done
ln -s ../run "$root/var/run"
cp -a "$files/." "$root/"
cp "$standin" "$root/sbin/standin"
"$root/sbin/standin" --links "$root/lab"
for link in "$root"/lab/*; do ln -s standin "$root/sbin/${link##*/}"; done
rm "$root"/sbin/bash "$root"/sbin/curl "$root"/sbin/wget "$root"/sbin/jq "$root"/sbin/rsync "$root"/sbin/flock "$root"/sbin/freebsd-update
"$root/sbin/standin" --rc-defaults >"$root/etc/defaults/rc.conf"
with_libs() {
  cp -L "$1" "$2"
  ldd "$1" 2>/dev/null | awk '{ for (i = 1; i <= NF; i++) if ($i ~ /^\//) print $i }' | while read -r lib; do
    [ -e "$root$lib" ] || { mkdir -p "$root${lib%/*}" && cp -L "$lib" "$root$lib"; }
  done
}
for tool in awk basename cat chmod cmp cp cut date df diff dirname env find grep egrep head hexdump hostname id ln ls mkdir mktemp mv pgrep ps readlink rm sed \
  sha256sum sleep sort stat stty tail tar timeout touch tr wc which xargs makefs truncate; do
  path=$(command -v "$tool") || continue
  with_libs "$(readlink -f "$path")" "$root/usr/bin/$tool"
done
with_libs "$(command -v dash)" "$root/bin/sh"
printf 'root:x:0:0::/root:/bin/sh\nvagrant:x:1001:1001::/home/vagrant:/bin/sh\n' >"$root/etc/passwd"
printf 'wheel:x:0:vagrant\nvagrant:x:1001:\n' >"$root/etc/group"
for disk in vtbd0 vtbd1 cd0; do : >"$root/var/lab/disks/$disk"; done
truncate -s 8589934592 "$root/var/lab/disks/vtbd1"
