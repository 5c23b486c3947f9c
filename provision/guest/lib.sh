# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: what every guest step shares. Sourced, never run by itself.
#
# A step says "fbdock-step NAME begin|ok|skip|reboot|fail|warn TEXT" on stdout and
# nothing else there; what its commands say goes to the log. It may be killed
# anywhere: files appear whole or not at all, and a marker is written after
# the thing that it vouches for.

PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin
LC_ALL=C
export PATH LC_ALL
umask 022

libexec=/usr/local/libexec/fbdock
etc=/usr/local/etc/fbdock
db=/var/db/fbdock
run=/var/run/fbdock
log=/var/log/fbdock.log
seed_iso=$db/seed.iso

# shellcheck source=/dev/null
. "$etc/fbdock.env"

# A proxy is for pkg and fetch; empty values stay out of the environment.
if [ -n "${FBDOCK_HTTP_PROXY:-}" ]; then
  http_proxy=$FBDOCK_HTTP_PROXY HTTP_PROXY=$FBDOCK_HTTP_PROXY
  export http_proxy HTTP_PROXY
fi
if [ -n "${FBDOCK_HTTPS_PROXY:-}" ]; then
  https_proxy=$FBDOCK_HTTPS_PROXY HTTPS_PROXY=$FBDOCK_HTTPS_PROXY
  export https_proxy HTTPS_PROXY
fi
if [ -n "${FBDOCK_NO_PROXY:-}" ]; then
  no_proxy=$FBDOCK_NO_PROXY NO_PROXY=$FBDOCK_NO_PROXY
  export no_proxy NO_PROXY
fi

step=
changed=
told=

# begin NAME opens a step: stdout is kept as descriptor 3 for say, the rest
# of the output goes to the log.
begin() {
  step=$1
  [ -d "$run" ] || mkdir -m 0700 "$run"
  [ -d "$db" ] || mkdir -p "$db"
  [ -e "$log" ] || (umask 077 && : >>"$log")
  exec 3>&1 >>"$log" 2>&1 </dev/null
  trap leave EXIT
  say begin
  stamp=$(date -u +%FT%TZ)
  note "begin $step"
}

# leave tells of an end that nobody told of: a command that failed under
# set -e outside of try.
leave() {
  status=$?
  if [ "$status" != 0 ] && [ -z "$told" ]; then
    printf 'fbdock-step %s fail the step ended with status %s | hint: see the end of %s\n' "$step" "$status" "$log" >&3
    exit 1
  fi
}

say() { printf 'fbdock-step %s %s\n' "$step" "$*" >&3; }

# The lines of one step bear the time of its begin.
stamp=
note() { printf '%s fbdock[%s]: %s\n' "${stamp:-$(date -u +%FT%TZ)}" "$step" "$*" >>"$log"; }

ends=$(printf '\n\t\r')

# one_line TEXT prints the start of a text, with a space where lines and columns
# of it end. Nothing but builtins: each command that a step gives goes through it.
one_line() (
  set -f
  IFS=$ends
  # shellcheck disable=SC2086 # it is split, and put together again
  set -- $1
  IFS=' '
  printf '%.900s' "$*"
)

# fail TEXT [HINT] ends the step.
fail() {
  told=1
  text=$(one_line "$1")
  note "fail $text"
  say "fail $text${2:+ | hint: $2}"
  exit 1
}

# finish TEXT ends the step: ok when it changed something, else skip.
finish() {
  if [ -n "$changed" ]; then
    note "ok $1"
    say "ok $1"
  else
    say "skip $1"
  fi
  exit 0
}

# attempt CMD... runs a command with its words in the log and in $said; its
# status is returned and kept in rc. The words go through a file, not a
# pipe, so that a daemon that it leaves behind cannot hold us.
said=$run/words
attempt() {
  rc=0
  say "run $(one_line "$*")"
  "$@" >"$said" 2>&1 3>&- || rc=$?
  note "$* [$rc]"
  [ ! -s "$said" ] || cat "$said" >>"$log"
  return "$rc"
}

