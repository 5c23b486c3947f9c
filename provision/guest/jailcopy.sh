# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: snapshots and copies of jails, their limits and their end. Sourced by
# fbdock-jail and fbdock-uninstall after jail.sh.

snapshot_named() {
  case $1 in
    '' | *[!A-Za-z0-9._-]*) fail "$1 is no name of a snapshot" 'letters, digits and the characters . _ -' ;;
    clone-* | export-*) fail "snapshots whose names begin with ${1%%-*}- are fbdock's own" 'choose another name' ;;
  esac
}

# name_free NAME HOW ends the command where the name is taken. A jail that a
# killed run of the same command has not made to the end is gone on with: it may
# have been used since.
name_free() {
  resumed=
  how=$2
  jail_unfinished "$1"
  if [ -e "$jails_record/$1/making" ] && [ "$(fact "jails/$1/making")" = "$how" ]; then
    resumed=yes
    return 0
  fi
  ! jail_known "$1" || fail "jail $1 is there already" "fbdock jail list; to make it anew: fbdock jail destroy $1"
  ! jail_there "$1" || fail "$(jail_set "$1") is there already, and fbdock has no record of it" "look at it, then zfs destroy it or choose another name"
}

# read_settings [LENGTH] keeps what the host sends of a new jail until the
# command ends, and reads it.
read_settings() {
  new_settings=$run/jail-settings.$$
  unmade=
  trap settings_end EXIT
  if [ $# = 0 ]; then
    (umask 077 && head -c 65536 >"$new_settings" <&4)
  else
    (umask 077 && dd bs=1 count="$1" of="$new_settings" <&4 2>/dev/null)
  fi
  jail_load "$new_settings"
}

# making NAME writes down that a jail is being made, so that what a run that
# is killed has left is known; what a run that fails has made goes at once.
making() {
  [ -n "$resumed" ] || unmade=$1
  [ -d "$jails_record/$1" ] || change mkdir -p "$jails_record/$1"
  [ -n "$resumed" ] || put_fact "jails/$1/making" "$how"
}

settings_end() {
  status=$?
  rm -f "$new_settings" || true # in a folder that a boot empties
  [ "$status" != 0 ] || return 0
  [ -n "$told" ] || say "fail the command ended with status $status | hint: see the end of $log"
  told=1
  [ -z "$unmade" ] || (
    trap - EXIT
    jail_remove "$unmade"
  ) >/dev/null 3>&1 || true
}

# made_whole NAME TEXT ends the making.
made_whole() {
  change rm -f "$jails_record/$1/making"
  finish "$2"
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
# and started again, by the next one where this is killed between; newer
# snapshots are not thrown away.
do_rollback() {
  made "$1"
  snapshot_named "${2:-}"
  data=$(jail_set "$1")
  zfs list -H -t snapshot -o name "$data@$2" >/dev/null 2>&1 || fail "jail $1 has no snapshot $2" "fbdock exec -- zfs list -t snapshot $data"
  exports_stale "$data"
  ! jail_runs "$1" || put_file "$jails_record/$1/restart" 0600 </dev/null
  jail_stop "$1"
  attempt zfs rollback "$data@$2" || {
    why=$(words)
    start_again "$1"
    fail "roll jail $1 back to $2: $why" "newer snapshots are not thrown away: fbdock exec -- zfs list -t snapshot $data; those that you do not need: zfs destroy DATASET@SNAPSHOT"
  }
  changed=1
  start_again "$1"
  finish "$1 is as it was at $2"
}

start_again() {
  [ -e "$jails_record/$1/restart" ] || return 0
  jail_start "$1"
  change rm -f "$jails_record/$1/restart"
}

# exports_stale DATASET takes away the snapshots of exports that were killed.
exports_stale() {
  for stale in $(zfs list -H -t snapshot -d 1 -o name "$1"); do
    case $stale in
      *@export-*) kill -0 "${stale##*@export-}" 2>/dev/null || change zfs destroy "$stale" ;;
    esac
  done
}

# do_clone NAME NEW reads the settings of the new one from standard input.
do_clone() {
  made "$1"
  source_set=$(jail_set "$1")
  source_release=$(zfs get -H -o value fbdock:release "$source_set")
  jail_named "${2:-}"
  name_free "$2" "clone of $1"
  read_settings
  jail_release=$source_release
  jail_check "$2"
  making "$2"
  if ! jail_known "$2"; then
    zfs list -H -t snapshot -o name "$source_set@clone-$2" >/dev/null 2>&1 || change zfs snapshot "$source_set@clone-$2"
    change zfs clone -o "mountpoint=$(jail_path "$2")" -o "fbdock:release=$source_release" "$source_set@clone-$2" "$(jail_set "$2")"
  fi
  keep_settings "$2"
}

# keep_settings NAME makes a jail whose dataset is there what the new settings
# say. It has run before: jail_files writes nothing into one that is known.
keep_settings() {
  put_file "$jails_record/$1/settings" 0600 <"$new_settings"
  jail_converge "$1" "$new_settings"
  made_whole "$1" "$1 is made"
}

# do_export NAME writes a stream of zfs-send(8) to standard output, and nothing else.
do_export() {
  made "$1"
  exports_stale "$(jail_set "$1")"
  snapshot=$(jail_set "$1")@export-$$
  trap export_end EXIT
  try zfs snapshot "$snapshot"
  zfs send -c "$snapshot" >&5 2>"$said" || fail "export jail $1: $(words)" "fbdock exec -- zfs list -t all -r $(jail_set "$1")"
  told=1
  exit 0
}

export_end() {
  status=$?
  zfs destroy "$snapshot" >/dev/null 2>&1 || true
  (exit "$status") || leave
}

# do_import NAME RELEASE LENGTH reads that many bytes of settings and then a stream of
# do_export from standard input. The stream is from a file, and could be one of
# send -R or -p (zfs-send(8)): other datasets and properties, as a mount point in
# FreeBSD's own folders or an NFS share, are not taken.
do_import() {
  jail_named "$1"
  name_free "$1" import
  case ${3:-} in '' | *[!0-9]*) fail 'usage: fbdock-jail import NAME RELEASE LENGTH' ;; esac
  read_settings "$3"
  jail_release=$2
  jail_check "$1"
  making "$1"
  jail_known "$1" || import_files "$1" "$2"
  keep_settings "$1"
}

