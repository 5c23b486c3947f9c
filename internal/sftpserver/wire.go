package sftpserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Packet types of SFTP version 3 (draft-ietf-secsh-filexfer-02).
const (
	fxInit     = 1
	fxVersion  = 2
	fxOpen     = 3
	fxClose    = 4
	fxRead     = 5
	fxWrite    = 6
	fxLstat    = 7
	fxFstat    = 8
	fxSetstat  = 9
	fxFsetstat = 10
	fxOpendir  = 11
	fxReaddir  = 12
	fxRemove   = 13
	fxMkdir    = 14
	fxRmdir    = 15
	fxRealpath = 16
	fxStat     = 17
	fxRename   = 18
	fxReadlink = 19
	fxSymlink  = 20
	fxStatus   = 101
	fxHandle   = 102
	fxData     = 103
	fxName     = 104
	fxAttrs    = 105
	fxExtended = 200
	fxExtReply = 201
)

// maxPacket bounds one packet both ways, as OpenSSH's server does; maxData
// is what a read may ask for within it.
const (
	maxPacket = 256 << 10
	maxData   = maxPacket - 1024
)

var errShort = errors.New("a packet ends before its fields do")

// fields reads the fields of one packet. After an error all are zero.
type fields struct {
	b   []byte
	err error
}

func (f *fields) take(n uint32) []byte {
	if f.err != nil || uint64(n) > uint64(len(f.b)) {
		f.err = errShort
		return nil
	}
	part := f.b[:n]
	f.b = f.b[n:]
	return part
}

func (f *fields) u32() uint32 {
	if b := f.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (f *fields) u64() uint64 {
	if b := f.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (f *fields) bytes() []byte { return f.take(f.u32()) }
func (f *fields) text() string  { return string(f.bytes()) }

// packet is an answer being put together; its first four bytes are its
// length.
type packet []byte

func begin(kind byte, id uint32) packet {
	p := make(packet, 4, 64)
	p = append(p, kind)
	return p.u32(id)
}

func (p packet) u32(v uint32) packet  { return binary.BigEndian.AppendUint32(p, v) }
func (p packet) u64(v uint64) packet  { return binary.BigEndian.AppendUint64(p, v) }
func (p packet) text(s string) packet { return append(p.u32(uint32(len(s))), s...) }

func (p packet) sent() []byte {
	binary.BigEndian.PutUint32(p, uint32(len(p)-4))
	return p
}

// readPacket reads one packet into buf, growing it, and gives its content.
func readPacket(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxPacket {
		return nil, fmt.Errorf("a packet of %d bytes is none of SFTP", n)
	}
	if int(n) > cap(buf) {
		buf = make([]byte, n, max(n, 64<<10+1024))
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return nil, fmt.Errorf("read a packet: %w", err)
	}
	return buf, nil
}
