# shellcheck shell=sh
# fbdock: what the engine does with its seed. cloud-init runs it as root once
# per instance-id, with the values set above; running it again is harmless.
#
# It says "fbdock-seed TEXT" on the console and ends with "fbdock-seed done"
# or "fbdock-seed fail WHAT".
# shellcheck disable=SC2154 # the values are set by the lines above this body
set -u
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
state=/var/lib/fbdock
[ -d "$state" ] || mkdir -p "$state"
rm -f "$state/seeded"
exec >>/var/log/fbdock-seed.log 2>&1 </dev/null

# What is said goes to every console, as /dev/console is the last of them
# alone and FreeBSD reads the serial one.
say() {
  echo "fbdock-seed $*"
  for tty in $(cat /sys/class/tty/console/active || echo console); do
    echo "fbdock-seed $*" >"/dev/$tty"
  done
}
fail() {
  say "fail $*: $(tail -n 2 /var/log/fbdock-seed.log | tr '\n' ' ')"
  exit 1
}

# put PATH MODE TEXT writes a file whole; true when it differed.
put() {
  mkdir -p "${1%/*}"
  (umask 077 && printf '%s' "$3" >"$1.fbdock-new") || fail "write $1"
  chmod "$2" "$1.fbdock-new"
  if cmp -s "$1.fbdock-new" "$1"; then
    rm -f "$1.fbdock-new"
    return 1
  fi
  mv -f "$1.fbdock-new" "$1" || fail "write $1"
}

# block FILE TEXT makes TEXT fbdock's part of a file at its end. A second block
# would replace the first: a file gets one, with all lines in it.
blocked=
block() {
  case "$blocked " in *" $1 "*) fail "write $1: it has its block already" ;; esac
  blocked="$blocked $1"
  touch "$1"
  rest=$(sed '/^# BEGIN fbdock$/,/^# END fbdock$/d' "$1") || fail "read $1"
  put "$1" 0644 "$rest
# BEGIN fbdock
$2
# END fbdock
" || true
}

name_servers() {
  # An engine with a network of its own has them of it.
  [ -n "$FBDOCK_DNS" ] || return 0
  lines=
  for address in $FBDOCK_DNS; do
    lines="${lines}nameserver $address
"
  done
  [ ! -L /etc/resolv.conf ] || rm -f /etc/resolv.conf
  put /etc/resolv.conf 0644 "$lines" || true
}

# First, so that a person can look when a later part fails.
ssh_server() {
  # A locked password locks the key out too where sshd has no PAM.
  sed -i 's/^root:![^:]*:/root:*:/' /etc/shadow
  mkdir -p /root/.ssh
  chmod 0700 /root/.ssh
  changed=no
  # The whole file: cloud-init puts the keys there with a refusal before them.
  put /root/.ssh/authorized_keys 0600 "$FBDOCK_AUTHORIZED_KEYS" || true
  put /etc/ssh/fbdock_host_ed25519_key 0600 "$FBDOCK_HOST_KEY" && changed=yes
  put /etc/ssh/sshd_config.d/00-fbdock.conf 0600 'HostKey /etc/ssh/fbdock_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
AllowTcpForwarding yes
AllowStreamLocalForwarding yes
PermitTunnel point-to-point
MaxSessions 200
MaxStartups 100:30:200
' && changed=yes
  if ! grep -q '^Include /etc/ssh/sshd_config.d/' /etc/ssh/sshd_config; then
    rest=$(cat /etc/ssh/sshd_config)
    put /etc/ssh/sshd_config 0600 "Include /etc/ssh/sshd_config.d/*.conf
$rest
" && changed=yes
  fi
  if [ "$changed" = yes ]; then
    rc-service sshd restart || fail 'restart sshd'
  fi
  rc-update add sshd default
}

