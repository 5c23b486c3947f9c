#!/bin/sh
# fbdock step shares: NFS exports for the engine alone. The datasets were
# made by the storage step, 9P shares are devices of the engine.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../block.sh
. "$libexec/block.sh"
# shellcheck source=../pf.sh
. "$libexec/pf.sh"
begin shares

names=$(nfs_shares)

lines=
for name in $names; do
  # A plain directory would export the whole file system that it lies on.
  [ "$(zfs get -H -o value mounted "$(pool)/fbdock/shares/$name")" = yes ] ||
    fail "share $name is not mounted in the guest" "zfs mount $(pool)/fbdock/shares/$name"
  lines="$lines${lines:+
}/fbdock/$name -mapall=root $FBDOCK_ENGINE_ADDRESS"
done

if [ -z "$lines" ] && { [ ! -e /etc/exports ] || [ -z "$(block_range /etc/exports)" ]; }; then
  finish 'no NFS shares'
fi

[ -e /etc/exports ] || remember file /etc/exports
put_block /etc/exports "$lines"
take_block || true
exports=$(sha256 -q /etc/exports)
running() { service "$1" onestatus >/dev/null 2>&1; }

if [ -z "$lines" ]; then
  if [ "$(fact exports)" != "$exports" ]; then
    ! running mountd || change service mountd onereload
    put_fact exports "$exports"
  fi
  finish 'no NFS shares any more'
fi

# pkgbase systems may come without it.
if ! command -v mountd >/dev/null; then
  change env ASSUME_ALWAYS_YES=yes pkg install -y -r FreeBSD-base FreeBSD-nfs
fi
rc_conf rpcbind_enable YES
rc_conf mountd_enable YES
rc_conf nfs_server_enable YES
flags=$(mountd_flags)
rc_conf mountd_flags "$flags"
if [ "$(fact mountd-flags)" != "$flags" ]; then
  ! running mountd || change service mountd onerestart
  put_fact mountd-flags "$flags"
fi
for service in rpcbind mountd nfsd; do
  if ! running "$service"; then
    start_service "$service"
    running "$service" || fail "service $service does not run after onestart: $(words)" "see /var/log/messages"
  fi
done

# mountd tells of a bad line in syslog only: what is exported is asked for.
exported() {
  list=$(showmount -e localhost) || return 1
  for name in $names; do
    printf '%s\n' "$list" | grep -q "^/fbdock/${name}[[:space:]]" || return 1
  done
}
if [ "$(fact exports)" != "$exports" ] || ! exported; then
  change service mountd onereload
  await 10 exported || fail "mountd does not export all shares: $(showmount -e localhost 2>&1 | tr '\n' ' ')" \
    'grep mountd /var/log/messages; a bad line in /etc/exports is named there'
  put_fact exports "$exports"
fi

finish "NFS for $FBDOCK_ENGINE_ADDRESS: $(echo "$names" | tr '\n' ' ')"
