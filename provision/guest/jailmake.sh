# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: makes a jail what its settings say. Sourced after jail.sh and jailbase.sh, with jailrenew.sh.

# jail_network_up has the bridge of the jails, forwarding and the rules of pf.
jail_network_up() {
  if ! remembered interface "$FBDOCK_JAIL_BRIDGE" && [ "$(fact jail-bridge)" != "$FBDOCK_JAIL_BRIDGE" ]; then
    ! ifconfig "$FBDOCK_JAIL_BRIDGE" >/dev/null 2>&1 || fail "$FBDOCK_JAIL_BRIDGE is there already, and fbdock did not make it" "rename it: jails need $FBDOCK_JAIL_BRIDGE"
    other=$(
      FBDOCK_ENGINE_NETWORK=$FBDOCK_JAIL_NETWORK
      FBDOCK_ENGINE_GATEWAY=$FBDOCK_JAIL_GATEWAY
      FBDOCK_BRIDGE=$FBDOCK_JAIL_BRIDGE
      overlaps
    )
    [ -z "$other" ] || fail "jail_network $FBDOCK_JAIL_NETWORK overlaps the guest's own network $other" 'choose another jail_network in fbdock.hcl, for example 10.80.0.0/24'
    remember interface "$FBDOCK_JAIL_BRIDGE"
  fi
  put_fact jail-bridge "$FBDOCK_JAIL_BRIDGE"
  rc_conf_add cloned_interfaces "$FBDOCK_JAIL_BRIDGE"
  rc_conf "ifconfig_$FBDOCK_JAIL_BRIDGE" "inet $FBDOCK_JAIL_GATEWAY/$FBDOCK_JAIL_PREFIX up"
  rc_conf gateway_enable YES
  sysctl_set net.inet.ip.forwarding 1
  ifconfig "$FBDOCK_JAIL_BRIDGE" >/dev/null 2>&1 || change ifconfig "$FBDOCK_JAIL_BRIDGE" create
  for address in $(ifconfig "$FBDOCK_JAIL_BRIDGE" | awk '$1 == "inet" { print $2 }'); do
    [ "$address" = "$FBDOCK_JAIL_GATEWAY" ] || change ifconfig "$FBDOCK_JAIL_BRIDGE" inet "$address" delete
  done
  ifconfig "$FBDOCK_JAIL_BRIDGE" | grep -q "inet $FBDOCK_JAIL_GATEWAY " ||
    change ifconfig "$FBDOCK_JAIL_BRIDGE" inet "$FBDOCK_JAIL_GATEWAY/$FBDOCK_JAIL_PREFIX" up
  ext=$(egress)
  [ -n "$ext" ] || fail 'the guest has no default route' 'see netstat -rn in the guest'
  anchor_up "$ext"
}

# jail_has_address NAME is true where a jail was made with the address of the
# settings that are loaded.
jail_has_address() { grep -qxF "jail_address='$jail_address'" "$jails_record/$1/settings"; }

# jail_give_up NAME stops a jail whose address is to be another: the next one to
# be started may have the old one, and so its interfaces.
jail_give_up() {
  jail_known "$1" || return 0
  jail_load "$etc/jails/$1/settings"
  jail_has_address "$1" || jail_stop "$1"
}

# jail_check NAME refuses settings that cannot be, before anything is made.
jail_check() {
  if ! jail_known "$1"; then
    ! jail_kept_by_hand "$1" || fail "$(jail_conf "$1") is there already, and fbdock did not write it" "give the jail another name"
    ! jail_runs "$1" || fail "a jail $1 runs already, and fbdock did not make it" 'give the jail another name; jls shows those that run'
    if [ -d "$jails_root" ] && ! zfs list -H -o name "$(jails_data)" >/dev/null 2>&1 && [ -n "$(ls -A "$jails_root")" ]; then
      fail "$jails_root is not empty, and fbdock did not make it" "move what is in it: jails of fbdock are mounted there"
    fi
  fi
  kernel=$(freebsd-version -k)
  kernel=${kernel%%-*}
  ! jail_newer "$jail_release" "$kernel" ||
    fail "jail $1: release $jail_release is newer than the guest's kernel, $kernel" "set release to \"$kernel\" or an older one"
  [ -z "$jail_address" ] || for other in $(jails_known); do
    [ "$other" != "$1" ] || continue
    # Of two declared ones each has its own, and may get that of the other.
    if jail_declared "$1" && jail_declared "$other"; then continue; fi
    ! jail_has_address "$other" || fail "jail $1: address $jail_address is that of jail $other" 'choose a free one: fbdock jail list'
  done
  printf '%s\n' "$jail_mounts" | while read -r source _ _ mount; do
    [ -z "$source" ] || [ "$mount" != - ] || [ -d "$source" ] || echo "$source"
  done >"$run/jail-missing"
  [ ! -s "$run/jail-missing" ] || fail "jail $1: $(head -n 1 "$run/jail-missing") does not exist in the guest" 'the copy of the folder comes with fbdock up'
}

# jail_points NAME makes the mount points in a jail that does not run, through
# no link of the jail's; jail(8) refuses links there by itself.
jail_points() {
  for target in $(printf '%s\n' "$jail_mounts" | awk 'NF { print $2 }'); do
    at=$(jail_path "$1")
    for part in $(printf '%s' "$target" | tr / ' '); do
      at=$at/$part
      [ ! -L "$at" ] || fail "jail $1: its mount point $target leads through a link, $at" "remove the link in the jail, or choose another target"
      [ -d "$at" ] || change mkdir "$at"
    done
  done
}

