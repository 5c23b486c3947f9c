#!/bin/sh
# fbdock step engine: the service that keeps the engine running, started
# with the guest, restarted when what it was started with has changed.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
# shellcheck source=../processes.sh
. "$libexec/processes.sh"
begin engine

rc_conf fbdock_enable YES
# The provider starts that engine; the service brings the way to it at boot.
! beside || finish 'a VM beside FreeBSD'
up() { service fbdock onestatus >/dev/null 2>&1; }
same() { [ "$(cat "$run/started" 2>/dev/null)" = "$(engine_inputs)" ]; }
kept() { [ -n "$(daemon_pid)" ] && [ -n "$(supervisor_pid)" ]; }

# The state is read once: one that reboots is starting a moment later.
settled() {
  now=$(state)
  [ "$now" != starting ]
}
! up || await 60 settled || true
# An engine that nobody looks after any more is taken over by the next one
# who does.
if up && same && ! kept; then
  change service fbdock onestart
  await 60 kept || fail "the engine's supervisor does not start: $(cat "$run/state")" "see /var/log/fbdock-engine.log: fbdock logs --layer engine"
fi
if up && same && await 60 settled && [ "$now" = running ]; then
  finish "running under $(hypervisor)"
fi
hint="look at /var/log/fbdock-engine.log and /var/log/fbdock-console.log in the guest: fbdock logs --layer engine"
if up; then
  change service fbdock onerestart
else
  change service fbdock onestart
fi

# service exits 0 whatever happens: a firmware or a flag that the hypervisor
# refuses ends it at once, so look at it for some seconds.
alive() { [ "$(state)" = running ]; }
await 60 alive || fail "the engine did not start: $(cat "$run/state")" "$hint"
sleep 3
alive || fail "the engine stopped at once: $(cat "$run/state")" "$hint"

finish "started under $(hypervisor)"
