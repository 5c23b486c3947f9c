# shellcheck shell=sh disable=SC2154
# fbdock's end of a mount, run as root: guest.sh TARGET rw|ro
# SFTP is spoken on standard input and output; what is said for fbdock goes
# to standard error, a line each: "fbdock-mount ready", "fbdock-mount stays" or
# "fbdock-mount fail KIND WORDS". Ends, with the mount, when its input does.
#
# Where it says that the mount stays, this ends without it: containers have
# bound what is mounted, and their binds would lead nowhere for good. The sshfs
# of the mount waits for the next run of this to connect to it again. Who wants
# it gone leaves a file ID.end first.
target=$1 access=$2

command -v sshfs >/dev/null || fail no-sshfs 'there is no sshfs'
[ -c /dev/fuse ] || kldload -n fusefs 2>/dev/null || modprobe fuse 2>/dev/null
[ -c /dev/fuse ] || fail no-fuse 'there is no /dev/fuse'

remember "$target"

# The table names folders without links, such as FreeBSD's /home.
parent=$(dirname "$target")
[ -d "$parent" ] || ours "$target" || points parent "$target" || exit 1
mkdir -p "$parent" || fail failed "mkdir -p $parent"
parent=$(cd "$parent" && pwd -P) || fail failed "cd $parent"
real=${parent%/}/$(basename "$target")
mkdir -p "$state" || fail failed "mkdir -p $state"
id=$(printf '%s' "$target" | cksum | tr ' ' -)

# Containers run in the engine, and only there is socat.
stays=
[ "$(uname -s)" != Linux ] || ! command -v socat >/dev/null || stays=yes

# take_over makes this run the one that has the mount. The run of before, whose
# link is lost, ends first: it clears away what would be this one's otherwise.
take_over() {
  before=$(cat "$state/$id.run" 2>/dev/null)
  run=$$
  echo "$run" >"$state/$id.run"
  # One that waits for sshfs does not see that its link is gone.
  if old=$(cat "$state/$id.relay" 2>/dev/null) && [ "$(cat "/proc/$old/comm" 2>/dev/null)" = socat ]; then
    kill "$old"
  fi
  tries=0
  while [ -n "$before" ] && [ "$tries" -lt 50 ] && grep -qs fbdock-mount "/proc/$before/cmdline"; do
    sleep 0.1
    tries=$((tries + 1))
  done
}
[ -z "$stays" ] || take_over

# What an end of the link left behind.
kept=
if pid=$(sshfs_of "$id"); then
  if [ -n "$stays" ] && mounted "$real" && [ "$(cat "$state/$id.stays" 2>/dev/null)" = "$access" ]; then
    kept=yes
  else
    ended "$pid"
  fi
fi
if [ -z "$kept" ]; then
  rm -f "$state/$id.stays"
  tries=0
  while mounted "$real"; do
    [ "$tries" -lt 5 ] || fail failed "the mount that was there before does not go: umount $real"
    detach "$real" || sleep 1
    tries=$((tries + 1))
  done
  ours "$real" || points prepare "$target" || exit 1
  mkdir -p "$real" || fail failed "mkdir -p $real"
  if [ -n "$(ls -A "$real")" ] && ! ours "$real"; then
    fail not-empty "$real is not empty"
  fi
fi

# answers PATH asks the host for what sshfs and the kernel cannot remember: a relay
# that sshfs has not connected to does not see its input end.
answers() {
  case $(LC_ALL=C ls -d "$1/.fbdock-$id-$run" 2>&1) in
    *': No such file or directory' | *': Permission denied' | "$1"*) ;;
    *) return 1 ;;
  esac
}

# wanted: sshfs and its relay run, and nobody wants the mount gone.
wanted() { kill -0 "$pid" 2>/dev/null && kill -0 "$relay" 2>/dev/null && [ ! -e "$state/$id.end" ]; }

