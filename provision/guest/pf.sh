# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: the running network, for the network step and for rc.d/fbdock,
# which does the same at each boot. Sourced after lib.sh.

rules=$etc/pf.conf

# card prints the network card of the network between FreeBSD and an engine
# beside it, by its address.
card() {
  for interface in $(ifconfig -l ether); do
    if ifconfig "$interface" | grep -qi "^[[:space:]]*ether ${FBDOCK_CARD:-none}\$"; then
      echo "$interface"
      return 0
    fi
  done
}

# The engine is behind that card then, in place of a bridge with a tap. The
# survey of a FreeBSD computer has this file without lib.sh.
if [ "${FBDOCK_PLACEMENT:-nested}" = sibling ]; then
  FBDOCK_BRIDGE=$(card)
  FBDOCK_TAP=
fi

egress() { route -n get default 2>/dev/null | awk '$1 == "interface:" { print $2 }'; }

# mountd_own_port prints the port that mountd_flags name, by the options of
# mountd(8): "-rp 999", "-p999" and "-h localhost -p 999" are the same to it.
mountd_own_port() {
  # shellcheck disable=SC2046 # words, as rc.d/mountd passes them on
  set -- $(sysrc -n mountd_flags 2>/dev/null)
  port=
  OPTIND=1
  while getopts 2Adeh:lNnp:RrS option 2>/dev/null; do
    [ "$option" != p ] || port=$OPTARG
  done
  echo "$port"
}
# mountd_port is where the engine finds mountd, which takes any port unless it
# is told one; a port of the user's own stays.
mountd_port() {
  port=$(mountd_own_port)
  echo "${port:-7335}"
}
# mountd_flags has ours in front: behind the names of files it would be one.
mountd_flags() {
  flags=$(sysrc -n mountd_flags 2>/dev/null)
  [ -n "$(mountd_own_port)" ] || flags="-p 7335${flags:+ $flags}"
  echo "$flags"
}

# nfs_shares prints the names of the shares that go by NFS: qemu may be
# without 9P.
nfs_shares() {
  shares nfs | while read -r name _; do echo "$name"; done
  [ "$(fact ninep)" != no ] || shares 9p | while read -r name _; do echo "$name"; done
}

# guest_ports PROTOCOL prints the ports that the configuration opens.
guest_ports() {
  for port in ${FBDOCK_GUEST_PORTS:-}; do
    [ "${port#*/}" != "$1" ] || printf '%s ' "${port%/*}"
  done
}

