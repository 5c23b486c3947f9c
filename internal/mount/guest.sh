# shellcheck shell=sh
# fbdock's end of a mount, run as root: guest.sh TARGET rw|ro
# SFTP is spoken on standard input and output; what is said for fbdock goes
# to standard error, a line each: "fbdock-mount ready" or
# "fbdock-mount fail KIND WORDS". Ends, with the mount, when its input does.
set -u
target=$1 access=$2
state=/var/run/fbdock-mounts
PATH=$PATH:/sbin:/usr/sbin:/usr/local/bin:/usr/local/sbin
export PATH

fail() {
  echo "fbdock-mount fail $*" >&2
  exit 1
}

# mounted PATH looks into the table alone: a dead mount must not be touched.
if [ -r /proc/self/mounts ]; then
  mounted() {
    grep -qF " $(printf '%s' "$1" | sed 's/\\/\\134/g; s/ /\\040/g; s/	/\\011/g') fuse" /proc/self/mounts
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

# ours PATH is true below a mount of fbdock's, where a target is the
# laptop's and may hold files.
ours() {
  dir=$1
  while [ "$dir" != / ]; do
    dir=$(dirname "$dir")
    mounted "$dir" && return 0
  done
  return 1
}

command -v sshfs >/dev/null || fail no-sshfs 'there is no sshfs'
[ -c /dev/fuse ] || kldload -n fusefs 2>/dev/null || modprobe fuse 2>/dev/null
[ -c /dev/fuse ] || fail no-fuse 'there is no /dev/fuse'

# remember FOLDER writes down what is made for a mount on a computer of the
# user's own, for fbdock-uninstall, whose list has no spaces in names.
remember() {
  case $1 in *[[:space:]]*) return 0 ;; esac
  [ -e "$undo" ] && [ ! -e "$1" ] || return 0
  remember "$(dirname "$1")"
  echo "folder $1 -" >>"$undo"
}
undo=/var/db/fbdock/undo
remember "$target"

# The table names folders without links, such as FreeBSD's /home.
parent=$(dirname "$target")
mkdir -p "$parent" || fail failed "mkdir -p $parent"
parent=$(cd "$parent" && pwd -P) || fail failed "cd $parent"
real=${parent%/}/$(basename "$target")
mkdir -p "$state" || fail failed "mkdir -p $state"
id=$(printf '%s' "$target" | cksum | tr ' ' -)

# What an end of the link left behind.
if old=$(cat "$state/$id.pid" 2>/dev/null) && [ -n "$old" ]; then
  case $(cat "/proc/$old/comm" 2>/dev/null || ps -p "$old" -o comm= 2>/dev/null) in
    *sshfs*) kill "$old" 2>/dev/null && sleep 1 ;;
  esac
fi
tries=0
while mounted "$real"; do
  [ "$tries" -lt 5 ] || fail failed "the mount that was there before does not go: umount $real"
  detach "$real" || sleep 1
  tries=$((tries + 1))
done
mkdir -p "$real" || fail failed "mkdir -p $real"
if [ -n "$(ls -A "$real")" ] && ! ours "$real"; then
  fail not-empty "$real is not empty"
fi

# Edits on the laptop are to be seen within a second. sshfs keeps what a
# listing told to the end of the second (0 means that, 1 up to two), the
# kernel keeps it shortly, and files are read anew at every open: SFTP's
# seconds do not tell two edits apart.
options=allow_other,$access,dcache_timeout=0,attr_timeout=0.1,entry_timeout=0.1
help=$(sshfs -h 2>&1)
case $help in *'-o passive'*) options=passive,$options ;; *) options=slave,$options ;; esac
case $help in *no_contain_symlinks*) options=$options,no_contain_symlinks ;; esac

exec 3<&0
sshfs fbdock:/ "$real" -f -o "$options" <&3 &
pid=$!
exec 3<&- </dev/null
echo "$pid" >"$state/$id.pid"
ready=
while kill -0 "$pid" 2>/dev/null; do
  if mounted "$real"; then
    ready=yes
    echo "$target" >"$state/$id.live"
    echo 'fbdock-mount ready' >&2
    break
  fi
  sleep 0.1
done
wait "$pid"
status=$?
# A later run that took over the place cleans up after itself.
if [ "$(cat "$state/$id.pid" 2>/dev/null)" = "$pid" ]; then
  rm -f "$state/$id.live" "$state/$id.pid"
  if mounted "$real"; then
    detach "$real"
  fi
fi
[ -n "$ready" ] || fail failed "sshfs ended with status $status"
exit 0