# import_files NAME RELEASE has the dataset, with what it is asked for alone.
import_files() {
  data=$(jail_set "$1")
  jails_dataset
  receive() { zfs receive -u -o "mountpoint=$(jail_path "$1")" -o "fbdock:release=$2" "$data" <&4; }
  attempt receive "$1" "$2" ||
    fail "import jail $1: $(words)" "is it a file of fbdock jail export, and does pool $(pool) have room? zfs list -o space $(pool)"
  received=$(zfs list -H -r -t filesystem,volume -o name,type "$data")
  [ "$received" = "$(printf '%s\tfilesystem' "$data")" ] ||
    fail "import jail $1: the stream holds more than one file system" 'name a file that fbdock jail export has written'
  received=$(zfs get -H -s received -o property all "$data")
  for property in $received; do
    attempt zfs inherit "$property" "$data" ||
      fail "import jail $1: the stream sets $property: $(words)" 'name a file that fbdock jail export has written'
  done
  received=$(zfs list -H -t snapshot -o name -r "$data")
  for snapshot in $received; do
    change zfs destroy "$snapshot"
  done
}

# do_limits NAME [MEMORY CPUS] shows limits and use, or sets limits first; "-" is none.
do_limits() {
  made "$1"
  if [ $# -ge 3 ]; then
    ! jail_declared "$1" || fail "jail $1 is in fbdock.hcl" 'set memory and cpus there, then fbdock up'
    racct_on || fail "the kernel does not count what jails use" "in the guest: echo kern.racct.enable=1 >>/boot/loader.conf, then fbdock reload"
    sed "s/^jail_memory=.*/jail_memory='${2#-}'/; s/^jail_cpus=.*/jail_cpus='${3#-}'/" "$jails_record/$1/settings" >"$run/jail-limits"
    put_file "$jails_record/$1/settings" 0600 <"$run/jail-limits"
    jail_load "$jails_record/$1/settings"
    # The configuration is for the next start; a jail that runs goes on.
    jail_conf_text "$1" >"$run/jail-conf"
    put_file "$(jail_conf "$1")" 0644 <"$run/jail-conf"
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
  for clone in $(zfs list -H -t snapshot -r -o clones "$data" 2>/dev/null | tr ',' '\n'); do
    [ "$clone" = - ] || change zfs promote "$clone"
  done
  gone() { set_gone "$data"; }
  await 20 gone || fail "zfs destroy -r $data: $(words)" "what uses it? fstat -f $(jail_path "$1")"
  changed=1
  for snapshot in $(zfs list -H -t snapshot -r -o name "$(jails_data)" 2>/dev/null); do
    case $snapshot in
      # What it was a clone of; in use where something else is a clone as well.
      *"@clone-$1") attempt zfs destroy "$snapshot" || note "$snapshot stays: $(words)" ;;
    esac
  done
  jail_kept_by_hand "$1" || change rm -f "$(jail_conf "$1")" "$(jail_fstab "$1")"
  rmdir "$(jail_path "$1")" 2>/dev/null || true
  [ ! -d "$jails_record/$1" ] || change rm -rf "${jails_record:?}/$1"
}
