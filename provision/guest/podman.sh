# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: podman, which runs containers of FreeBSD itself. Sourced after
# lib.sh and undo.sh by the step, by fbdock-health and by fbdock-uninstall.
# Sources: the ports sysutils/podman and net/containernetworking-plugins, and
# the chapter "Containers" of FreeBSD's handbook.

podman_root=/var/db/containers
podman_socket=/var/run/podman/podman.sock

podman_wanted() { [ "${FBDOCK_PODMAN:-no}" = yes ]; }
podman_data() { printf '%s/fbdock/containers' "$(pool)"; }

# podman_ours is true where podman keeps its images in fbdock's dataset. Storage that
# somebody else has made is used as it is and never removed.
podman_ours() { zfs list -H -o name "$(podman_data)" >/dev/null 2>&1; }

# podman_all COMMAND does something to all containers, and only where they lie
# in fbdock's dataset, mounted: else they are somebody's own. conmon may hang.
podman_all() {
  command -v podman >/dev/null &&
    mount -p | awk -v d="$(podman_data)" -v at="$podman_root" '$1 == d && $2 == at { f = 1 } END { exit !f }' || return 0
  attempt timeout -k 5 120 podman "$@" || note "podman $*: $(words)"
}

podman_runs() { service podman_service onestatus >/dev/null 2>&1 && [ -S "$podman_socket" ]; }

# fdescfs_on is true where /dev/fd has every descriptor: conmon, which keeps a
# container, needs more than the three of devfs(4).
fdescfs_on() { mount -p | awk '$2 == "/dev/fd" && $3 == "fdescfs" { f = 1 } END { exit !f }'; }

# podman_names are lines of hosts(5): podman gives those of FreeBSD's file to each
# container (containers.conf(5), base_hosts_file).
podman_names() {
  [ "${FBDOCK_ENGINE_ACCESS:-no}" = yes ] || return 0
  printf '%s docker.internal\n192.0.0.3 podman.internal\n' "$FBDOCK_ENGINE_ADDRESS"
}

# podman_off stops what fbdock has started. Images and containers stay.
podman_off() {
  [ "$(fact podman)" = yes ] || return 0
  unblock /etc/hosts || true
  podman_all stop --all
  if own; then
    rc_back podman_service_enable YES
    rc_back podman_enable YES
    stop_started podman_service podman_service_enable
  else
    rc_conf podman_service_enable NO
    rc_conf podman_enable NO
    ! service podman_service onestatus >/dev/null 2>&1 || change service podman_service onestop
  fi
  put_fact podman no
}
