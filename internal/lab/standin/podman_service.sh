#!/bin/sh
# shellcheck disable=SC1091,SC2034 # read by rc.subr
# The lab's podman_service.
# PROVIDE: podman_service
# REQUIRE: fbdock
# KEYWORD: shutdown

. /etc/rc.subr

name=podman_service
rcvar=podman_service_enable
: "${podman_service_enable:=NO}"
command=/usr/local/bin/podman
pidfile=/var/run/podman_service.pid
start_cmd=lab_start
start_postcmd=lab_wait

lab_start() {
  mkdir -p /var/run/podman && chmod 0770 /var/run/podman
  startmsg "Starting podman_service."
  /usr/sbin/daemon -o /var/log/podman.log -f -p "$pidfile" $command system service --time=0
}

lab_wait() {
  n=0
  while [ ! -S /var/run/podman/podman.sock ]; do
    n=$((n + 1))
    [ "$n" -le 5 ] || {
      warn "Timed out waiting for /var/run/podman/podman.sock after 5 seconds"
      return 1
    }
    sleep 1
  done
  chmod 0770 /var/run/podman/podman.sock
}

load_rc_config "$name"
run_rc_command "$1"
