# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: FreeBSD's jails. Sourced after lib.sh, block.sh, undo.sh and pf.sh by the step, by
# fbdock-jail, fbdock-health and fbdock-uninstall. Sources: jail(8), jail.conf(5),
# rc.d/jail, and the chapter "Jails and Containers" of FreeBSD's handbook.

jails_root=/var/jails
jail_group=fbjail # of the interfaces, for the rules in pf.sh
jails_record=$db/jails
jail_mark='# Written by fbdock'

jails_data() { printf '%s/fbdock/jails' "$(pool)"; }
jails_kept() { printf '%s/fbdock/jails-kept' "$(pool)"; }
jails_base() { printf '%s/fbdock/jail-base' "$(pool)"; }
jail_set() { printf '%s/%s' "$(jails_data)" "$1"; }
jail_path() { printf '%s/%s' "$jails_root" "$1"; }
jail_conf() { printf '/etc/jail.conf.d/%s.conf' "$1"; }
jail_fstab() { printf '/etc/fstab.%s' "$1"; }
jail_log() { printf '/var/log/jail_%s_console.log' "$1"; }

# jails_known prints the jails that fbdock has made.
jails_known() {
  for jail_record in "$jails_record"/*/settings; do
    jail_record=${jail_record%/settings}
    [ ! -e "$jail_record/settings" ] || echo "${jail_record##*/}"
  done
}

jail_known() { [ -e "$jails_record/$1/settings" ]; }
jail_declared() { [ -e "$etc/jails/$1/settings" ]; }
jail_runs() { jls -j "$1" >/dev/null 2>&1; }
jail_there() { zfs list -H -o name "$(jail_set "$1")" >/dev/null 2>&1; }

# set_gone DATASET destroys it with its snapshots. That it is not there is no
# failure; an answer that did not come says nothing.
set_gone() { attempt zfs destroy -r "$1" || grep -q 'dataset does not exist' "$said"; }

# jail_named refuses what is no name of a jail: it becomes part of paths.
jail_named() {
  case $1 in
    '' | *[!a-z0-9-]* | -* | *-) fail "$1 is no name of a jail" 'lower-case letters, digits and hyphens' ;;
    *[!0-9]*) ;;
    *) fail "$1 is a number, which jail(8) takes for the id of a jail" 'choose a name with a letter' ;;
  esac
}

# jail_load FILE reads settings; provision/jail.go writes them.
jail_load() {
  jail_release='' jail_hostname='' jail_address='' jail_packages='' jail_mounts='' jail_memory='' jail_cpus='' jail_boot=no jail_allow=''
  # shellcheck source=/dev/null
  . "$1"
  jail_of=$jail_release # what the settings say
  : "${jail_release:=$(jail_newest)}"
}

# jail_newest is the release of this system: 15.1 of "15.1-RELEASE-p1".
jail_newest() {
  newest=$(freebsd-version -u)
  echo "${newest%%-*}"
}

# jail_newer A B is true when release A is newer than B.
jail_newer() {
  [ "${1%%.*}" -gt "${2%%.*}" ] || { [ "${1%%.*}" = "${2%%.*}" ] && [ "${1#*.}" -gt "${2#*.}" ]; }
}

# jail_waits NAME prints the first folder of the host that the jail wants and
# that is not mounted: a nullfs over the empty mount point would hide it for good.
jail_waits() {
  printf '%s\n' "$jail_mounts" | while read -r _ _ _ mount; do
    if [ -n "$mount" ] && [ "$mount" != - ] && ! mount -p | awk -v at="$mount" '$2 == at && $3 ~ /^fusefs/ { f = 1 } END { exit !f }'; then
      echo "$mount"
      break
    fi
  done
}

# jail_kept_by_hand NAME is true where the file of jail.conf(5) is somebody's own.
jail_kept_by_hand() {
  [ -e "$(jail_conf "$1")" ] || return 1
  line=
  IFS= read -r line <"$(jail_conf "$1")" || true
  case $line in "$jail_mark"*) return 1 ;; esac
}

# jails_wanted is true where a jail may need the network.
jails_wanted() { [ -n "${FBDOCK_JAILS:-}$(jails_known)" ]; }

