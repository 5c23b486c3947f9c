# shellcheck shell=sh
# shellcheck disable=SC2154 # the values are assigned by who sends it
# fbdock: looks at a FreeBSD computer of the user's own and says what fbdock
# would change there. Run as root from standard input, after the values of
# fbdock.env, pf.sh and pool.sh. It changes nothing: no module is loaded, no file made.
#
# "fbdock-survey has NAME TEXT", "fbdock-survey change TEXT" and
# "fbdock-survey stop TEXT | hint: TEXT", one line each; "done" is the last.

say() { printf 'fbdock-survey %s\n' "$*" | tr '\t\r' '  '; }
stop() { say "stop $1 | hint: $2"; }
# known KIND NAME is true for a change that fbdock has made before; what is
# lost at a boot comes back when the engine starts.
known() { grep -qs "^$1 $2 " /var/db/fbdock/undo; }
has() { command -v "$1" >/dev/null 2>&1; }
mib=1048576

system() {
  version=$(uname -K)
  say "has system FreeBSD $(freebsd-version -u 2>/dev/null || uname -r), $(uname -m), $(hostname)"
  [ "$version" -ge 1400000 ] || stop "FreeBSD $version is older than 14.0" 'fbdock wants FreeBSD 14 or 15'
  [ "$(uname -m)" = "$FBDOCK_ARCHITECTURE" ] ||
    stop "this computer is $(uname -m), and fbdock.hcl takes it for $FBDOCK_ARCHITECTURE" "set architecture = \"$(uname -m)\" in the machine block"
  memory=$(($(sysctl -n hw.physmem) / mib))
  cpus=$(sysctl -n hw.ncpu)
  say "has computer $cpus CPUs, $memory MiB of memory; the engine takes $FBDOCK_ENGINE_CPUS and $FBDOCK_ENGINE_MEMORY MiB"
  [ "$cpus" -ge "$FBDOCK_ENGINE_CPUS" ] || stop "the engine wants $FBDOCK_ENGINE_CPUS CPUs, and there are $cpus" 'use a computer with more'
  [ "$memory" -ge $((FBDOCK_ENGINE_MEMORY + 1024)) ] ||
    stop "the engine's $FBDOCK_ENGINE_MEMORY MiB and 1024 MiB for the rest are more than there is" 'give the engine less memory, at least 2GiB'
}

# One computer holds one machine: names of files and interfaces are fixed.
owner() {
  [ -e /usr/local/etc/fbdock/fbdock.env ] || return 0
  other=$(sed -n "s/^FBDOCK_INSTANCE='\(.*\)'\$/\1/p" /usr/local/etc/fbdock/fbdock.env)
  [ "$other" = "$FBDOCK_INSTANCE" ] ||
    stop "this computer already holds the machine $other of another project" 'run fbdock destroy in the folder of that project first'
}

bhyve() {
  refused=
  if kldstat -qm vmm; then
    say 'has bhyve yes, its module is loaded'
  elif dmesg | grep -E -q 'VT-x:.*UG|SVM:.*NRIP|SVM: NP,NRIP'; then
    say 'has bhyve yes, by what the processor says'
  elif dmesg | grep -E 'vmx_init|SVM: |MOD_LOAD \(vmm' | tail -n 1 | grep -q .; then
    refused=$(dmesg | grep -E 'vmx_init|SVM: |MOD_LOAD \(vmm' | tail -n 1)
    say "has bhyve no: $refused"
  else
    say 'has bhyve not known until its module is loaded'
  fi
  [ -z "$refused" ] || [ "$FBDOCK_HYPERVISOR" != bhyve ] ||
    stop "bhyve cannot run here: $refused" 'switch virtualization on in the setup of the firmware, or set hypervisor = "auto" for the slow qemu'
}