# announce tells when the host answers by this run. sshfs mounts before it
# connects, and connects again when it is asked. Where sshfs ends the relay is
# told, which nobody would connect to.
announce() {
  until mounted "$real" && answers "$real"; do
    wanted || break
    sleep 0.2
  done
  if wanted; then
    echo "$target" >"$state/$id.live"
    echo "$run" >"$state/$id.ready"
    echo 'fbdock-mount ready' >&2
  else
    kill "$relay" 2>/dev/null
  fi
}

# serve_again connects the sshfs that is there, or a new one, with standard
# input and output. sshfs has no way to wait: socat does, and what is read or
# written meanwhile waits as well. Files that were open are told of an error.
# After a loss many of these run at once, on a processor that may be emulated:
# nothing here is asked again and again while there is nothing to do.
serve_again() {
  socket=$state/$id.sock
  rm -f "$socket" "$state/$id.end" "$state/$id.ready"
  exec 3<&0
  (umask 077 && exec socat -t0.1 -b131072 STDIO "UNIX-LISTEN:$socket" <&3 3<&-) &
  relay=$!
  echo "$relay" >"$state/$id.relay"
  exec 3<&- </dev/null
  if [ -z "$kept" ]; then
    # sshfs gives this the arguments of ssh. What an sshfs left behind that has
    # ended never connects, or it would take the place of the one after it.
    echo "$run" >"$state/$id.first"
    cat >"$state/$id.connect" <<END
n=0
while [ \$n -lt 40 ]; do
  read -r first 2>/dev/null <"$state/$id.first" && [ "\$first" = $run ] || exit 1
  [ ! -S "$socket" ] || exec socat -t0.1 -b131072 STDIO "UNIX-CONNECT:$socket,retry=5,interval=0.2"
  n=\$((n + 1))
  if [ \$n -lt 5 ]; then sleep 0.1; else sleep 0.5; fi
done
exit 1
END
    options=reconnect,ssh_command="sh $state/$id.connect",$options
    setsid sshfs fbdock:/ "$real" -f -o "$options" >"$state/$id.log" 2>&1 &
    pid=$!
    echo "$pid" >"$state/$id.pid"
    echo "$access" >"$state/$id.stays"
  fi
  echo 'fbdock-mount stays' >&2
  announce >/dev/null &
  announcer=$!
  wait "$relay"
  kill "$announcer" 2>/dev/null
  wait "$announcer" 2>/dev/null # or it might still write what is removed below
  # Another that has taken over goes on.
  [ "$(cat "$state/$id.run" 2>/dev/null)" = "$run" ] || exit 0
  ready=
  [ "$(cat "$state/$id.ready" 2>/dev/null)" != "$run" ] || ready=yes
  rm -f "$state/$id.live" "$socket"
  if [ -e "$state/$id.end" ] || ! kill -0 "$pid" 2>/dev/null || [ -z "$ready" ]; then
    rm -f "$state/$id.stays" "$state/$id.pid" "$state/$id.end" "$state/$id.connect" "$state/$id.first" "$state/$id.ready"
    mounted "$real" && detach "$real"
    ended "$pid"
    ours "$real" || points close "$target"
  fi
  [ -n "$ready" ] || fail failed "sshfs ended: $(tail -n 1 "$state/$id.log")"
}

# Edits on the host are to be seen within a second. sshfs keeps what a
# listing told to the end of the second (0 means that, 1 up to two), the
# kernel keeps it shortly, and files are read anew at every open: SFTP's
# seconds do not tell two edits apart.
options=allow_other,$access,dcache_timeout=0,attr_timeout=0.1,entry_timeout=0.1
help=$(sshfs -h 2>&1)
case $stays,$help in
  yes,*) ;;
  *'-o passive'*) options=passive,$options ;;
  *) options=slave,$options ;;
esac
case $help in *no_contain_symlinks*) options=$options,no_contain_symlinks ;; esac

if [ -n "$stays" ]; then
  serve_again
  exit 0
fi

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
  ours "$real" || points close "$target"
fi
[ -n "$ready" ] || fail failed "sshfs ended with status $status"
exit 0
