# shellcheck shell=sh disable=SC2034
# What both ends of a mount in a guest have in common; guest.sh or copy.sh
# follows it.
set -u
state=/var/run/fbdock-mounts
undo=/var/db/fbdock/undo
PATH=$PATH:/sbin:/usr/sbin:/usr/local/bin:/usr/local/sbin
export PATH

fail() {
  echo "fbdock-mount fail $*" >&2
  exit 1
}

# mounted PATH looks into the table alone: a dead mount must not be touched. It is
# asked again and again, on processors that may be emulated: it starts no more
# programs than it needs.
if [ -r /proc/self/mounts ]; then
  mounted() {
    entry=$1
    case $entry in *[\\[:space:]]*) entry=$(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') ;; esac
    grep -F " $entry fuse" /proc/self/mounts | grep -qv '^fbdock-unmounted '
  }
  detach() { umount -l "$1"; }
else
  mounted() {
    mount | while read -r line; do
      case $line in *" on $1 (fuse"*) echo yes ;; esac
    done | grep -q yes
  }
  detach() { umount -f "$1"; }
fi

# sshfs_of ID gives the process of a mount, if it runs.
sshfs_of() {
  process=$(cat "$state/$1.pid" 2>/dev/null) && [ -n "$process" ] || return 1
  case $(cat "/proc/$process/comm" 2>/dev/null || ps -p "$process" -o comm= 2>/dev/null) in
    *sshfs*) echo "$process" ;;
    *) return 1 ;;
  esac
}

# ended PID ends an sshfs, and waits for that: it unmounts its path last of all,
# which would be the mount of the next one.
ended() {
  kill "$1" 2>/dev/null || return 0
  tries=0
  while kill -0 "$1" 2>/dev/null && ! grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null; do
    [ "$tries" -ne 50 ] || kill -9 "$1" 2>/dev/null
    [ "$tries" -lt 60 ] || return 0
    sleep 0.1
    tries=$((tries + 1))
  done
}

# points COMMAND... is for what fbdock's steps have put here, which keeps the
# mount points; a guest of before has none, and its points are left as they are.
if command=$(command -v fbdock-points || ls /usr/local/libexec/fbdock/fbdock-points 2>/dev/null); then
  points() { sh "$command" "$@" </dev/null; }
else
  points() { :; }
fi

# ours PATH is true below a mount of fbdock's, where a target is the
# host's and may hold files.
ours() {
  dir=${1%/*}
  while [ -n "$dir" ]; do
    mounted "$dir" && return 0
    dir=${dir%/*}
  done
  return 1
}

# remember FOLDER writes down what is made for a mount on a computer of the
# user's own, for fbdock-uninstall, whose list has no spaces in names.
remember() {
  case $1 in *[[:space:]]*) return 0 ;; esac
  [ -e "$undo" ] && [ ! -e "$1" ] || return 0
  remember "$(dirname "$1")"
  echo "folder $1 -" >>"$undo"
}
