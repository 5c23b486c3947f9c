# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: a jail of another release. Sourced after jailmake.sh.
#
# A clone has one origin for good (zfs-clone(8)), and a release's files over
# those of another are what freebsd-update(8) does, from within. So the jail is
# made anew of the other release, and the old one is put aside with all that it
# has: nothing of it is thrown away or carried over.

# renew_agreed NAME FROM TO is true where the user has said yes on the host.
renew_agreed() { [ -e "$etc/jail-renewals" ] && grep -qxF "$1 $2 $3" "$etc/jail-renewals"; }

# jail_renew NAME FROM TO puts the jail aside. What may fail for long comes
# first; the renaming is the moment from which the jail is another.
jail_renew() {
  renew_agreed "$1" "$2" "$3" ||
    fail "jail $1 is of release $2, and its settings say $3" "fbdock up asks whether to make it anew; or set release to \"$2\""
  base_make "$3"
  data=$(jail_set "$1")
  jail_stop "$1"
  # An answer that did not come is no "it does not run": it would go on in a
  # dataset of another name.
  running=$(jls name) || fail "jls name: status $?" 'fbdock up again'
  for one in $running; do
    [ "$one" != "$1" ] || fail "jail $1 runs still" 'fbdock up again'
  done
  zfs list -H -t snapshot -o name "$data@before-$3" >/dev/null 2>&1 || change zfs snapshot "$data@before-$3"
  zfs list -H -o name "$(jails_kept)" >/dev/null 2>&1 || change zfs create -o mountpoint=none "$(jails_kept)"
  kept=$1-$2
  again=2
  while zfs list -H -o name "$(jails_kept)/$kept" >/dev/null 2>&1; do
    kept=$1-$2-$again
    again=$((again + 1))
  done
  put_fact "jails/$1/renewed" "$kept"
  change zfs rename -u "$data" "$(jails_kept)/$kept"
}

# jail_put_aside NAME has the old one out of the way of the new one, and the
# scripts run again. jail_renewed tells of it when all of it is done.
jail_put_aside() {
  kept=$(fact "jails/$1/renewed")
  [ -n "$kept" ] || return 0
  old=$(jails_kept)/$kept
  if jail_there "$1" && ! zfs list -H -o name "$old" >/dev/null 2>&1; then
    change rm -f "$jails_record/$1/renewed" # it was not renamed
    return 0
  fi
  jail_there "$1" || {
    mounted=$(zfs get -H -o value mounted "$old")
    [ "$mounted" = no ] || change zfs unmount "$old"
    change zfs set canmount=noauto "$old"
    change zfs set "mountpoint=$jails_root/.kept/$kept" "$old"
  }
  for script in "$jails_record/$1"/[0-9][0-9]-*; do
    [ ! -e "$script" ] || change rm -f "$script"
  done
}

# jail_fresh NAME is true for a jail that has not run since it was cloned.
jail_fresh() { ! jail_known "$1" || [ -n "$(fact "jails/$1/renewed")" ]; }

jail_renewed() {
  kept=$(fact "jails/$1/renewed")
  [ -n "$kept" ] || return 0
  say "warn jail $1 is made anew of FreeBSD $jail_release; what it was is kept in $(jails_kept)/$kept | hint: sudo zfs mount $(jails_kept)/$kept shows it at $jails_root/.kept/$kept; when nothing of it is needed: sudo zfs destroy -r $(jails_kept)/$kept"
  change rm -f "$jails_record/$1/renewed"
}