# words is the line of what the attempted command said that tells why it
# failed. All of the last lines are details, for who wants to see more.
words() {
  tail -n 6 "$said" | while IFS= read -r line; do
    [ -z "$line" ] || say "detail $(one_line "$line")"
  done
  awk 'NF { last = $0 }
    NF && !cause && tolower($0) ~ /error|cannot|could not|fail|denied|refused|not found|no such|unable|invalid|not permitted|does not|no space/ { cause = $0 }
    END { if (cause) last = cause; print substr(last, 1, 200) }' "$said"
}

# try CMD... is attempt for what must succeed; set hint before it to say
# what the user can do.
hint=
try() {
  attempt "$@" || {
    cause=$(words)
    fail "${cause:+$cause: }$(printf '%.200s' "$*") ended with status $rc" "${hint:-see the end of $log}"
  }
}

# change CMD... is try for a command that changes the machine.
change() {
  try "$@"
  changed=1
}

# put_file PATH MODE makes stdin the content of a file of fbdock's own.
put_file() {
  new=${1%/*}/.${1##*/}.fbdock-new
  (umask 077 && cat >"$new") || fail "write $new" "is the disk full? df -h"
  if [ -f "$1" ] && cmp -s "$new" "$1"; then
    rm -f "$new"
    [ "$(stat -f %Lp "$1")" = "${2#0}" ] || change chmod "$2" "$1"
    return 0
  fi
  [ "$2" = 0600 ] || try chmod "$2" "$new"
  change mv -f "$new" "$1"
}

# put_dir FROM TO MODE [OWNER] makes TO a copy of the directory FROM, as a
# whole: what a killed run left beside it goes.
put_dir() {
  for left in "$2.fbdock-new" "$2.fbdock-old"; do
    [ ! -e "$left" ] || [ ! -e "$2" ] || change rm -rf "$left"
  done
  if [ -d "$2" ] && diff -rq "$1" "$2" >/dev/null 2>&1; then
    return 0
  fi
  try rm -rf "$2.fbdock-new"
  try cp -R "$1" "$2.fbdock-new"
  try chmod -R "$3" "$2.fbdock-new"
  [ -z "${4:-}" ] || try chown -R "$4" "$2.fbdock-new"
  [ ! -e "$2" ] || try mv -f "$2" "$2.fbdock-old"
  change mv -f "$2.fbdock-new" "$2"
  try rm -rf "$2.fbdock-old"
}

# own is true on a computer of the user's own, where little is fbdock's to
# decide. A VM is fbdock's as a whole.
own() { [ "${FBDOCK_OWN_COMPUTER:-no}" = yes ]; }

# beside is true where the engine is a VM of the provider beside this FreeBSD,
# so that nothing of a hypervisor runs here.
beside() { [ "${FBDOCK_PLACEMENT:-nested}" = sibling ]; }

# by_agent is true where there is no network to that engine: the agent on the host
# has FreeBSD's sshd listen at the loopback, and leads to the engine's dockerd and sshd.
by_agent() { [ "${FBDOCK_ENGINE_REACH:-network}" = agent ]; }

# remember KIND NAME [VALUE] writes down what was there before fbdock's first
# change of it, for fbdock-uninstall; a VM is destroyed as it is.
remember() {
  own || return 0
  ! remembered "$1" "$2" || return 0
  (umask 077 && printf '%s %s %s\n' "$1" "$2" "${3:--}" >>"$db/undo") || fail "write $db/undo" "is the disk full? df -h"
}

remembered() { [ -e "$db/undo" ] && awk -v k="$1" -v n="$2" '$1 == k && $2 == n { f = 1 } END { exit !f }' "$db/undo"; }