storage() {
  pool=
  [ ! -e /var/db/fbdock/pool ] || IFS= read -r pool </var/db/fbdock/pool || true
  [ -n "$pool" ] || [ "$FBDOCK_POOL" = auto ] || pool=$FBDOCK_POOL
  [ -n "$pool" ] || pool=$(mount -p | awk '$2 == "/" && $3 == "zfs" { sub("/.*", "", $1); print $1 }')
  [ -n "$pool" ] || pool=$(kldstat -qm zfs && zpool list -H -o name | awk '{ p[NR] = $1 } END { if (NR == 1) print p[1] }')
  if [ -z "$pool" ] || ! kldstat -qm zfs || ! zpool list -H -o name "$pool" >/dev/null 2>&1; then
    stop "there is no ZFS pool ${pool:-to take}, and fbdock takes no disk of yours" \
      'make one as you like it (zpool-create(8)) and name it in fbdock.hcl: storage { pool = "NAME" }'
    return 0
  fi
  say "has pool $pool, $(zpool list -H -o health "$pool"), $(zpool list -H -o capacity "$pool") full, $(zfs get -H -o value available "$pool") free"
  feature=$(lacks_feature "$pool" "$FBDOCK_COMPRESSION") || feature="feature of compression $FBDOCK_COMPRESSION, which this ZFS does not know,"
  [ -z "$feature" ] || stop "pool $pool has not enabled $feature, which compression $FBDOCK_COMPRESSION needs" "$(upgrade_hint "$pool")"
  base=$pool/fbdock
  if ! zfs list -H -o name "$base" >/dev/null 2>&1; then
    say "change ZFS: datasets $base, $base/vm and $base/shares"
    say "change ZFS: volumes $base/vm/root of $((FBDOCK_ROOT_DISK / mib)) MiB and $base/vm/data of $((FBDOCK_ENGINE_DISK / mib)) MiB, which take room as they fill"
  elif [ "$(zfs get -H -o value fbdock:instance "$base")" != "$FBDOCK_INSTANCE" ]; then
    stop "$base is there already, and this project did not make it" 'rename it, or name another pool in fbdock.hcl: storage { pool = "NAME" }'
  fi
  printf '%s\n' "$FBDOCK_SHARES" | while read -r name type _; do
    [ -z "$name" ] || zfs list -H -o name "$base/shares/$name" >/dev/null 2>&1 ||
      say "change ZFS: dataset $base/shares/$name at /fbdock/$name, a share by $type"
  done
  [ "$FBDOCK_ARC_MAX" = 0 ] || known sysctl vfs.zfs.arc.max || [ "$(sysctl -n vfs.zfs.arc.max)" = "$FBDOCK_ARC_MAX" ] ||
    say "change ZFS: vfs.zfs.arc.max=$FBDOCK_ARC_MAX while the engine runs (now $(sysctl -n vfs.zfs.arc.max))"
}

# has_uefi is true with the firmware that the engine can be started with.
has_uefi() {
  for dir in /usr/local/share/uefi-firmware /usr/local/share/edk2-bhyve; do
    [ ! -e "$dir/BHYVE_UEFI.fd" ] || return 0
    [ ! -e "$dir/BHYVE_UEFI_CODE.fd" ] || [ ! -e "$dir/BHYVE_UEFI_VARS.fd" ] || return 0
  done
  return 1
}

packages() {
  wanted=
  has bhyve || wanted="$wanted FreeBSD-bhyve"
  if [ "$(uname -m)" = arm64 ]; then
    [ -e /usr/local/share/u-boot/u-boot-bhyve-arm64/u-boot.bin ] || wanted="$wanted u-boot-bhyve-arm64"
  else
    has_uefi || wanted="$wanted edk2-bhyve"
  fi
  [ -z "$FBDOCK_MOUNTS" ] || has sshfs || wanted="$wanted fusefs-sshfs"
  [ "$FBDOCK_PODMAN" != yes ] || has podman || wanted="$wanted podman-suite"
  has docker || wanted="$wanted docker-cli"
  if ! [ -e /usr/local/lib/docker/cli-plugins/docker-compose ] && ! [ -e /var/db/fbdock/no-docker-cli ]; then
    wanted="$wanted docker-compose"
  fi
  has pkg && pkg -N >/dev/null 2>&1 || wanted=" pkg$wanted"
  [ -z "$wanted" ] || say "change packages, where the repository has them:$wanted (qemu-nox11 where bhyve cannot run)"
}

# rc_change NAME VALUE
rc_change() {
  sysrc -c "$1=$2" >/dev/null 2>&1 || say "change rc.conf: $1=\"$2\" (now \"$(sysrc -n "$1" 2>/dev/null)\")"
}

