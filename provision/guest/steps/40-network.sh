#!/bin/sh
# fbdock step network: bridge0 and tap0, forwarding, NAT in pf's anchor
# fbdock. The rules are checked before they are loaded, and nothing that
# carries this SSH session is restarted.
set -eu
# shellcheck source=../lib.sh
. /usr/local/libexec/fbdock/lib.sh
# shellcheck source=../pf.sh
. "$libexec/pf.sh"
begin network

ext=$(egress)
[ -n "$ext" ] || fail 'no default route in the guest' "has its network card an address? ifconfig; netstat -rn"

# overlaps prints the first of the guest's own networks that shares addresses
# with the engine's.
overlaps() {
  netstat -rn -f inet | awk -v net="$FBDOCK_ENGINE_NETWORK" -v own="$FBDOCK_ENGINE_GATEWAY" '
    function number(a,  p, n) { n = split(a, p, "."); return ((p[1] * 256 + (n > 1 ? p[2] : 0)) * 256 + (n > 2 ? p[3] : 0)) * 256 + (n > 3 ? p[4] : 0) }
    function first(c,  p) { split(c, p, "/"); return number(p[1]) }
    function last(c,  p, n) { n = split(c, p, "/"); return number(p[1]) + (n > 1 ? 2 ^ (32 - p[2]) : 1) - 1 }
    $1 ~ /^[0-9][0-9.]*(\/[0-9]+)?$/ && $4 != "bridge0" && $1 != own {
      if (first($1) <= last(net) && first(net) <= last($1)) { print $1 " on " $4; exit }
    }'
}
other=$(overlaps)
[ -z "$other" ] || fail "engine.network $FBDOCK_ENGINE_NETWORK overlaps the guest's own network $other" \
  'choose another engine.network in fbdock.hcl, for example 10.78.0.0/24'

# bridge0 of somebody else is not taken over.
members=$(ifconfig bridge0 2>/dev/null | awk '$1 == "member:" && $2 != "tap0" { print $2 }')
[ -z "$members" ] || fail "bridge0 is in use: it has $(echo "$members" | tr '\n' ' ')as members" \
  'rename that bridge in the guest: fbdock needs bridge0 and tap0'

rc_conf_add cloned_interfaces bridge0
rc_conf_add cloned_interfaces tap0
rc_conf ifconfig_bridge0 "inet $FBDOCK_ENGINE_GATEWAY/$FBDOCK_ENGINE_PREFIX addm tap0 up"
# A line of its own, else ifconfig_DEFAULT=SYNCDHCP waits here for DHCP at boot.
rc_conf ifconfig_tap0 up
rc_conf gateway_enable YES

interfaces_up
offload_fix "$ext"

# pf. Where the user runs pf with rules of his own these get a marked block
# that calls the anchor. Where pf is off, rules that lie dormant in
# /etc/pf.conf stay so: waking them could cut this session.
pf_on() { pfctl -s info 2>/dev/null | grep -q '^Status: Enabled'; }
anchors='nat-anchor "fbdock"
rdr-anchor "fbdock"
anchor "fbdock"'
main=$(sysrc -n pf_rules)
if [ "$main" != "$etc/pf.main.conf" ] && [ -e "$main" ] && ! sysrc -c pf_enable=YES && ! pf_on &&
  [ -z "$(block_range "$main")" ]; then
  main=$etc/pf.main.conf
fi

# filter_line FILE prints the line of the first filter rule: translation has
# to stand before it. A continued line or a rule's inner block is no place.
filter_line() {
  awk '!held && !depth && /^[ \t]*(pass|block|match|anchor|antispoof)([ \t]|$)/ { print NR; exit }
    { held = /\\$/; n = $0; sub(/#.*/, "", n); depth += gsub(/\{/, "", n); depth -= gsub(/\}/, "", n) }' "$1"
}
place=
[ ! -e "$main" ] || place=$(filter_line "$main")
if [ -e "$main" ] && grep -q '^[[:space:]]*nat-anchor "fbdock"' "$main" && [ -z "$(block_range "$main")" ]; then
  note "$main calls the anchor already"
else
  put_block "$main" "$anchors" "$place"
  hint="add these lines to $main yourself, translation before filter rules: $(one_line "$anchors")"
  cmp -s "$new" "$file" || try pfctl -nf "$new"
  hint=
  take_block || true
fi
[ "$main" != "$etc/pf.main.conf" ] || rc_conf pf_rules "$main"
rc_conf pf_enable YES

if ! pf_on; then
  change service pf onestart
  await 5 pf_on || fail "pf is not enabled after service pf onestart: $(words)" "pfctl -s info; see /var/log/messages"
elif ! pfctl -sn | grep -q 'nat-anchor "fbdock"'; then
  change service pf onereload
fi
pfctl -sn | grep -q 'nat-anchor "fbdock"' || fail "pf runs without nat-anchor \"fbdock\"" "pfctl -f $main shows why"

anchor_up "$ext"

finish "engine network $FBDOCK_ENGINE_NETWORK by $ext"
