package datagram

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
)

// Sizes in bytes and numbers of RFC 791, RFC 768 and RFC 792.
const (
	ipHeader  = 20
	udpHeader = 8
	// mtu is the tunnel's, that of the networks beyond it.
	mtu = 1500
	// MaxPayload is the longest UDP payload that IPv4 has room for.
	MaxPayload = 65535 - ipHeader - udpHeader

	protocolICMP = 1
	protocolUDP  = 17
	// ICMP types: an answer, what could not be delivered, a question.
	echoReply   = 0
	unreachable = 3
	echoRequest = 8
	icmpHeader  = 8

	moreFragments = 0x2000
	offsetMask    = 0x1fff
	lifetime      = 64 // hops
)

// errMalformed is a packet that no kernel sends.
var errMalformed = errors.New("malformed IPv4 packet")

// Datagram is one UDP datagram with both its ends.
type Datagram struct {
	From, To netip.AddrPort
	Payload  []byte
}

// packet is an IPv4 packet or a fragment of one.
type packet struct {
	from, to netip.Addr
	protocol byte
	id       uint16
	more     bool // fragments follow
	offset   int  // of body in the whole, in bytes
	body     []byte
}

// encode gives d as IPv4 packets that fit the tunnel, all with the given
// identification.
func (d *Datagram) encode(id uint16) ([][]byte, error) {
	switch {
	case len(d.Payload) > MaxPayload:
		return nil, fmt.Errorf("a datagram of %d bytes: IPv4 has room for %d", len(d.Payload), MaxPayload)
	case !d.From.Addr().Is4() || !d.To.Addr().Is4():
		return nil, fmt.Errorf("a datagram from %s to %s: the tunnel carries IPv4", d.From, d.To)
	}
	segment := make([]byte, udpHeader+len(d.Payload))
	binary.BigEndian.PutUint16(segment[0:], d.From.Port())
	binary.BigEndian.PutUint16(segment[2:], d.To.Port())
	binary.BigEndian.PutUint16(segment[4:], uint16(len(segment)))
	copy(segment[udpHeader:], d.Payload)
	sum := checksum(segment, pseudo(d.From.Addr(), d.To.Addr(), len(segment)))
	if sum == 0 {
		sum = 0xffff // zero says that there is none
	}
	binary.BigEndian.PutUint16(segment[6:], sum)

	whole := packet{from: d.From.Addr(), to: d.To.Addr(), protocol: protocolUDP, id: id}
	var packets [][]byte
	const most = (mtu - ipHeader) &^ 7 // offsets count in eights
	for whole.offset = 0; whole.offset < len(segment); whole.offset += most {
		rest := segment[whole.offset:]
		whole.more = len(rest) > most
		whole.body = rest[:min(len(rest), most)]
		packets = append(packets, whole.encode())
	}
	return packets, nil
}

func (p *packet) encode() []byte {
	b := make([]byte, ipHeader+len(p.body))
	b[0] = 4<<4 | ipHeader/4
	binary.BigEndian.PutUint16(b[2:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[4:], p.id)
	place := uint16(p.offset / 8)
	if p.more {
		place |= moreFragments
	}
	binary.BigEndian.PutUint16(b[6:], place)
	b[8], b[9] = lifetime, p.protocol
	from, to := p.from.As4(), p.to.As4()
	copy(b[12:], from[:])
	copy(b[16:], to[:])
	binary.BigEndian.PutUint16(b[10:], checksum(b[:ipHeader], 0))
	copy(b[ipHeader:], p.body)
	return b
}

// decode reads the header of an IPv4 packet; body is a part of b, and shorter
// than the packet where b is.
func decode(b []byte) (p packet, err error) {
	if len(b) < ipHeader || b[0]>>4 != 4 {
		return p, errMalformed
	}
	header, total := int(b[0]&0xf)*4, int(binary.BigEndian.Uint16(b[2:]))
	if header < ipHeader || total < header || len(b) < header {
		return p, errMalformed
	}
	place := binary.BigEndian.Uint16(b[6:])
	return packet{
		from: netip.AddrFrom4([4]byte(b[12:16])), to: netip.AddrFrom4([4]byte(b[16:20])),
		protocol: b[9], id: binary.BigEndian.Uint16(b[4:]),
		more: place&moreFragments != 0, offset: int(place&offsetMask) * 8,
		body: b[header:min(total, len(b))],
	}, nil
}

// datagram reads a whole packet as UDP.
func (p *packet) datagram() (d Datagram, err error) {
	from, to, ok := ports(p)
	if !ok || len(p.body) < udpHeader {
		return d, errMalformed
	}
	length := int(binary.BigEndian.Uint16(p.body[4:]))
	if length < udpHeader || length > len(p.body) {
		return d, errMalformed
	}
	segment := p.body[:length]
	if binary.BigEndian.Uint16(segment[6:]) != 0 && checksum(segment, pseudo(p.from, p.to, length)) != 0 {
		return d, fmt.Errorf("UDP from %s: wrong checksum", from)
	}
	return Datagram{From: from, To: to, Payload: segment[udpHeader:]}, nil
}

// undelivered reads a whole packet as the ICMP message that a datagram found
// nobody, and gives that datagram's ends.
func (p *packet) undelivered() (from, to netip.AddrPort, ok bool) {
	if !p.icmp(unreachable) {
		return from, to, false
	}
	lost, err := decode(p.body[icmpHeader:])
	if err != nil || lost.offset != 0 {
		return from, to, false
	}
	return ports(&lost)
}

func (p *packet) icmp(kind byte) bool {
	return p.protocol == protocolICMP && len(p.body) >= icmpHeader && p.body[0] == kind && checksum(p.body, 0) == 0
}

// echo is a question that a kernel answers with the same sequence number.
func echo(id, sequence uint16) []byte {
	body := make([]byte, icmpHeader)
	body[0] = echoRequest
	binary.BigEndian.PutUint16(body[4:], unit)
	binary.BigEndian.PutUint16(body[6:], sequence)
	binary.BigEndian.PutUint16(body[2:], checksum(body, 0))
	p := packet{from: Here, to: There, protocol: protocolICMP, id: id, body: body}
	return p.encode()
}

// echoed reads a whole packet as the answer to an echo.
func (p *packet) echoed() (sequence uint16, ok bool) {
	if !p.icmp(echoReply) || binary.BigEndian.Uint16(p.body[4:]) != unit {
		return 0, false
	}
	return binary.BigEndian.Uint16(p.body[6:]), true
}

// ports are both ends of a UDP packet of which at least that much is there.
func ports(p *packet) (from, to netip.AddrPort, ok bool) {
	if p.protocol != protocolUDP || len(p.body) < 4 {
		return from, to, false
	}
	return netip.AddrPortFrom(p.from, binary.BigEndian.Uint16(p.body)),
		netip.AddrPortFrom(p.to, binary.BigEndian.Uint16(p.body[2:])), true
}

// pseudo is the sum over the header that UDP's checksum covers beside its
// own.
func pseudo(from, to netip.Addr, length int) uint32 {
	var sum uint32
	for _, address := range [][4]byte{from.As4(), to.As4()} {
		sum += uint32(binary.BigEndian.Uint16(address[:])) + uint32(binary.BigEndian.Uint16(address[2:]))
	}
	return sum + protocolUDP + uint32(length)
}

// checksum is RFC 1071's over b, begun with sum; over what holds its own
// checksum it is 0.
func checksum(b []byte, sum uint32) uint16 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
