package provision

import (
	"net/netip"
	"strconv"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

// How FreeBSD reaches the engine: by a network between the two, or at its own
// loopback, where the agent's connections lead to it.
const (
	reachNetwork = "network"
	reachAgent   = "agent"
)

// networkWord, prefixWord and gatewayWord are "" for an engine without a network
// to FreeBSD.
func networkWord(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.Masked().String()
}

func prefixWord(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return strconv.Itoa(p.Bits())
}

func gatewayWord(e plan.Engine) string {
	if !e.Gateway.IsValid() {
		return ""
	}
	return e.Gateway.String()
}

// reachValues are where the engine is and how FreeBSD reaches it.
func reachValues(m plan.Machine) [][2]string {
	e := m.Engine
	place, card, reach, ssh := plan.PlacementNested, "", reachNetwork, 22
	switch {
	case e.ByAgent():
		place, reach, ssh = plan.PlacementSibling, reachAgent, contract.LoopbackSSHPort
	case e.Sibling():
		place, card = plan.PlacementSibling, m.CardMAC(false)
	}
	return [][2]string{
		{"FBDOCK_PLACEMENT", place},
		{"FBDOCK_CARD", card},
		{"FBDOCK_ENGINE_REACH", reach},
		{"FBDOCK_ENGINE_SSH", strconv.Itoa(ssh)},
		{"FBDOCK_ENGINE_NETWORK", networkWord(e.Network)},
		{"FBDOCK_ENGINE_PREFIX", prefixWord(e.Network)},
		{"FBDOCK_ENGINE_GATEWAY", gatewayWord(e)},
		{"FBDOCK_ENGINE_ADDRESS", e.Address.String()},
	}
}
