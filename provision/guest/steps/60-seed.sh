#!/bin/sh
# fbdock step seed: the NoCloud image that tells the engine who it is. Its
# instance-id is the hash of its content: what changed is applied at the
# engine's next start, once.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
begin seed
! beside || finish 'fbdock gives the engine its settings itself'

# Name servers: as configured, else those of this guest that the engine can
# reach too.
dns=${FBDOCK_DNS:-}
if [ -z "$dns" ]; then
  dns=$(awk '$1 == "nameserver" && $2 ~ /^[0-9.]+$/ && $2 !~ /^127\./ { print $2 }' /etc/resolv.conf | head -n 3 | tr '\n' ' ')
fi
dns=${dns% }
[ -n "$dns" ] || fail 'no name server for the engine: /etc/resolv.conf of the guest names none that it could reach' \
  'set engine.dns in fbdock.hcl'
put_fact dns "$(echo "$dns" | tr ' ' '\n' | grep -v : | tr '\n' ' ')"

# 9P needs the hypervisor's help; where qemu was built without, shares go by NFS.
ninep=yes
if [ "$(hypervisor)" = qemu ] && [ -n "$(shares 9p)" ]; then
  emulator=qemu-system-x86_64
  [ "$(uname -m)" != arm64 ] || emulator=qemu-system-aarch64
  "$emulator" -device help >"$said" 2>&1 || true
  grep -q virtio-9p-pci "$said" || ninep=no
fi
put_fact ninep "$ninep"

dir=$db/seed
[ -d "$dir" ] || change mkdir -p "$dir"
chmod 0700 "$dir"
sed "s/^FBDOCK_DNS=.*/FBDOCK_DNS='$dns'/; s/^FBDOCK_NINEP=.*/FBDOCK_NINEP='$ninep'/" "$etc/seed/user-data" >"$run/user-data" ||
  fail "sed $etc/seed/user-data"
sed "s/@DNS@/$(echo "$dns" | sed 's/ /, /g')/" "$etc/seed/network-config" >"$run/network-config" ||
  fail "sed $etc/seed/network-config"
cat "$run/user-data" "$run/network-config" "$etc/seed/meta-data" >"$run/seed" || fail "write $run/seed"
id=$(sha256 -q "$run/seed") || fail "sha256 -q $run/seed: status $?"
rm -f "$run/seed"
sed "s/@ID@/$id/; s/@DNS@/$dns/" "$etc/seed/meta-data" >"$run/meta-data" || fail "sed $etc/seed/meta-data"

before=$changed
for f in user-data network-config meta-data; do
  put_file "$dir/$f" 0600 <"$run/$f"
  rm -f "$run/$f"
done
if [ "$changed" != "$before" ] || [ ! -e "$seed_iso" ] || [ "$(fact seed-id)" != "$id" ]; then
  rm -f "$db/seed-id"
  umask 077
  change makefs -t cd9660 -o rockridge,label=cidata "$seed_iso.new" "$dir"
  # Read while the engine runs, so replaced as a whole.
  change mv -f "$seed_iso.new" "$seed_iso"
  umask 022
  put_fact seed-id "$id"
fi

finish "instance $id"
