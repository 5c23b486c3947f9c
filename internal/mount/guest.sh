# shellcheck shell=sh disable=SC2154
# fbdock's end of a mount, run as root: guest.sh TARGET rw|ro
# SFTP is spoken on standard input and output; what is said for fbdock goes
# to standard error, a line each: "fbdock-mount ready" or
# "fbdock-mount fail KIND WORDS". Ends, with the mount, when its input does.
target=$1 access=$2

command -v sshfs >/dev/null || fail no-sshfs 'there is no sshfs'
[ -c /dev/fuse ] || kldload -n fusefs 2>/dev/null || modprobe fuse 2>/dev/null
[ -c /dev/fuse ] || fail no-fuse 'there is no /dev/fuse'

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
