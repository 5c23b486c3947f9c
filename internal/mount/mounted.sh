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

# mounted PATH looks into the table alone: a dead mount must not be touched.
if [ -r /proc/self/mounts ]; then
  mounted() {
    grep -F " $(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') fuse" /proc/self/mounts |
      grep -qv '^fbdock-unmounted '
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
  dir=$1
  while [ "$dir" != / ]; do
    dir=$(dirname "$dir")
    mounted "$dir" && return 0
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