# anchor_rules EXT prints the rules of the anchor fbdock. The engine reaches
# the world as the guest does; nobody but the guest reaches the engine; of the
# guest the engine reaches what it needs. Containers come with the engine's
# address: its own packet filter lets none of theirs through to the guest's.
#
# No program makes a line of it: one that fails would be a rule less.
# TCP is told apart by its first packet, without states: connections outlive
# a reload of pf. FreeBSD's own UDP and ICMP make states, for the answers.
anchor_rules() {
  on="on { $FBDOCK_BRIDGE $FBDOCK_TAP }"
  echo '# Written by fbdock; loaded into pf'"'"'s anchor "fbdock".'
  # An engine beside FreeBSD has a default route of its own.
  beside || echo "nat on $1 inet from $FBDOCK_ENGINE_NETWORK to ! $FBDOCK_ENGINE_NETWORK -> ($1)"
  # The addresses of podman's containers are in a table of the main rules, which
  # its network plugin fills: rules of an anchor see it too (pf.conf(5), TABLES).
  [ "${FBDOCK_PODMAN:-no}" != yes ] || echo "nat on $1 inet from <cni-nat> to any -> ($1)"
  ! jails_routed || echo "nat on $1 inet from $FBDOCK_JAIL_NETWORK to ! $FBDOCK_JAIL_NETWORK -> ($1)"
  ! jails_routed || jail_rules
  [ "${FBDOCK_PODMAN:-no}" != yes ] || tunnel_rules
  if by_agent; then
    # Nothing of the engine's is on a card. Its ways are at the loopback, which is
    # for this system alone, whatever a packet from outside says.
    echo 'block drop in quick on ! lo0 inet from any to 127.0.0.0/8'
    return 0
  fi
  echo "block drop quick $on inet6"
  [ -z "$(nfs_shares)" ] ||
    echo "pass in quick $on inet proto { tcp udp } from $FBDOCK_ENGINE_ADDRESS to $FBDOCK_ENGINE_GATEWAY port { 111 2049 $(mountd_port) } no state"
  for address in $(fact dns); do
    echo "pass in quick $on inet proto { tcp udp } from $FBDOCK_ENGINE_ADDRESS to $address port 53 no state"
  done
  for protocol in tcp udp; do
    [ -z "$(guest_ports "$protocol")" ] ||
      echo "pass in quick $on inet proto $protocol from $FBDOCK_ENGINE_ADDRESS to $FBDOCK_ENGINE_GATEWAY port { $(guest_ports "$protocol")} no state"
  done
  printf '%s\n' "pass in quick $on inet proto icmp from $FBDOCK_ENGINE_ADDRESS to (self) icmp-type { unreach timex } no state" \
    "block return in quick $on inet proto tcp from any to (self) flags S/SA" \
    "pass in quick $on inet proto tcp from $FBDOCK_ENGINE_NETWORK to (self) no state" \
    "pass out quick $on inet proto { udp icmp } from (self) to $FBDOCK_ENGINE_NETWORK keep state" \
    "block drop in quick $on inet from any to (self)"
  [ "${FBDOCK_PODMAN:-no}" != yes ] || access_rules
  echo "block drop in quick $on inet from any to { $FBDOCK_ENGINE_NETWORK 255.255.255.255 224.0.0.0/4 }"
  # An engine in FreeBSD goes through it to the outside, one beside it does not.
  if beside; then
    printf '%s\n' "block drop in quick $on" "pass out quick $on no state"
  else
    echo "pass quick $on no state"
  fi
  echo "block drop in quick on ! lo0 inet from any to $FBDOCK_ENGINE_NETWORK"
}

# access_rules: podman's containers and the engine's reach each other, or do not.
# podman numbers its bridges, and gives networks of 10.88.0.0/16 and 10.89.0.0/16
# (containers.conf(5), default_subnet and default_subnet_pools). Neither dockerd nor
# sshd of the engine is for them; its own filter refuses them as well. Where it is
# off, a published port of podman's is still redirected, past the rules for what
# comes in (net/containernetworking-plugins has "rdr pass"): it ends at the bridge.
access_rules() {
  bridges='{'
  for number in 0 1 2 3 4 5 6 7 8 9; do bridges="$bridges cni-podman$number"; done
  bridges="$bridges }"
  if [ "${FBDOCK_ENGINE_ACCESS:-no}" != yes ]; then
    echo "block drop out quick on $bridges inet from $FBDOCK_ENGINE_NETWORK to any"
    return
  fi
  printf '%s\n' "block return in quick on $bridges inet proto tcp from any to $FBDOCK_ENGINE_ADDRESS port { 22 2375 2376 }" \
    "pass in quick on $bridges inet from 10.88.0.0/15 to $FBDOCK_ENGINE_ADDRESS keep state" \
    "pass out quick $on inet from 10.88.0.0/15 to $FBDOCK_ENGINE_ADDRESS keep state" \
    "pass in quick $on inet from $FBDOCK_ENGINE_ADDRESS to 10.88.0.0/15 keep state" \
    "pass out quick on $bridges inet from $FBDOCK_ENGINE_ADDRESS to 10.88.0.0/15 keep state"
}

# tunnel_rules: the agent's datagrams to ports that podman publishes come out of a
# tunnel (internal/datagram) and their answers go into it, and nothing else. States
# would lose the fragments of large ones.
tunnel_rules() {
  printf '%s\n' 'pass in quick on tun7335 inet proto { udp icmp } from 192.0.0.2 to any no state' \
    'pass out quick on tun7335 inet proto { udp icmp } from any to 192.0.0.2 no state' 'block drop quick on tun7335'
}