# The data disk is the second one; it is formatted when it is proven blank.
# Where the provider keeps none, what is in it is in the root disk.
data_disk() {
  data_line=
  if [ "$FBDOCK_DATA_DISK" = no ]; then
    keep_mounts
    return 0
  fi
  if ! disk=$(findfs LABEL=fbdock-data) || [ -z "$disk" ]; then
    disk=/dev/vdb
    [ -b "$disk" ] || fail "no data disk: $disk is not there"
    [ -z "$(blkid "$disk")" ] || fail "$disk is not blank: $(blkid "$disk")"
    head=$(dd if="$disk" bs=1M count=1 | tr -d '\000' | head -c 32)
    # Our own mark: a format that was cut short.
    [ -z "$head" ] || [ "$head" = fbdock-format ] || fail "$disk holds data that no file system claims"
    printf fbdock-format | dd of="$disk" conv=notrunc
    mkfs.ext4 -q -F -L fbdock-data "$disk" || fail "mkfs.ext4 $disk"
  fi
  data_line="LABEL=fbdock-data /var/lib/docker ext4 noatime,discard,nofail 0 2"
  if ! mountpoint -q /var/lib/docker; then
    rc-service docker stop
    mkdir -p /var/lib/docker
    # Without its disk dockerd must not start with an empty store.
    chattr +i /var/lib/docker
    e2fsck -p "$disk"
    mount -o noatime,discard "$disk" /var/lib/docker || fail "mount $disk"
  fi
  resize2fs "$disk" || fail "resize2fs $disk"
  keep_mounts
}

# keep_mounts has what is known of the host's folders survive the root disk, as
# the containers do that bind them.
keep_mounts() {
  mkdir -p /var/lib/docker/fbdock /var/db/fbdock
  ln -sfn /var/lib/docker/fbdock /var/db/fbdock/mounts
}

# The host's folders are mounted by the host. dockerd waits for those that are
# declared.
mount_points() {
  put /usr/local/sbin/fbdock-points 0755 "$FBDOCK_POINTS" || true
  put /usr/local/sbin/fbdock-dockerd 0755 '#!/bin/sh
# Written by fbdock: dockerd, once the folders of the host are mounted.
exec /usr/local/sbin/fbdock-points dockerd "$@"
' || true
}

# docker_service is what holds for dockerd whoever starts it. It does not start
# without the packet filter (rc_need: openrc-run(8)), and OpenRC's script takes
# the program from its settings.
docker_service() {
  block /etc/conf.d/docker 'rc_need="fbdock-firewall"
DOCKERD_BINARY=/usr/local/sbin/fbdock-dockerd'
}

packages() {
  wanted="docker docker-cli-compose openssh-server e2fsprogs e2fsprogs-extra sshfs socat nfs-utils ca-certificates nftables"
  # shellcheck disable=SC2086 # one word per package
  if ! apk info -e $wanted >/dev/null; then
    [ ! -e /etc/apk/repositories ] || grep -q '^[^#].*/community' /etc/apk/repositories ||
      block /etc/apk/repositories "$(sed -n 's,^\([^#].*\)/main$,\1/community,p' /etc/apk/repositories)"
    tries=0
    until apk add --no-cache $wanted; do
      tries=$((tries + 1))
      [ "$tries" -lt 30 ] || fail 'apk add: does the engine reach its repositories?'
      say "apk add failed, trying again: $(tail -n 1 /var/log/fbdock-seed.log)"
      sleep 10
    done
  fi
}

certificates() {
  own=/usr/local/share/ca-certificates/fbdock.crt
  if [ -n "$FBDOCK_CA_CERTIFICATES" ]; then
    put "$own" 0644 "$FBDOCK_CA_CERTIFICATES" || true
  else
    rm -f "$own"
  fi
  update-ca-certificates || fail update-ca-certificates
}

