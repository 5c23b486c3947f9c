#!/bin/sh
# fbdock step network: bridge0 and tap0, forwarding, NAT in pf's anchor
# fbdock; with an engine beside FreeBSD an address on the card between the two,
# where the provider makes a network of them, and no forwarding. The rules are checked before they are loaded, and nothing that
# carries this SSH session is restarted.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../pf.sh
. "$libexec/pf.sh"
# shellcheck source=../block.sh
. "$libexec/block.sh"
begin network

ext=$(egress)
[ -n "$ext" ] || fail 'no default route in the guest' "has its network card an address? ifconfig; netstat -rn"

other=
by_agent || other=$(overlaps)
[ -z "$other" ] || fail "engine.network $FBDOCK_ENGINE_NETWORK overlaps the guest's own network $other" \
  'choose another engine.network in fbdock.hcl, for example 10.78.0.0/24'

bridge() {
  # Interfaces of somebody else are not taken over.
  members=$(ifconfig "$FBDOCK_BRIDGE" 2>/dev/null | awk -v tap="$FBDOCK_TAP" '$1 == "member:" && $2 != tap { print $2 }')
  [ -z "$members" ] || fail "$FBDOCK_BRIDGE is in use: it has $(echo "$members" | tr '\n' ' ')as members" \
    "rename that bridge: fbdock needs $FBDOCK_BRIDGE and $FBDOCK_TAP"
  if own && ! remembered interface "$FBDOCK_BRIDGE"; then
    for interface in "$FBDOCK_BRIDGE" "$FBDOCK_TAP"; do
      ! ifconfig "$interface" >/dev/null 2>&1 || fail "$interface is there already, and fbdock did not make it" \
        "rename it: fbdock needs $FBDOCK_BRIDGE and $FBDOCK_TAP"
    done
    remember interface "$FBDOCK_BRIDGE"
    remember interface "$FBDOCK_TAP"
  fi

  rc_conf_add cloned_interfaces "$FBDOCK_BRIDGE"
  rc_conf_add cloned_interfaces "$FBDOCK_TAP"
  rc_conf "ifconfig_$FBDOCK_BRIDGE" "inet $FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX addm $FBDOCK_TAP up"
  # A line of its own, else ifconfig_DEFAULT=SYNCDHCP waits here for DHCP at boot.
  rc_conf "ifconfig_$FBDOCK_TAP" up
  rc_conf gateway_enable YES

  interfaces_up
  offload_fix "$ext"
}

if beside; then
  card_up
  by_agent || rc_conf "ifconfig_$FBDOCK_BRIDGE" "inet $FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX"
  if [ "${FBDOCK_PODMAN:-no}" = yes ] || jails_routed; then # they go out through FreeBSD
    rc_conf gateway_enable YES
    sysctl_set net.inet.ip.forwarding 1
  fi
else
  bridge
fi

# pf. Where the user runs pf with rules of his own these get a marked block
# that calls the anchor. Where pf is off, rules that lie dormant in
# /etc/pf.conf stay so: waking them could cut this session.
anchors=$(pf_anchors)
main=$(pf_main)
if [ "$main" != "$etc/pf.main.conf" ] && { own || [ -e "$main" ]; } && ! pf_on; then
  if ! sysrc -c pf_enable=YES; then
    if [ ! -e "$main" ] || [ -z "$(block_range "$main")" ]; then
      main=$etc/pf.main.conf
    fi
  elif ! pf_ours; then
    pf_up # says whose it is to enable
  fi
fi

# filter_line FILE prints the line of the first filter rule: translation has
# to stand before it. A continued line or a rule's inner block is no place.
filter_line() {
  awk '!held && !depth && /^[ \t]*(pass|block|match|anchor|antispoof)([ \t]|$)/ { print NR; exit }
    { held = /\\$/; n = $0; sub(/#.*/, "", n); depth += gsub(/\{/, "", n); depth -= gsub(/\}/, "", n) }' "$1"
}
fresh=
place=
[ ! -e "$main" ] || place=$(filter_line "$main")
if [ -e "$main" ] && grep -q '^[[:space:]]*nat-anchor "fbdock"' "$main" && [ -z "$(block_range "$main")" ]; then
  note "$main calls the anchor already"
else
  put_block "$main" "$anchors" "$place"
  hint="add these lines to $main yourself, translation before filter rules: $(one_line "$anchors")"
  cmp -s "$new" "$file" || try pfctl -nf "$new"
  hint=
  ! take_block || fresh=yes
fi
[ "$main" != "$etc/pf.main.conf" ] || rc_conf pf_rules "$main"
rc_conf pf_enable YES

if ! pf_on; then
  remember service pf
  pf_up
elif [ -n "$fresh" ] || ! pf_calls; then
  change service pf onereload
fi
pf_calls || fail "pf runs without the lines that call fbdock's anchors" \
  "they have to be in $main, translation before filter rules: $(one_line "$anchors"); pfctl -f $main shows why they are not in force"

anchor_up "$ext"

! by_agent || finish "no network with the engine: $FBDOCK_ENGINE_ADDRESS:2376 leads to it by the agent on the host"
! beside || ext=$FBDOCK_BRIDGE
finish "engine network $FBDOCK_ENGINE_NETWORK by $ext"
