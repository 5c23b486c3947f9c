# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: what is amiss in Vagrant's boxes, for the base step. Sourced after
# lib.sh and block.sh, never on a computer of the user's own.

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
# Where it leads to the engine it asks sshd to listen, at the loopback alone
# (GatewayPorts), and a connection that has died must not hold the ports for long.
# First in the file: sshd takes the first value, and a Match block may end it.
lines='MaxSessions 200'
known=200
if by_agent; then
  lines="$lines
AllowTcpForwarding yes
GatewayPorts no
ClientAliveInterval 15
ClientAliveCountMax 3"
  known='200 agent'
fi
put_block /etc/ssh/sshd_config "$lines" 1
cmp -s "$new" "$file" || try /usr/sbin/sshd -t -f "$new"
take_block || true
if [ "$(fact sshd)" != "$known" ]; then
  # A guest whose sshd comes from elsewhere works, with fewer sessions.
  if attempt service sshd onereload; then
    put_fact sshd "$known"
  else
    warning=", sshd keeps its settings: $(words)"
  fi
fi
