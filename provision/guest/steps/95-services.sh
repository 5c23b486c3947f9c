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
# In the engine each command has its timeout, which are less in sum than ours. A
# line "done TEXT" is what was changed, "left TEXT" what is not as it is to be.
beside || [ "$(vm_age)" -ge 120 ] || finish 'the engine boots'

in_engine() {
  ssh_within 180 sh -s <<'END'
{
exec </dev/null
[ -e /var/lib/fbdock/seeded ] || exit 0
# A mount whose server came back takes its time too.
timeout 60 /usr/local/sbin/fbdock-shares || echo 'left not all shares could be mounted'
filters() { timeout 5 nft list table inet fbdock 2>/dev/null | grep -q 'chain forward'; }
if ! filters; then
  # Not by the service: OpenRC ends what needs a service that it restarts, which
  # is dockerd with all containers (openrc-run(8), need).
  timeout 20 nft -f /etc/fbdock/firewall.nft >&2
  if filters; then echo 'done the packet filter was loaded again'; else echo 'left the packet filter could not be loaded'; fi
fi
# A dockerd that waits for the folders of the host would wait anew.
if [ -e /var/run/fbdock-mounts/waiting ]; then
  echo 'left dockerd waits for folders of the host'
elif ! timeout 15 docker version >/dev/null 2>&1; then
  if timeout 60 rc-service docker restart >&2; then echo 'done dockerd was started again'; else echo 'left dockerd could not be started'; fi
fi
exit 0
}
END
}
if ! attempt in_engine; then
  finish "the engine does not answer by ssh: $(words)"
fi
! grep -q '^done ' "$said" || changed=1
text=$(sed -n 's/^done //p; s/^left //p' "$said" | tr '\n' ' ')
finish "${text:-as they are to be}"