network() {
  ext=$(egress)
  bridges=$(ifconfig -l | tr ' ' '\n' | grep '^bridge' | tr '\n' ' ')
  say "has network by ${ext:-no default route}; bridges: ${bridges:-none}"
  [ -n "$ext" ] || stop 'there is no default route' 'ifconfig; netstat -rn'
  other=$(overlaps)
  [ -z "$other" ] || stop "engine.network $FBDOCK_ENGINE_NETWORK overlaps $other" 'choose another engine.network in fbdock.hcl, for example 10.78.0.0/24'
  if ! known interface "$FBDOCK_BRIDGE"; then
    for interface in "$FBDOCK_BRIDGE" "$FBDOCK_TAP"; do
      ! ifconfig "$interface" >/dev/null 2>&1 ||
        stop "$interface is there already, and fbdock did not make it" "rename it: fbdock needs $FBDOCK_BRIDGE and $FBDOCK_TAP"
    done
    say "change network: $FBDOCK_BRIDGE with $FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX and $FBDOCK_TAP in it"
  fi
  for interface in "$FBDOCK_BRIDGE" "$FBDOCK_TAP"; do
    case " $(sysrc -n cloned_interfaces 2>/dev/null) " in
      *" $interface "*) ;;
      *) say "change rc.conf: cloned_interfaces gets $interface (now \"$(sysrc -n cloned_interfaces 2>/dev/null)\")" ;;
    esac
  done
  rc_change "ifconfig_$FBDOCK_BRIDGE" "inet $FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX addm $FBDOCK_TAP up"
  rc_change "ifconfig_$FBDOCK_TAP" up
  rc_change gateway_enable YES
  [ "$(sysctl -n net.inet.ip.forwarding)" = 1 ] || say 'change sysctl: net.inet.ip.forwarding=1, so this computer forwards packets'
  case $ext in
    vtnet*)
      known offload "$ext" || ! ifconfig "$ext" | grep -E -q 'options=.*(RXCSUM|TXCSUM|TSO|LRO)' ||
        say "change network: $ext without offload of checksums and segments, which breaks NAT on vtnet"
      ;;
  esac
}

firewall() {
  main=$(pf_main)
  if pf_on; then
    say "has firewall pf is enabled with $main"
    missing=$(pf_anchors | while IFS= read -r line; do
      awk -v l="$line" '{ sub(/^[ \t]+/, "") } index($0, l) == 1 { f = 1 } END { exit !f }' "$main" 2>/dev/null || echo "$line"
    done | grep -c .) || true
    [ "$missing" = 0 ] || say "change pf: $missing lines in $main that call anchors: $(pf_anchors | awk '{ print $2 }' | sort -u | tr '\n' ' ')your rules stay"
  elif sysrc -c pf_enable=YES >/dev/null 2>&1; then
    stop 'pf is enabled in rc.conf and does not run' 'start it yourself, if its rules are to hold now: service pf start'
  else
    say 'has firewall pf is off'
    say "change pf: is enabled, with NAT for the engine alone and nothing blocked; $main is not read"
    rc_change pf_rules /usr/local/etc/fbdock/pf.main.conf
    rc_change pf_enable YES
  fi
  [ -s /usr/local/etc/fbdock/pf.conf ] ||
    say "change pf: anchor \"fbdock\": NAT for $FBDOCK_ENGINE_NETWORK, which nobody but this computer reaches, and which reaches nothing of this computer but the shares"
  [ -z "$FBDOCK_GUEST_PORTS" ] || grep -qsx "FBDOCK_GUEST_PORTS='$FBDOCK_GUEST_PORTS'" /usr/local/etc/fbdock/fbdock.env ||
    say "change pf: containers may connect to this computer's ports $FBDOCK_GUEST_PORTS"
}

shares() {
  printf '%s\n' "$FBDOCK_SHARES" | grep -q ' nfs ' || return 0
  grep -qs '^# BEGIN fbdock' /etc/exports || say "change /etc/exports: a block for $FBDOCK_ENGINE_ADDRESS alone"
  for name in rpcbind_enable mountd_enable nfs_server_enable; do
    rc_change "$name" YES
  done
  rc_change mountd_flags "$(mountd_flags)"
}