# rc_line NAME prints "set VALUE" for a line in rc.conf, "unset" without.
rc_line() {
  if grep -qs "^$1=" /etc/rc.conf /etc/rc.conf.local; then
    echo "set $(sysrc -n "$1")"
  else
    echo unset
  fi
}

# rc_conf NAME VALUE sets one line of rc.conf when it differs.
rc_conf() {
  ! sysrc -c "$1=$2" >/dev/null 2>&1 || return 0
  remember rc "$1" "$(rc_line "$1")"
  change sysrc "$1=$2"
}

# rc_conf_add NAME WORD adds a word to a list in rc.conf.
rc_conf_add() {
  case " $(sysrc -n "$1" 2>/dev/null) " in
    *" $2 "*) ;;
    *)
      remember word "$2" "$1"
      change sysrc "$1+=$2"
      ;;
  esac
}

# sysctl_set OID VALUE sets a running value when it differs.
sysctl_set() {
  was=$(sysctl -n "$1" 2>/dev/null) || was=
  [ "$was" != "$2" ] || return 0
  remember sysctl "$1" "$was"
  change sysctl "$1=$2"
}

# start_service NAME starts one that does not run.
start_service() {
  remember service "$1"
  change service "$1" onestart
}

# restart_hint is what a reboot takes here.
restart_hint() {
  if own; then
    echo 'reboot this computer when it suits you, then run fbdock up again'
  else
    echo 'reboot the guest: vagrant reload'
  fi
}

# await SECONDS TEST... polls until the test is true.
await() {
  left=$1
  shift
  until "$@"; do
    [ "$left" -gt 0 ] || return 1
    left=$((left - 1))
    sleep 1
  done
}

# boot_time tells this boot from others.
boot_time() { sysctl -n kern.boottime | awk '{ sub(",", "", $4); print $4 }'; }

# fact NAME prints what an earlier step wrote down, one line.
fact() {
  line=
  [ ! -e "$db/$1" ] || IFS= read -r line <"$db/$1" || true
  printf '%s\n' "$line"
}

put_fact() {
  put_file "$db/$1" 0644 <<END
$2
END
}

# pool is ZFS' pool for fbdock, chosen by the storage step.
pool() { fact pool; }
zvol() { printf '/dev/zvol/%s/fbdock/vm/%s' "$(pool)" "$1"; }

# The user of this guest: who came through sudo, else Vagrant's.
guest_user() {
  login=${SUDO_USER:-${DOAS_USER:-root}}
  [ "$login" != root ] || login=${FBDOCK_USER:-vagrant}
  echo "$login"
}
home_of() { getent passwd "$1" | cut -d : -f 6; }

# shares TYPE lists the shares of a type: lines "NAME TYPE TARGET". Nothing but
# builtins: what could fail here would be a share that is not there.
shares() {
  printf '%s\n' "${FBDOCK_SHARES:-}" | while read -r name type target; do
    case $type in
      "$1") ;;
      '') continue ;;
      *) [ "$1" = all ] || continue ;;
    esac
    printf '%s %s %s\n' "$name" "$type" "$target"
  done
}

ssh_engine() {
  # shellcheck disable=SC2046,SC2029 # words without spaces; the command is for the engine
  ssh $(ssh_options) "root@$FBDOCK_ENGINE_ADDRESS" "$@"
}

# ssh_within SECONDS ... is ssh_engine with an end.
ssh_within() {
  seconds=$1
  shift
  # shellcheck disable=SC2046
  timeout -k 1 "$seconds" ssh $(ssh_options) "root@$FBDOCK_ENGINE_ADDRESS" "$@"
}

ssh_options() {
  echo "-i $etc/client/ssh/id_ed25519 -o UserKnownHostsFile=$etc/client/ssh/known_hosts" \
    '-o StrictHostKeyChecking=yes -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=5' \
    "-o ServerAliveInterval=10 -o ServerAliveCountMax=3 -p ${FBDOCK_ENGINE_SSH:-22}"
}
