# shellcheck shell=sh
# shellcheck disable=SC2154 # the values are set above, the functions that it calls come with setup.sh
# fbdock: the engine's packet filter. What comes from the engine's own
# processes, those of --network host among them, passes. A container's packets
# are forwarded: they reach the outside and other containers, but neither
# FreeBSD nor the engine's own services. FreeBSD's pf sees one address for
# both and does the rest: what the engine itself may ask of FreeBSD.
#
# An engine beside FreeBSD has two cards: the one to FreeBSD, and one that the
# provider's network is behind. There nobody gets further than to its sshd,
# which Vagrant logs in to: neither to dockerd nor to a published port.
#
# A table of its own: dockerd, iptables and Docker networks that come and go
# do not touch it, and a packet that it drops nobody else lets pass (nft(8)).
rules=/etc/fbdock/firewall.nft

# guest_ports PROTOCOL prints the ports of FreeBSD that the configuration
# opens for containers, as a list for nft.
guest_ports() {
  list=
  for port in $FBDOCK_GUEST_PORTS; do
    [ "${port#*/}" != "$1" ] || list="$list${list:+, }${port%/*}"
  done
  echo "$list"
}

# inside is the card to FreeBSD, outside the card of the default route where that is
# another one, as nft(8) has names. An engine that FreeBSD has no network to has no
# inside, and all its cards are outside.
inside=eth0
outside=
firewall_rules() {
  own='22, 2376'
  [ -z "$FBDOCK_INSECURE_TCP" ] || own="$own, 2375"
  cat <<END
# Written by fbdock.
table inet fbdock
delete table inet fbdock
table inet fbdock {
  chain input {
    type filter hook input priority -10; policy accept;
    iifname "lo" accept
END
  [ -z "$inside" ] || echo "    iifname \"$inside\" ip saddr $FBDOCK_ENGINE_GATEWAY accept"
  [ -z "$outside" ] || cat <<END
    iifname $outside tcp dport 22 accept
    iifname $outside meta l4proto tcp ct direction original reject
    iifname $outside meta l4proto udp ct direction original udp dport != 68 reject
END
  cat <<END
    tcp dport { $own } reject
  }
  chain forward {
    type filter hook forward priority -10; policy accept;
END
  [ -z "$outside" ] || cat <<END
    iifname $outside ct direction original reject
END
  if [ -z "$inside" ]; then
    printf '  }\n}\n'
    return 0
  fi
  [ -z "$outside" ] || echo "    iifname \"$inside\" oifname $outside reject"
  cat <<END
    oifname != "$inside" accept
    ip daddr != $FBDOCK_ENGINE_NETWORK accept
    ct direction reply accept
END
  for address in $FBDOCK_DNS; do
    case $address in
      *:*) ;;
      *) echo "    ip daddr $address meta l4proto { tcp, udp } th dport 53 accept" ;;
    esac
  done
  for protocol in tcp udp; do
    ports=$(guest_ports "$protocol")
    [ -z "$ports" ] || echo "    ip daddr $FBDOCK_ENGINE_GATEWAY $protocol dport { $ports } accept"
  done
  cat <<END
    reject
  }
}
END
}

# firewall loads the rules and starts the service that loads them at each
# boot; docker_service has dockerd need it. Stopping the service leaves the
# rules: containers outlive dockerd.
firewall() {
  put "$rules" 0600 "$(firewall_rules)
" || true
  nft -f "$rules" || fail 'load the packet filter'
  put /etc/init.d/fbdock-firewall 0755 "#!/sbin/openrc-run
# Written by fbdock.
description=\"Keeps containers from FreeBSD and from the engine's own services\"
depend() {
  need localmount
  after modules
  provide firewall
}
start() {
  ebegin 'Loading the packet filter'
  nft -f $rules
  eend \$?
}
" || true
  rc-update add fbdock-firewall boot
  rc-service fbdock-firewall start || fail 'start fbdock-firewall'
}