# jail_epair is the pair of interfaces of an address: numbers from 10000 on are
# out of the way of those that are made without a number.
jail_epair() {
  host=${1#*.*.}
  echo "epair$((10000 + ${host%.*} % 64 * 256 + ${host#*.}))"
}

# jail_conf_text NAME is jail.conf(5) of a jail.
jail_conf_text() {
  printf '%s\n' "$jail_mark, which writes it again as long as this line is here." "\"$1\" {" \
    "  path = \"$(jail_path "$1")\";" "  host.hostname = \"$jail_hostname\";" '  exec.clean;' \
    "  exec.consolelog = \"$(jail_log "$1")\";" '  mount.devfs;'
  [ -z "$jail_mounts" ] || printf '  mount.fstab = "%s";\n' "$(jail_fstab "$1")"
  if racct_on; then
    [ -z "$jail_memory" ] || printf '  exec.prestart += "/usr/bin/rctl -a jail:%s:memoryuse:deny=%s";\n' "$1" "$jail_memory"
    [ -z "$jail_cpus" ] || printf '  exec.prestart += "/usr/bin/rctl -a jail:%s:pcpu:deny=%s";\n' "$1" $((jail_cpus * 100))
    [ -z "$jail_memory$jail_cpus" ] || printf '  exec.poststop += "/usr/bin/rctl -r jail:%s";\n' "$1"
  fi
  if [ -n "$jail_address" ]; then
    pair=$(jail_epair "$jail_address")
    printf '  %s;\n' 'devfs_ruleset = 5' vnet "vnet.interface = \"${pair}b\"" \
      "exec.prestart += \"/sbin/ifconfig $pair create\"" \
      "exec.prestart += \"/sbin/ifconfig ${pair}a group $jail_group up\"" \
      "exec.prestart += \"/sbin/ifconfig $FBDOCK_JAIL_BRIDGE addm ${pair}a\"" \
      'exec.start += "/sbin/ifconfig lo0 inet 127.0.0.1/8 up"' \
      "exec.start += \"/sbin/ifconfig ${pair}b inet $jail_address/$FBDOCK_JAIL_PREFIX up\"" \
      "exec.start += \"/sbin/route -q -n add default $FBDOCK_JAIL_GATEWAY\"" \
      "exec.poststop += \"/sbin/ifconfig ${pair}a destroy\""
  else
    printf '  %s = inherit;\n' ip4 ip6
  fi
  for word in $jail_allow; do
    printf '  allow.%s;\n' "$word"
  done
  printf '%s\n' '  exec.start += "/bin/sh /etc/rc";' '  exec.stop = "/bin/sh /etc/rc.shutdown jail";' '}'
}

# jail_fstab_text NAME is fstab(5) of a jail.
jail_fstab_text() {
  printf '%s\n' "$jail_mounts" | while read -r source target mode _; do
    [ -z "$source" ] || printf '%s %s%s nullfs %s 0 0\n' "$source" "$(jail_path "$1")" "$target" "$mode"
  done
}

# racct_on is true where the kernel counts what jails use: a loader tunable.
racct_on() { [ "$(sysctl -n kern.racct.enable 2>/dev/null)" = 1 ]; }

# jail_stop NAME stops a jail that runs.
jail_stop() {
  jail_runs "$1" || return 0
  change service jail onestop "$1"
  ! jail_runs "$1" || fail "jail $1 does not stop: $(words)" "see $(jail_log "$1"); jls; jail -r $1"
}

# jail_start NAME starts one that does not run. rc.d/jail ends with 0 either way.
jail_start() {
  ! jail_runs "$1" || return 0
  # What a crash has left would be in the way of its own making.
  if [ -n "$jail_address" ] && ifconfig "$(jail_epair "$jail_address")a" >/dev/null 2>&1; then
    change ifconfig "$(jail_epair "$jail_address")a" destroy
  fi
  change service jail onestart "$1"
  jail_runs "$1" || fail "jail $1 does not start: $(words)" "its console: $(jail_log "$1"); in the guest: jail -f $(jail_conf "$1") -c $1"
  [ -z "$jail_mounts" ] || put_fact "jails/$1/started" "$(boot_time)"
}

# jail_boots NAME YES|no keeps the list of jails that rc.d/jail starts. An
# empty list of a system that has jails of its own means all of theirs: a list
# of ours alone would leave those out.
jail_boots() {
  listed=" $(sysrc -n jail_list 2>/dev/null) "
  case $2$listed in
    yes*" $1 "* | no*) ;;
    *)
      if own && sysrc -c jail_enable=YES >/dev/null 2>&1 && [ "$listed" = '  ' ] && [ -s /etc/jail.conf ]; then
        say "warn jail $1 is not started at a boot: an empty jail_list starts the jails of /etc/jail.conf, and one with $1 would leave them out | hint: name them and $1 in jail_list"
        return 0
      fi
      rc_conf_add jail_list "$1"
      rc_conf jail_enable YES
      ;;
  esac
  case $2$listed in
    no*" $1 "*) change sysrc "jail_list-=$1" ;;
  esac
}