# dockerd refuses to start on a key that it does not know: the settings are
# those of its version. A version that is no number is a build of today's source.
docker_engine() {
  restart=no
  put /etc/docker/tls/ca.pem 0600 "$FBDOCK_TLS_CA" && restart=yes
  put /etc/docker/tls/cert.pem 0600 "$FBDOCK_TLS_CERT" && restart=yes
  put /etc/docker/tls/key.pem 0600 "$FBDOCK_TLS_KEY" && restart=yes
  major=$(dockerd --version | sed -n 's/^Docker version \([0-9][0-9]*\)\..*/\1/p')
  settings=$FBDOCK_DAEMON_29
  if [ "${major:-29}" -lt 23 ]; then
    settings=$FBDOCK_DAEMON_20
  elif [ "${major:-29}" -lt 29 ]; then
    settings=$FBDOCK_DAEMON_23
  fi
  put /etc/docker/daemon.json 0644 "$settings" && restart=yes
  [ "$restart" = no ] || rc-service docker stop
  # Alpine has cgroups in no runlevel, and while OpenRC starts a runlevel, as
  # it does now, it does not start for docker what docker needs.
  rc-update add cgroups sysinit
  rc-service cgroups start || fail 'start cgroups'
  rc-update add docker default
  rc-service docker start || fail 'start docker'
  tries=0
  until docker version >/dev/null 2>&1; do
    [ -e /var/run/fbdock-mounts/waiting ] || tries=$((tries + 1))
    [ "$tries" -lt 120 ] || fail "dockerd does not answer: $(tail -n 2 /var/log/docker.log | tr '\n' ' ')"
    sleep 1
  done
  say "dockerd $(docker version -f '{{.Server.Version}}')"
}

# Plain TCP for those who asked for it. The packet filter lets FreeBSD alone
# come to it: containers reach every address of the engine.
plain_tcp() {
  if [ -z "$FBDOCK_INSECURE_TCP" ]; then
    if [ -e /etc/init.d/fbdock-tcp ]; then
      rc-service fbdock-tcp stop
      rc-update del fbdock-tcp default
      rm -f /etc/init.d/fbdock-tcp
    fi
    return 0
  fi
  put /etc/init.d/fbdock-tcp 0755 "#!/sbin/openrc-run
# Written by fbdock.
supervisor=supervise-daemon
command=/usr/bin/socat
command_args=\"TCP-LISTEN:2375,bind=$FBDOCK_ENGINE_ADDRESS,fork,reuseaddr UNIX-CONNECT:/var/run/docker.sock\"
depend() { need net docker; }
" || true
  rc-update add fbdock-tcp default
  rc-service fbdock-tcp restart || fail 'start fbdock-tcp'
}

# What containers free goes back to FreeBSD's pool.
weekly_trim() {
  put /etc/periodic/weekly/fbdock-fstrim 0755 '#!/bin/sh
# Written by fbdock.
fstrim /var/lib/docker
fstrim /
' || true
  rc-update add crond default
  rc-service crond start
}

# cloud-init does not run a script again that failed: the next boot does.
keep_for_next_boot() {
  if [ "$0" != "$state/setup" ]; then
    (umask 077 && cp "$0" "$state/setup.new") || fail "keep $0"
    mv -f "$state/setup.new" "$state/setup"
  fi
  put /etc/local.d/fbdock.start 0755 "#!/bin/sh
# Written by fbdock: a seed that was not finished is finished now.
[ -e $state/seeded ] || flock /run/fbdock-setup.lock sh $state/setup >/dev/null 2>&1 &
" || true
  rc-update add local default
  # Power may go at any moment, and cloud-init has noted that the script ran.
  sync
}

say "begin $(date -u +%FT%TZ)"
if [ -n "$FBDOCK_HTTP_PROXY$FBDOCK_HTTPS_PROXY" ]; then
  export http_proxy="$FBDOCK_HTTP_PROXY" https_proxy="$FBDOCK_HTTPS_PROXY" no_proxy="$FBDOCK_NO_PROXY"
fi
keep_for_next_boot
[ "$FBDOCK_PLACEMENT" != sibling ] || beside_freebsd
name_servers
ssh_server
say 'ssh is open'
packages
say 'packages are there'
data_disk
certificates
firewall
mount_points
shares "$data_line"
docker_service
docker_engine
plain_tcp
weekly_trim
# The marker stands for files that are on the disk.
sync
date -u +%FT%TZ >"$state/seeded"
sync
say 'done'