# jails_routed is true where jails have a network of their own.
jails_routed() { [ -n "${FBDOCK_JAILS:-}" ] || [ -e /var/db/fbdock/jail-bridge ]; }

# jail_rules: jails reach the world and each other, neither this system nor the
# engine. This system reaches them.
jail_rules() {
  # pf sees a packet on the member of the bridge as well (if_bridge(4), PACKET FILTERING).
  on="on { $FBDOCK_JAIL_BRIDGE fbjail }"
  printf '%s\n' "block drop quick $on inet6" \
    "pass in quick $on inet proto icmp from any to (self) icmp-type { unreach timex } no state" \
    "block return in quick $on inet proto tcp from any to (self) flags S/SA" \
    "pass in quick $on inet proto tcp from $FBDOCK_JAIL_NETWORK to (self) no state" \
    "pass out quick $on inet proto { udp icmp } from (self) to $FBDOCK_JAIL_NETWORK keep state" \
    "block drop in quick $on inet from any to (self)"
  by_agent || echo "block drop in quick $on inet from any to $FBDOCK_ENGINE_NETWORK"
  echo "pass quick $on no state"
  on="on { $FBDOCK_BRIDGE $FBDOCK_TAP }"
}

# pf_anchors are the lines of the main rules that call fbdock's anchor, and
# where podman is wanted those of its network plugin, for published ports
# (net/containernetworking-plugins).
pf_anchors() {
  if [ "${FBDOCK_PODMAN:-no}" = yes ]; then
    printf '%s "cni-rdr/*"\n' nat-anchor rdr-anchor
  fi
  printf '%s "fbdock"\n' nat-anchor rdr-anchor anchor
}

# pf_calls is true where the rules in force call those anchors.
pf_calls() {
  called=$(pfctl -sn)
  for anchor in $(pf_anchors | awk '$1 == "nat-anchor" { print $2 }'); do
    printf '%s\n' "$called" | grep -qF "nat-anchor $anchor" || return 1
  done
}

# overlaps prints the first of this system's own networks that shares
# addresses with the engine's.
overlaps() {
  netstat -rn -f inet | awk -v net="$FBDOCK_ENGINE_NETWORK" -v own="$FBDOCK_ENGINE_GATEWAY" -v bridge="$FBDOCK_BRIDGE" '
    function number(a,  p, n) { n = split(a, p, "."); return ((p[1] * 256 + (n > 1 ? p[2] : 0)) * 256 + (n > 2 ? p[3] : 0)) * 256 + (n > 3 ? p[4] : 0) }
    function first(c,  p) { split(c, p, "/"); return number(p[1]) }
    function last(c,  p, n) { n = split(c, p, "/"); return number(p[1]) + (n > 1 ? 2 ^ (32 - p[2]) : 1) - 1 }
    $1 ~ /^[0-9][0-9.]*(\/[0-9]+)?$/ && $4 != bridge && $1 != own {
      if (first($1) <= last(net) && first(net) <= last($1)) { print $1 " on " $4; exit }
    }'
}

# pf_on is true while pf filters; pf_main is the file of its main rules.
pf_on() { pfctl -s info 2>/dev/null | grep -q '^Status: Enabled'; }
pf_main() { sysrc -n pf_rules; }

# pf_ours is true where fbdock has enabled pf itself: on a VM, and on a
# computer of the user's own where it did not run before.
pf_ours() { ! own || remembered service pf; }

# pf_up has pf filter: what fbdock enabled it enables again, what the owner of
# a computer has disabled is theirs to enable.
pf_up() {
  ! pf_on || return 0
  pf_ours || fail "pf is enabled in rc.conf and does not run, and fbdock did not start it" "run 'service pf start' on it as root, then fbdock up"
  change service pf onestart
  await 60 pf_on || fail "pf is not enabled after service pf onestart: $(words)" "pfctl -s info; see /var/log/messages"
}

