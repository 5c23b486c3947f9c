# shellcheck shell=sh
# shellcheck disable=SC2034,SC2154 # names shared with the scripts that source it
# fbdock: the running network, for the network step and for rc.d/fbdock,
# which does the same at each boot. Sourced after lib.sh.

rules=$etc/pf.conf

egress() { route -n get default 2>/dev/null | awk '$1 == "interface:" { print $2 }'; }

# anchor_rules EXT prints the rules of the anchor fbdock. The engine reaches
# the world as the guest does; nobody but the guest reaches the engine.
anchor_rules() {
  cat <<END
# Written by fbdock; loaded into pf's anchor "fbdock".
nat on $1 inet from $FBDOCK_ENGINE_NETWORK to ! $FBDOCK_ENGINE_NETWORK -> ($1)
pass quick on { bridge0 tap0 } no state
block drop in quick on ! lo0 inet from any to $FBDOCK_ENGINE_NETWORK
END
}

# interfaces_up makes bridge0 with the address and tap0 as its only member.
# An address on a member is refused from FreeBSD 15 on.
interfaces_up() {
  for interface in bridge0 tap0; do
    ifconfig "$interface" >/dev/null 2>&1 || change ifconfig "$interface" create
  done
  ifconfig bridge0 | grep -q 'member: tap0 ' || change ifconfig bridge0 addm tap0
  for address in $(ifconfig bridge0 | awk '$1 == "inet" { print $2 }'); do
    [ "$address" = "$FBDOCK_ENGINE_GATEWAY" ] || change ifconfig bridge0 inet "$address" delete
  done
  ifconfig bridge0 | grep -q "inet $FBDOCK_ENGINE_GATEWAY " ||
    change ifconfig bridge0 inet "$FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX" up
  ifconfig tap0 | grep -q '[<,]UP[,>]' || change ifconfig tap0 up
  sysctl_set net.inet.ip.forwarding 1
  # bhyve of older releases leaves the tap down.
  sysctl_set net.link.tap.up_on_open 1
}

# offload_fix EXT: a vtnet interface that forwards must not leave checksums
# and segments to the host. What the driver cannot switch off stays.
offload_fix() {
  case $1 in
    vtnet*)
      offload=$(options_of "$1")
      case ",$offload," in
        *,RXCSUM,* | *,TXCSUM,* | *,TSO4,* | *,TSO6,* | *,LRO,*)
          attempt ifconfig "$1" -rxcsum -txcsum -tso -lro || note "offload of $1 stays: $(words)"
          [ "$(options_of "$1")" = "$offload" ] || changed=1
          ;;
      esac
      ;;
  esac
}

options_of() { ifconfig "$1" | sed -n 's/.*options=[0-9a-f]*<\([^>]*\)>.*/\1/p' | head -n 1; }

# anchor_up EXT checks and loads the rules; what is loaded is asked of pf.
anchor_up() {
  anchor_rules "$1" >"$run/pf.new" || fail "write $run/pf.new"
  try pfctl -a fbdock -nf "$run/pf.new"
  before=$changed
  put_file "$rules" 0600 <"$run/pf.new"
  if [ "$changed" != "$before" ] || [ "$(fact pf-anchor)" != "$(sha256 -q "$rules") $(boot_time)" ] ||
    [ -z "$(pfctl -a fbdock -sn 2>/dev/null)" ]; then
    change pfctl -a fbdock -f "$rules"
    put_fact pf-anchor "$(sha256 -q "$rules") $(boot_time)"
  fi
  rm -f "$run/pf.new"
}
