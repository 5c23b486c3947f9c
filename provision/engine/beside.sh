# shellcheck shell=sh
# shellcheck disable=SC2034,SC2153,SC2154 # the values are set above, the functions that it calls come with setup.sh
# fbdock: the network of an engine beside FreeBSD. The provider's card, by which
# Vagrant logs in and packages come, is left as it is; the one to FreeBSD is
# found by its address and gets the engine's.

# card_of ADDRESS prints the network card of that address.
card_of() {
  for at in /sys/class/net/*/address; do
    if [ "$(cat "$at")" = "$1" ]; then
      at=${at%/address}
      echo "${at##*/}"
      return 0
    fi
  done
}

# provider_cards prints the network cards of this computer as a set for nft: those
# that have a device, which bridges and tunnels have not.
provider_cards() {
  names=
  for device in /sys/class/net/*/device; do
    [ -e "$device" ] || continue
    device=${device%/device}
    names="$names${names:+, }\"${device##*/}\""
  done
  [ -z "$names" ] || echo "{ $names }"
}

# beside_freebsd is the engine's part of the way between FreeBSD and it: a network,
# or nothing but the provider's card where the provider makes none. FreeBSD then comes
# as the host does, by sshd, to this system's loopback.
beside_freebsd() {
  outside=$(ip -4 route show default | awk '{ for (i = 1; i < NF; i++) if ($i == "dev") { print $(i + 1); exit } }')
  [ -n "$outside" ] || fail 'no default route: has the network card of the provider an address?'
  if [ -n "$FBDOCK_ENGINE_MAC" ]; then
    private_network
    outside="\"$outside\""
  else
    inside=
    outside=$(provider_cards)
    [ -n "$outside" ] || fail 'no network card has a device in /sys/class/net'
  fi
  # Which engine this is: scripts of the user's run once in each.
  [ -s "$state/disk" ] || put "$state/disk" 0600 "$(cat /proc/sys/kernel/random/uuid)
" || true
  put /etc/hostname 0644 "$FBDOCK_MACHINE
" && hostname "$FBDOCK_MACHINE"
}

private_network() {
  inside=$(card_of "$FBDOCK_ENGINE_MAC")
  [ -n "$inside" ] || fail "no network card has the address $FBDOCK_ENGINE_MAC: was the VM made by another Vagrantfile?"
  [ "$outside" != "$inside" ] || fail "the default route is by $inside, the card to FreeBSD"
  block /etc/network/interfaces "auto $inside
iface $inside inet static
  address $FBDOCK_ENGINE_ADDRESS
  netmask $FBDOCK_ENGINE_MASK"
  if ! ip -4 addr show dev "$inside" | grep -q "inet $FBDOCK_ENGINE_ADDRESS/"; then
    ip link set "$inside" up || fail "bring $inside up"
    ip addr add "$FBDOCK_ENGINE_ADDRESS/$FBDOCK_ENGINE_PREFIX" dev "$inside" || fail "give $inside the address $FBDOCK_ENGINE_ADDRESS"
  fi
}