# card_up gives the card to the engine its address.
card_up() {
  ! by_agent || return 0
  [ -n "$FBDOCK_BRIDGE" ] || fail "no network card has the address $FBDOCK_CARD" \
    "was the VM made by another Vagrantfile? fbdock reload makes its card"
  ifconfig "$FBDOCK_BRIDGE" | grep -q "inet $FBDOCK_ENGINE_GATEWAY " ||
    change ifconfig "$FBDOCK_BRIDGE" inet "$FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX" up
}

# interfaces_up makes the bridge with the address and the tap as its only
# member. An address on a member is refused from FreeBSD 15 on.
interfaces_up() {
  for interface in "$FBDOCK_BRIDGE" "$FBDOCK_TAP"; do
    ifconfig "$interface" >/dev/null 2>&1 || change ifconfig "$interface" create
  done
  ifconfig "$FBDOCK_BRIDGE" | grep -q "member: $FBDOCK_TAP " || change ifconfig "$FBDOCK_BRIDGE" addm "$FBDOCK_TAP"
  for address in $(ifconfig "$FBDOCK_BRIDGE" | awk '$1 == "inet" { print $2 }'); do
    [ "$address" = "$FBDOCK_ENGINE_GATEWAY" ] || change ifconfig "$FBDOCK_BRIDGE" inet "$address" delete
  done
  ifconfig "$FBDOCK_BRIDGE" | grep -q "inet $FBDOCK_ENGINE_GATEWAY " ||
    change ifconfig "$FBDOCK_BRIDGE" inet "$FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX" up
  ifconfig "$FBDOCK_TAP" | grep -q '[<,]UP[,>]' || change ifconfig "$FBDOCK_TAP" up
  podman_name_up
  sysctl_set net.inet.ip.forwarding 1
  # bhyve of older releases leaves the tap down.
  sysctl_set net.link.tap.up_on_open 1
}

# podman_name_up gives podman.internal its address, which is FreeBSD's own and where
# podman's ports are published: its bridges come with the first container of a
# network. The address is of the block that never leaves a host (RFC 7335).
podman_name_up() {
  there=
  ! ifconfig lo0 | grep -q 'inet 192.0.0.3 ' || there=yes
  if [ "${FBDOCK_ENGINE_ACCESS:-no}" = yes ]; then
    [ -n "$there" ] || change ifconfig lo0 inet 192.0.0.3/32 alias
  elif [ -n "$there" ]; then
    change ifconfig lo0 inet 192.0.0.3 -alias
  fi
}

# offload_fix EXT: a vtnet interface that forwards must not leave checksums
# and segments to the host. What the driver cannot switch off stays.
offload_fix() {
  case $1 in
    vtnet*)
      offload=$(options_of "$1")
      case ",$offload," in
        *,RXCSUM,* | *,TXCSUM,* | *,TSO4,* | *,TSO6,* | *,LRO,*)
          remember offload "$1" "$offload"
          attempt ifconfig "$1" -rxcsum -txcsum -tso -lro || note "offload of $1 stays: $(words)"
          [ "$(options_of "$1")" = "$offload" ] || changed=1
          ;;
      esac
      ;;
  esac
}

options_of() { ifconfig "$1" | sed -n 's/.*options=[0-9a-f]*<\([^>]*\)>.*/\1/p' | head -n 1; }

# nat_loaded is true where the anchor has the translation that it is to have.
nat_loaded() { beside || [ -n "$(pfctl -a fbdock -sn 2>/dev/null)" ]; }

# anchor_up EXT checks and loads the rules; what is loaded is asked of pf.
anchor_up() {
  anchor_rules "$1" >"$run/pf.new" || fail "write $run/pf.new"
  try pfctl -a fbdock -nf "$run/pf.new"
  before=$changed
  put_file "$rules" 0600 <"$run/pf.new"
  if [ "$changed" != "$before" ] || [ "$(fact pf-anchor)" != "$(sha256 -q "$rules") $(boot_time)" ] ||
    ! nat_loaded || [ -z "$(pfctl -a fbdock -sr 2>/dev/null)" ]; then
    change pfctl -a fbdock -f "$rules"
    put_fact pf-anchor "$(sha256 -q "$rules") $(boot_time)"
  fi
  rm -f "$run/pf.new"
}