# jails_dataset has the parent of the jails' datasets, and their folder. Who is
# not root in FreeBSD has no business there: root of a jail can leave programs in
# it that are root's for whoever reaches them.
jails_dataset() {
  if [ ! -d "$jails_root" ]; then
    remember folder "$jails_root"
    change mkdir -m 0700 "$jails_root"
  fi
  zfs list -H -o name "$(jails_data)" >/dev/null 2>&1 || change zfs create -o mountpoint=none "$(jails_data)"
}

# jail_unfinished NAME takes away what a killed fbdock-jail has left of a jail
# that was no jail yet: one without settings has never been started. What was
# received of a stream is not checked yet.
jail_unfinished() {
  [ -e "$jails_record/$1/making" ] || return 0
  ! jail_known "$1" || return 0
  set_gone "$(jail_set "$1")" || fail "zfs destroy -r $(jail_set "$1"): $(words)" "what uses it? fstat -f $(jail_path "$1")"
  jail_kept_by_hand "$1" || change rm -f "$(jail_conf "$1")" "$(jail_fstab "$1")"
  change rm -rf "${jails_record:?}/$1"
}

# jail_files NAME has dataset, configuration and fstab. A jail whose
# configuration changes is stopped by what it was started by.
jail_files() {
  data=$(jail_set "$1")
  jails_dataset
  if ! jail_there "$1"; then
    base_make "$jail_release"
    change zfs clone -o "mountpoint=$(jail_path "$1")" -o "fbdock:release=$jail_release" "$(jails_base)/$jail_release@base" "$data"
  fi
  mounted=$(zfs get -H -o value mounted "$data") || fail "zfs get mounted $data: status $?"
  [ "$mounted" = yes ] || change zfs mount "$data"
  [ -d /etc/jail.conf.d ] || remember folder /etc/jail.conf.d
  [ -d /etc/jail.conf.d ] || change mkdir -p /etc/jail.conf.d
  # Root of a jail can put links in the place of its files: nothing is written
  # there once it may have run, but by jail(8) and from within.
  ! jail_fresh "$1" || for file in resolv.conf localtime; do
    [ ! -e "/etc/$file" ] || cmp -s "/etc/$file" "$(jail_path "$1")/etc/$file" || change cp "/etc/$file" "$(jail_path "$1")/etc/$file"
  done
  if jail_kept_by_hand "$1"; then
    note "$(jail_conf "$1") is kept by hand: left as it is"
    return 0
  fi
  jail_conf_text "$1" >"$run/jail-conf"
  jail_fstab_text "$1" >"$run/jail-fstab"
  if jail_runs "$1" && ! { cmp -s "$run/jail-conf" "$(jail_conf "$1")" && { [ -z "$jail_mounts" ] || cmp -s "$run/jail-fstab" "$(jail_fstab "$1")"; }; }; then
    jail_stop "$1"
  fi
  jail_runs "$1" || jail_points "$1"
  put_file "$(jail_conf "$1")" 0644 <"$run/jail-conf"
  if [ -n "$jail_mounts" ]; then
    put_file "$(jail_fstab "$1")" 0644 <"$run/jail-fstab"
  elif [ -e "$(jail_fstab "$1")" ]; then
    change rm -f "$(jail_fstab "$1")"
  fi
}

# jail_inside NAME has packages and scripts in a jail that runs.
jail_inside() {
  for package in $jail_packages; do
    attempt pkg -j "$1" info -e "$package" && continue
    attempt env ASSUME_ALWAYS_YES=yes pkg -j "$1" install -y "$package" ||
      fail "pkg -j $1 install -y $package: $(words)" "does the jail reach pkg.FreeBSD.org? fbdock jail exec $1 -- cat /etc/resolv.conf"
    changed=1
  done
  for script in "$etc/jails/$1"/[0-9][0-9]-*; do
    [ -e "$script" ] || continue
    name=jails/$1/${script##*/}
    sum=$(sha256 -q "$script")
    [ "$(fact "$name")" != "$sum" ] || continue
    attempt jail_script "$1" "$script" || fail "jail $1: script ${script##*/[0-9][0-9]-} ended with status $rc: $(words)" "its output is in $log in the guest"
    changed=1
    put_fact "$name" "$sum"
  done
}

jail_script() { jexec -l "$1" /bin/sh -s <"$2"; }

# jail_converge NAME FILE makes a jail what the settings in FILE say.
jail_converge() {
  jail_load "$2"
  jail_check "$1"
  had=$(zfs get -H -o value fbdock:release "$(jail_set "$1")" 2>/dev/null) || had=
  # Without a release of its own it stays what it is when the guest's changes.
  if [ -n "$had" ] && [ "$had" != "$jail_release" ] && [ -n "$jail_of" ]; then
    jail_renew "$1" "$had" "$jail_release"
  elif [ -n "$had" ]; then
    jail_release=$had
  fi
  jail_put_aside "$1"
  [ -z "$jail_address" ] || jail_network_up
  [ -d "$jails_record/$1" ] || change mkdir -p "$jails_record/$1"
  jail_files "$1"
  put_file "$jails_record/$1/settings" 0600 <"$2"
  jail_renewed "$1"
  waits=$(jail_waits)
  if [ "$jail_boot" = yes ] && [ -z "$jail_mounts" ]; then
    jail_boots "$1" yes
  else
    jail_boots "$1" no # one with folders of the host is started when they are there
  fi
  if [ "$jail_boot" = yes ] && [ -z "$waits" ]; then
    jail_start "$1"
  fi
  if jail_runs "$1"; then
    jail_inside "$1"
  fi
}
