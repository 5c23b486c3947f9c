# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: snapshots and copies of jails, their limits and their end. Sourced by
# fbdock-jail and fbdock-uninstall after jail.sh.

snapshot_named() {
  case $1 in
    '' | *[!A-Za-z0-9._-]*) fail "$1 is no name of a snapshot" 'letters, digits and the characters . _ -' ;;
  esac
}

name_free() {
  ! jail_known "$1" || fail "jail $1 is there already" "fbdock jail list; to make it anew: fbdock jail destroy $1"
  ! jail_there "$1" || fail "$(jail_set "$1") is there already, and fbdock has no record of it" "look at it, then zfs destroy it or choose another name"
}

# do_snapshot NAME [SNAPSHOT] keeps the jail as it is now.
do_snapshot() {
  made "$1"
  snapshot=${2:-$(date -u +%Y%m%dT%H%M%SZ)}
  snapshot_named "$snapshot"
  attempt zfs snapshot "$(jail_set "$1")@$snapshot" || fail "snapshot of jail $1: $(words)" "fbdock exec -- zfs list -t snapshot $(jail_set "$1")"
  changed=1
  finish "$1@$snapshot"
}

# do_rollback NAME SNAPSHOT puts the jail back. A jail that runs is stopped
# and started again; newer snapshots are not thrown away.
do_rollback() {
  made "$1"
  snapshot_named "${2:-}"
  data=$(jail_set "$1")
  zfs list -H -t snapshot -o name "$data@$2" >/dev/null 2>&1 || fail "jail $1 has no snapshot $2" "fbdock exec -- zfs list -t snapshot $data"
  ran=
  ! jail_runs "$1" || ran=yes
  jail_stop "$1"
  attempt zfs rollback "$data@$2" || {
    why=$(words)
    [ -z "$ran" ] || jail_start "$1"
    fail "roll jail $1 back to $2: $why" "newer snapshots are not thrown away: fbdock exec -- zfs list -t snapshot $data; those that you do not need: zfs destroy DATASET@SNAPSHOT"
  }
  changed=1
  [ -z "$ran" ] || jail_start "$1"
  finish "$1 is as it was at $2"
}

# do_clone NAME NEW reads the settings of the new one from standard input.
do_clone() {
  made "$1"
  source_set=$(jail_set "$1")
  source_release=$(zfs get -H -o value fbdock:release "$source_set")
  jail_named "${2:-}"
  name_free "$2"
  new_settings=$run/jail-settings.$$
  (umask 077 && head -c 65536 >"$new_settings" <&4)
  jail_load "$new_settings"
  jail_release=$source_release
  jail_check "$2"
  zfs list -H -t snapshot -o name "$source_set@clone-$2" >/dev/null 2>&1 || change zfs snapshot "$source_set@clone-$2"
  change zfs clone -o "mountpoint=$(jail_path "$2")" -o "fbdock:release=$source_release" "$source_set@clone-$2" "$(jail_set "$2")"
  keep_settings "$2"
}

# keep_settings NAME makes a jail whose dataset is there what the new settings say.
keep_settings() {
  status=0
  (
    trap - EXIT
    change mkdir -p "$jails_record/$1"
    put_file "$jails_record/$1/settings" 0600 <"$new_settings"
    jail_converge "$1" "$new_settings"
  ) || status=$?
  rm -f "$new_settings"
  if [ "$status" != 0 ]; then
    told=1
    (
      trap - EXIT
      jail_remove "$1"
    ) >/dev/null 3>&1 || true
    exit "$status"
  fi
  changed=1
  finish "$1 is made"
}

# do_export NAME writes a stream of zfs-send(8) to standard output, and nothing else.
do_export() {
  made "$1"
  snapshot=$(jail_set "$1")@export-$$
  trap 'zfs destroy "$snapshot" >/dev/null 2>&1 || true' EXIT
  zfs snapshot "$snapshot" >&2
  zfs send -c "$snapshot" >&5
  told=1
  exit 0
}

# import_refuse NAME TEXT HINT takes away what was received.
import_refuse() {
  ! jail_there "$1" || attempt zfs destroy -r "$(jail_set "$1")" || note "$(jail_set "$1") stays: $(words)"
  rm -f "$new_settings"
  fail "import jail $1: $2" "$3"
}

