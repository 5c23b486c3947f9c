# shellcheck shell=sh
# shellcheck disable=SC2154 # names shared with the scripts that source it
# fbdock: puts back what `remember` of lib.sh has written down. Sourced after
# lib.sh and block.sh.

# before KIND prints "NAME VALUE" for what was remembered, the last first.
before() {
  [ ! -e "$db/undo" ] ||
    awk -v k="$1" '$1 == k { sub(/^[^ ]+ /, ""); l[++n] = $0 } END { while (n) print l[n--] }' "$db/undo"
}

# rc_back NAME OURS puts a line of rc.conf back, if it is still fbdock's.
rc_back() {
  was=$(before rc | awk -v n="$1" '$1 == n { sub(/^[^ ]+ /, ""); print }')
  [ -n "$was" ] || return 0
  # An unknown name has been taken out already.
  now=$(sysrc -n "$1" 2>/dev/null) || return 0
  if [ "$now" != "$2" ]; then
    note "$1 was changed since: left as it is"
    return 0
  fi
  case $was in
    unset) change sysrc -x "$1" ;;
    *) change sysrc "$1=${was#set }" ;;
  esac
}

# sysctl_back OID OURS puts a running value back, if it is still fbdock's.
sysctl_back() {
  was=$(before sysctl | awk -v n="$1" '$1 == n { print $2 }')
  [ -n "$was" ] && [ "$(sysctl -n "$1" 2>/dev/null)" = "$2" ] || return 0
  attempt sysctl "$1=$was" || note "$1 stays at $2: $(words)"
}

# unblock FILE takes fbdock's block out of a file, and fails where there is
# none. The file goes when fbdock made it and nothing else is in it, also when
# the run that took the block out was killed before that.
unblock() {
  found=1
  if [ -e "$1" ] && [ -n "$(block_range "$1")" ]; then
    put_block "$1" ''
    take_block || true
    found=0
  fi
  ! remembered file "$1" || [ -s "$1" ] || rm -f "$1"
  return "$found"
}

# stop_started NAME stops a service that fbdock started and nobody enabled.
stop_started() {
  remembered service "$1" || return 0
  sysrc -c "$2=YES" >/dev/null 2>&1 || ! service "$1" onestatus >/dev/null 2>&1 || change service "$1" onestop
}