containers() {
  [ "$FBDOCK_PODMAN" = yes ] || return 0
  data=${pool:-}/fbdock/containers
  if [ -d /var/db/containers/storage ] && ! zfs list -H -o name "$data" >/dev/null 2>&1; then
    say 'has podman storage in /var/db/containers, which stays as it is'
  elif ! zfs list -H -o name "$data" >/dev/null 2>&1; then
    say "change ZFS: dataset $data at /var/db/containers, for podman"
  fi
  grep -qs '^[^#].*[[:space:]]/dev/fd[[:space:]]' /etc/fstab || say 'change /etc/fstab: a block that mounts fdescfs at /dev/fd, now too'
  if [ "$FBDOCK_ENGINE_ACCESS" = yes ]; then
    grep -qs '^# BEGIN fbdock' /etc/hosts || say 'change /etc/hosts: a block with docker.internal and podman.internal'
    ifconfig lo0 | grep -q 'inet 192.0.0.3 ' ||
      say 'change network: lo0 gets 192.0.0.3; containers of podman and of the engine reach each other, by rules of the anchor "fbdock"'
  fi
  for name in podman_enable podman_service_enable; do
    rc_change "$name" YES
  done
}

jails() {
  [ -n "$FBDOCK_JAILS" ] || return 0
  say "has jails $(jls name 2>/dev/null | tr '\n' ' ')run here, and stay as they are"
  for jail in $FBDOCK_JAILS; do
    [ -e "/var/db/fbdock/jails/$jail/settings" ] ||
      say "change jail $jail: dataset ${pool:-}/fbdock/jails/$jail at /var/jails/$jail, /etc/jail.conf.d/$jail.conf, its name in jail_list"
    [ -e "/var/db/fbdock/jails/$jail/settings" ] || [ ! -e "/etc/jail.conf.d/$jail.conf" ] ||
      stop "/etc/jail.conf.d/$jail.conf is there already, and fbdock did not write it" 'give the jail another name in fbdock.hcl'
  done
  rc_change jail_enable YES
  if ! known interface "$FBDOCK_JAIL_BRIDGE"; then
    ! ifconfig "$FBDOCK_JAIL_BRIDGE" >/dev/null 2>&1 || stop "$FBDOCK_JAIL_BRIDGE is there already, and fbdock did not make it" "rename it: jails need $FBDOCK_JAIL_BRIDGE"
    say "change network: $FBDOCK_JAIL_BRIDGE with $FBDOCK_JAIL_GATEWAY/$FBDOCK_JAIL_PREFIX, NAT for jails in the anchor \"fbdock\""
    say "change rc.conf: cloned_interfaces gets $FBDOCK_JAIL_BRIDGE"
    rc_change "ifconfig_$FBDOCK_JAIL_BRIDGE" "inet $FBDOCK_JAIL_GATEWAY/$FBDOCK_JAIL_PREFIX up"
  fi
  [ "$FBDOCK_JAIL_LIMITS" != yes ] || [ "$(sysctl -n kern.racct.enable 2>/dev/null)" = 1 ] ||
    say 'change /boot/loader.conf: kern.racct.enable=1, for limits of jails; they hold after a reboot, which you do'
}

services() {
  modules=
  for module in if_bridge if_tuntap nmdm pf fusefs vmm; do
    kldstat -qm "$module" || modules="$modules $module"
  done
  [ -z "$modules" ] || [ -e /usr/local/etc/rc.d/fbdock ] || say "change kernel modules, loaded now and when the engine starts:$modules"
  rc_change zfs_enable YES
  if ! [ -e /usr/local/etc/rc.d/fbdock ]; then
    say 'change files: /usr/local/libexec/fbdock, /usr/local/etc/fbdock, /usr/local/etc/rc.d/fbdock, /usr/local/etc/newsyslog.conf.d/fbdock.conf, /var/db/fbdock, /var/log/fbdock*.log'
    say 'change service: fbdock, which starts the engine with this computer'
  fi
  rc_change fbdock_enable YES
  login=${SUDO_USER:-${DOAS_USER:-root}}
  home=$(getent passwd "$login" | cut -d : -f 6)
  [ -d "$home/.fbdock" ] || say "change user $login: docker context \"fbdock\" in $home/.docker, keys in $home/.fbdock"
  if grep -qs '"currentContext"' "$home/.docker/config.json"; then
    say "has docker of $login follows a context of its own, which stays"
  elif [ -e "$home/.docker/config.json" ] && ! known context "$home/.docker"; then
    say "change user $login: docker follows the context \"fbdock\""
  fi
}

system
owner
bhyve
storage
network
firewall
shares
containers
jails
packages
services
untouched=/boot/loader.conf,
[ "$FBDOCK_JAIL_LIMITS" != yes ] || untouched=
say "has untouched ${untouched:+$untouched }/etc/ssh/sshd_config, your disks, pools and datasets"
say "done"
