#!/bin/sh
# fbdock step services: what runs in the engine, dockerd, its packet filter
# and its mounts of the shares, where somebody has stopped it. An engine that
# boots starts all of that by itself.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
begin services

# Nobody answers in the first minutes of a boot, and there is nothing to do.
[ "$(vm_age)" -ge 120 ] || finish 'the engine boots'

in_engine() {
  ssh_within 120 sh -s <<'END'
{
exec </dev/null
[ -e /var/lib/fbdock/seeded ] || exit 0
# A mount whose server came back takes its time too.
timeout 60 /usr/local/sbin/fbdock-shares || echo 'not all shares could be mounted'
if ! timeout 5 nft list table inet fbdock 2>/dev/null | grep -q 'chain forward'; then
  timeout 60 rc-service fbdock-firewall restart >&2
  echo 'the packet filter was loaded again'
fi
if ! timeout 15 docker version >/dev/null 2>&1; then
  timeout 60 rc-service docker restart >&2
  echo 'dockerd was started again'
fi
exit 0
}
END
}
if ! attempt in_engine; then
  finish "the engine does not answer by ssh: $(words)"
fi
done=$(grep -E 'again$|mounted$' "$said" | tr '\n' ' ') || true
[ -z "$done" ] || changed=1
finish "${done:-as they are to be}"