# do_import NAME RELEASE LENGTH reads that many bytes of settings and then a stream of
# do_export from standard input. The stream is from a file, and could be one of
# send -R or -p (zfs-send(8)): other datasets and properties, as a mount point in
# FreeBSD's own folders or an NFS share, are not taken.
do_import() {
  jail_named "$1"
  name_free "$1"
  case ${3:-} in '' | *[!0-9]*) fail 'usage: fbdock-jail import NAME RELEASE LENGTH' ;; esac
  new_settings=$run/jail-settings.$$
  (umask 077 && dd bs=1 count="$3" of="$new_settings" <&4 2>/dev/null)
  jail_load "$new_settings"
  jail_release=$2
  jail_check "$1"
  data=$(jail_set "$1")
  jails_dataset
  receive() { zfs receive -u -o "mountpoint=$(jail_path "$1")" -o "fbdock:release=$2" "$data" <&4; }
  attempt receive "$1" "$2" ||
    import_refuse "$1" "$(words)" "is it a file of fbdock jail export, and does pool $(pool) have room? zfs list -o space $(pool)"
  changed=1
  received=$(zfs list -H -r -t filesystem,volume -o name,type "$data")
  [ "$received" = "$(printf '%s\tfilesystem' "$data")" ] ||
    import_refuse "$1" 'the stream holds more than one file system' 'name a file that fbdock jail export has written'
  for property in $(zfs get -H -s received -o property all "$data"); do
    attempt zfs inherit "$property" "$data" ||
      import_refuse "$1" "the stream sets $property: $(words)" 'name a file that fbdock jail export has written'
  done
  for snapshot in $(zfs list -H -t snapshot -o name -r "$data"); do
    change zfs destroy "$snapshot"
  done
  keep_settings "$1"
}

# do_limits NAME [MEMORY CPUS] shows limits and use, or sets limits first; "-" is none.
do_limits() {
  made "$1"
  if [ $# -ge 3 ]; then
    ! jail_declared "$1" || fail "jail $1 is in fbdock.hcl" 'set memory and cpus there, then fbdock up'
    sed "s/^jail_memory=.*/jail_memory='${2#-}'/; s/^jail_cpus=.*/jail_cpus='${3#-}'/" "$jails_record/$1/settings" | put_file "$jails_record/$1/settings" 0600
    jail_load "$jails_record/$1/settings"
    racct_on || fail "the kernel does not count what jails use" "in the guest: echo kern.racct.enable=1 >>/boot/loader.conf, then fbdock reload"
    # The configuration is for the next start; a jail that runs goes on.
    jail_conf_text "$1" | put_file "$(jail_conf "$1")" 0644
    attempt rctl -r "jail:$1" || true
    [ -z "$jail_memory" ] || ! jail_runs "$1" || change rctl -a "jail:$1:memoryuse:deny=$jail_memory"
    [ -z "$jail_cpus" ] || ! jail_runs "$1" || change rctl -a "jail:$1:pcpu:deny=$((jail_cpus * 100))"
  fi
  printf 'fbdock-jail-limit memory %s\nfbdock-jail-limit cpus %s\n' "${jail_memory:--}" "${jail_cpus:--}" >&5
  racct_on || printf 'fbdock-jail-limit off kern.racct.enable\n' >&5
  if racct_on && jail_runs "$1"; then
    rctl -u "jail:$1" | awk -F = '$1 == "memoryuse" || $1 == "pcpu" || $1 == "maxproc" { print "fbdock-jail-used " $1 " " $2 }' >&5
  fi
  told=1
  exit 0
}

# jail_remove NAME takes away all that was made of a jail. Datasets that were
# cloned from it keep what they share with it.
jail_remove() {
  data=$(jail_set "$1")
  [ ! -e "$(jail_conf "$1")" ] || jail_stop "$1"
  jail_boots "$1" no
  if jail_there "$1"; then
    for clone in $(zfs list -H -t snapshot -r -o clones "$data" | tr ',' '\n'); do
      [ "$clone" = - ] || change zfs promote "$clone"
    done
    gone() { attempt zfs destroy -r "$data"; }
    await 20 gone || fail "zfs destroy -r $data: $(words)" "what uses it? fstat -f $(jail_path "$1")"
    changed=1
  fi
  if [ -e "$(jail_conf "$1")" ] && head -n 1 "$(jail_conf "$1")" | grep -q "^$jail_mark"; then
    change rm -f "$(jail_conf "$1")" "$(jail_fstab "$1")"
  fi
  rmdir "$(jail_path "$1")" 2>/dev/null || true
  [ ! -d "$jails_record/$1" ] || change rm -rf "${jails_record:?}/$1"
}
