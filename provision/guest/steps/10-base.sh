#!/bin/sh
# fbdock step base: a guest that has finished booting, with the kernel
# modules, a sane loader.conf and room for many SSH sessions.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../hypervisor.sh
. "$libexec/hypervisor.sh"
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

for module in zfs if_bridge if_tuntap nmdm pf fusefs; do
  hint="is $module part of this kernel? kldload $module says more in dmesg"
  attempt kldload -n "$module" || [ "$module" = fusefs ] || fail "kldload -n $module: status $rc: $(words)" "$hint"
done
hint=
for module in zfs if_bridge pf; do
  kldstat -qm "$module" || fail "kernel module $module is not there although kldload succeeded" "see dmesg"
done

# bento's boxes limit the kernel to 200 MB, too little for ZFS and a virtual
# machine. Exactly those lines go; other people's values stay.
bento='^vm\.kmem_size="?200M"?[[:space:]]*$|^vm\.kmem_size_max="?200M"?[[:space:]]*$|^vfs\.zfs\.arc_max="?40M"?[[:space:]]*$|^vfs\.zfs\.vdev\.cache\.size="?5M"?[[:space:]]*$'
for conf in /boot/loader.conf /boot/loader.conf.local; do
  if [ -e "$conf" ] && grep -qE "$bento" "$conf"; then
    [ -e "$conf.before-fbdock" ] || try cp -p "$conf" "$conf.before-fbdock"
    new=${conf%/*}/.${conf##*/}.fbdock-new
    try cp -p "$conf" "$new"
    sed -E "/$bento/d" "$conf" >"$new" || fail "sed $conf: could not write $new"
    change mv -f "$new" "$conf"
  fi
done

# The running kernel shows whether it was booted with such a line; one reboot
# clears it. Asked for once per boot only: a limit from elsewhere is the user's.
boot=$(boot_time)
if [ "$(kenv -q vm.kmem_size 2>/dev/null)" = 200M ]; then
  if [ -z "$(fact reboot-asked)" ] || [ "$(fact reboot-asked)" = "$boot" ]; then
    put_fact reboot-asked "$boot"
    told=1
    note "reboot wanted"
    say "reboot the kernel was booted with vm.kmem_size=200M; loader.conf is repaired"
    exit 10
  fi
  note "vm.kmem_size is still 200M after a reboot: set outside of loader.conf"
fi

# fbdock's agent runs many sessions over one connection; sshd allows ten.
# First in the file: sshd takes the first value, and a Match block may end it.
put_block /etc/ssh/sshd_config 'MaxSessions 200' 1
cmp -s "$new" "$file" || try /usr/sbin/sshd -t -f "$new"
take_block || true
warning=
if [ "$(fact sshd)" != 200 ]; then
  # A guest whose sshd comes from elsewhere works, with fewer sessions.
  if attempt service sshd onereload; then
    put_fact sshd 200
  else
    warning=", sshd keeps its session limit: $(words)"
  fi
fi

[ -d /usr/local/etc/newsyslog.conf.d ] || change mkdir -p /usr/local/etc/newsyslog.conf.d
put_file /usr/local/etc/newsyslog.conf.d/fbdock.conf 0644 <<END
# Written by fbdock. Console and engine logs are rotated at 1 MB.
/var/log/fbdock.log                 600 5 1024 * CN
/var/log/fbdock-engine.log          600 5 1024 * CN
/var/log/fbdock-console.log         600 5 1024 * C /var/run/fbdock/console.pid
END

decide_hypervisor

finish "FreeBSD $version, hypervisor $(fact hypervisor)$(one_line "$warning")"
