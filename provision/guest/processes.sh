# shellcheck shell=sh
# shellcheck disable=SC2154 # $run comes with the script that sources it
# fbdock: the processes of the engine: daemon(8), which keeps the supervisor,
# the supervisor, and the hypervisor. Sourced, by rc.d/fbdock too: it changes
# nothing of its own accord.
#
# What runs is asked of ps: a pid file may be older than what it speaks of.

# named FILE PATTERN prints the pid in FILE when its command line matches.
named() {
  pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] &&
    ps -p "$pid" -o command= 2>/dev/null | grep -Eq "$2" && echo "$pid"
}
# daemon(8) has the title "daemon: NAME[PID]" once its child runs; NAME was the
# child's program, /bin/sh, before fbdock gave one.
daemon_pid() { named "$run/daemon.pid" '^daemon: (fbdock|/bin/sh)\[|/daemon .*fbdock-supervisor'; }
supervisor_pid() { named "$run/supervisor.pid" fbdock-supervisor; }

# vm_pid prints the hypervisor's process of the engine, which root alone can
# start: another user may name a process of theirs alike. bhyve makes the machine's name its title; its helpers for 9P have others
# ("bhyve: system.pwd").
vm_pid() {
  ps -axww -o uid= -o pid= -o comm= -o command= 2>/dev/null | awk '
    $1 != 0 { next }
    $3 == "bhyve" && (/ fbdock$/ || /bhyve: fbdock( |$)/) { bhyve = $2 }
    ($3 ~ /^qemu-system/ || $4 ~ /^qemu-system/) && / -name fbdock / { qemu = $2 }
    END { if (bhyve) print bhyve; else if (qemu) print qemu }'
}

# vm_gone is true when nothing of the engine is left: what `halt` believes.
vm_gone() { [ ! -e /dev/vmm/fbdock ] && [ -z "$(vm_pid)" ]; }

# press PID is the power button. bhyve takes SIGTERM for it.
press() {
  if [ -S "$run/monitor.sock" ]; then
    printf 'system_powerdown\n' | nc -N -U -w 5 "$run/monitor.sock" >/dev/null 2>&1
  else
    kill -TERM "$1" 2>/dev/null
  fi
}

# stop_limit is how long the engine may take to power itself off.
stop_limit() { echo "${FBDOCK_STOP_TIMEOUT:-60}"; }

# force PID takes the engine's power away, if PID is still the engine: one that
# has ended since may have been started anew.
force() {
  [ "$(vm_pid)" = "$1" ] || return 0
  [ -S "$run/monitor.sock" ] || bhyvectl --vm=fbdock --force-poweroff >/dev/null 2>&1
  n=0
  while [ "$(vm_pid)" = "$1" ] && [ "$n" -lt 10 ]; do
    [ "$n" -lt 3 ] || kill -KILL "$1" 2>/dev/null
    n=$((n + 1))
    sleep 1
  done
}

# end_vm ends an engine that no supervisor looks after.
end_vm() {
  vm=$(vm_pid)
  if [ -n "$vm" ]; then
    press "$vm"
    n=0
    while [ "$(vm_pid)" = "$vm" ] && [ "$n" -lt "$(stop_limit)" ]; do
      n=$((n + 1))
      sleep 1
    done
    [ "$(vm_pid)" != "$vm" ] || force "$vm"
  fi
  clear_vm
}

# clear_vm removes what a hypervisor that was killed leaves behind.
clear_vm() {
  [ -n "$(vm_pid)" ] || {
    [ ! -e /dev/vmm/fbdock ] || bhyvectl --vm=fbdock --destroy >/dev/null 2>&1
    rm -f "$run/console.sock" "$run/monitor.sock" "$run/vm.pid"
  }
  return 0
}
