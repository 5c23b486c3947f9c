#!/bin/sh
# fbdock step base: a guest that has finished booting, with the kernel
# modules, a sane loader.conf and room for many SSH sessions.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
# shellcheck source=../block.sh
. "$libexec/block.sh"
begin base

[ "$(uname -s)" = FreeBSD ] || fail "this guest is $(uname -s), not FreeBSD" "choose a FreeBSD box"
version=$(uname -K)
[ "$version" -ge 1400000 ] || fail "FreeBSD $version is older than 14.0" "choose a box with FreeBSD 14 or 15"

# rc removes /firstboot when the services of the first boot have run; pkg and
# freebsd-update hold locks until then, and a reboot may follow.
first_boot_done() { [ ! -e /firstboot ]; }
if ! first_boot_done; then
  note "waiting for the first boot to finish"
  await 1200 first_boot_done || fail "the first boot did not finish within 20 minutes: /firstboot is still there" \
    "look at /var/log/messages in the guest; if nothing runs any more, remove /firstboot there"
fi

modules='zfs if_bridge if_tuntap nmdm pf fusefs'
vital='zfs if_bridge pf'
if beside; then
  modules='zfs pf fusefs'
  vital='zfs pf'
fi
for module in $modules; do
  hint="is $module part of this kernel? kldload $module says more in dmesg"
  ! own || kldstat -qm "$module" || remember module "$module"
  attempt kldload -n "$module" || [ "$module" = fusefs ] || fail "kldload -n $module: status $rc: $(words)" "$hint"
done
hint=
for module in $vital; do
  kldstat -qm "$module" || fail "kernel module $module is not there although kldload succeeded" "see dmesg"
done

# rctl(8) counts what jails use only where the loader says so. Asked for once per
# boot; on a computer of the user's own the next boot is theirs to choose.
warning=
if [ "${FBDOCK_JAIL_LIMITS:-no}" = yes ] && [ "$(sysctl -n kern.racct.enable 2>/dev/null)" != 1 ]; then
  if ! grep -qs '^kern.racct.enable="\{0,1\}1' /boot/loader.conf; then
    [ -e /boot/loader.conf ] || remember file /boot/loader.conf
    put_block /boot/loader.conf 'kern.racct.enable=1'
    take_block || true
  fi
  asked=$(fact racct-asked)
  if own; then
    warning=", limits of jails hold after a reboot of this computer (kern.racct.enable=1 is in /boot/loader.conf)"
  elif [ -z "$asked" ] || [ "$asked" = "$(boot_time)" ]; then
    put_fact racct-asked "$(boot_time)"
    told=1
    note "reboot wanted"
    say "reboot limits of jails need kern.racct.enable=1, which is in loader.conf now"
    exit 10
  else
    warning=", kern.racct.enable is 0 after a reboot: jails have no limits"
  fi
fi

# On a computer of the user's own what its loader.conf and its sshd_config
# say is the user's business.
if ! own; then
  # shellcheck source=../box.sh
  . "$libexec/box.sh"
fi

[ -d /usr/local/etc/newsyslog.conf.d ] || remember folder /usr/local/etc/newsyslog.conf.d
[ -d /usr/local/etc/newsyslog.conf.d ] || change mkdir -p /usr/local/etc/newsyslog.conf.d
put_file /usr/local/etc/newsyslog.conf.d/fbdock.conf 0644 <<END
# Written by fbdock. Console and engine logs are rotated at 1 MB.
/var/log/fbdock.log                 600 5 1024 * CN
/var/log/fbdock-engine.log          600 5 1024 * CN
/var/log/fbdock-console.log         600 5 1024 * C /var/run/fbdock/console.pid
END

decide_hypervisor

finish "FreeBSD $version, hypervisor $(fact hypervisor)$(one_line "$warning")"
