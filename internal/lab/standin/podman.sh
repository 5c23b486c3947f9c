#!/bin/sh
# shellcheck disable=SC1091,SC2034 # read by rc.subr
# The lab's podman: containers with a restart policy start after a boot. It has no status, as the port's has none.
# PROVIDE: podman
# REQUIRE: fbdock
# KEYWORD: shutdown

. /etc/rc.subr

name=podman
rcvar=podman_enable
: "${podman_enable:=NO}"
start_cmd=lab_start
stop_cmd=lab_stop

lab_start() { /usr/local/bin/podman --noout start --all --filter restart-policy=always; }
lab_stop() {
  running=$(/usr/local/bin/podman container ls --filter restart-policy=always -q) || return
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$running" ] || /usr/local/bin/podman --noout stop $running
}

load_rc_config "$name"
run_rc_command "$1"
