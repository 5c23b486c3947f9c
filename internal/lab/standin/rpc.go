//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// xdr is what remains of a message that is read, or what there is of one that is written.
type xdr struct {
	data  []byte
	short bool
}

func (x *xdr) u32() uint32 {
	if len(x.data) < 4 {
		x.short = true
		return 0
	}
	n := binary.BigEndian.Uint32(x.data)
	x.data = x.data[4:]
	return n
}

func (x *xdr) u64() uint64 {
	high := uint64(x.u32())
	return high<<32 | uint64(x.u32())
}

func (x *xdr) bytes() []byte {
	n := x.u32()
	padded := (uint64(n) + 3) &^ 3
	if padded > uint64(len(x.data)) {
		x.short = true
		return nil
	}
	text := x.data[:n]
	x.data = x.data[padded:]
	return text
}

func (x *xdr) put(values ...uint32) {
	for _, n := range values {
		x.data = binary.BigEndian.AppendUint32(x.data, n)
	}
}

func (x *xdr) put64(n uint64) { x.data = binary.BigEndian.AppendUint64(x.data, n) }

func (x *xdr) putBytes(text []byte) {
	x.put(uint32(len(text)))
	x.data = append(x.data, text...)
	for len(x.data)%4 != 0 {
		x.data = append(x.data, 0)
	}
}

// rpcPeer is who calls, and the address that was called.
type rpcPeer struct {
	ip    net.IP
	port  int
	local net.Addr
}

// rpcCall is one call as a program gets it: it reads its arguments from args and writes its results to reply.
type rpcCall struct {
	rpcPeer
	proc  uint32
	vers  uint32
	args  *xdr
	reply *xdr
}

// rpcProgram says whether it served a call; a procedure that it has not is answered as unavailable.
type rpcProgram struct {
	low, high uint32
	serve     func(*rpcCall) bool
	// weak refuses a peer whose credentials are not strong enough; nil takes all.
	weak func(rpcPeer) bool
}

// Numbers of RFC 5531.
const (
	rpcReply, rpcAccepted, rpcDenied            = 1, 0, 1
	rpcProgUnavail, rpcProgMismatch             = 1, 2
	rpcProcUnavail, rpcGarbage                  = 3, 4
	rpcMismatch, rpcAuthError, rpcAuthTooWeak   = 0, 1, 5
	rpcAuthRejected, rpcAuthNone, rpcAuthSystem = 2, 0, 1
)

// answer turns one message into its reply, nil when it is no call.
func answer(message []byte, programs map[uint32]rpcProgram, peer rpcPeer) []byte {
	in := &xdr{data: message}
	xid, kind, version := in.u32(), in.u32(), in.u32()
	prog, vers, proc := in.u32(), in.u32(), in.u32()
	flavor := in.u32()
	in.bytes()
	in.u32()
	in.bytes()
	if in.short || kind != 0 {
		return nil
	}
	out := &xdr{}
	out.put(xid, rpcReply)
	program, ok := programs[prog]
	switch {
	case version != 2:
		out.put(rpcDenied, rpcMismatch, 2, 2)
		return out.data
	case flavor != rpcAuthNone && flavor != rpcAuthSystem:
		out.put(rpcDenied, rpcAuthError, rpcAuthRejected)
		return out.data
	case ok && program.weak != nil && proc != 0 && program.weak(peer):
		out.put(rpcDenied, rpcAuthError, rpcAuthTooWeak)
		return out.data
	}
	out.put(rpcAccepted, rpcAuthNone, 0)
	switch {
	case !ok:
		out.put(rpcProgUnavail)
	case vers < program.low || vers > program.high:
		out.put(rpcProgMismatch, program.low, program.high)
	default:
		head := len(out.data)
		out.put(0)
		call := &rpcCall{rpcPeer: peer, proc: proc, vers: vers, args: in, reply: out}
		if proc == 0 {
			return out.data
		}
		if !program.serve(call) {
			out.data = out.data[:head]
			out.put(rpcProcUnavail)
		} else if in.short {
			out.data = out.data[:head]
			out.put(rpcGarbage)
		}
	}
	return out.data
}

// serveTCP answers calls in record marking until the listener is closed.
func serveTCP(listener net.Listener, programs map[uint32]rpcProgram) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer func() { _ = conn.Close() }()
			address, _ := conn.RemoteAddr().(*net.TCPAddr)
			for {
				message, err := readRecord(conn)
				if err != nil {
					return
				}
				reply := answer(message, programs, rpcPeer{address.IP, address.Port, conn.LocalAddr()})
				if reply == nil {
					return
				}
				record := binary.BigEndian.AppendUint32(nil, uint32(len(reply))|1<<31)
				if _, err := conn.Write(append(record, reply...)); err != nil {
					return
				}
			}
		}()
	}
}

func readRecord(conn io.Reader) ([]byte, error) {
	var message []byte
	for {
		var head [4]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return nil, err
		}
		mark := binary.BigEndian.Uint32(head[:])
		size := int(mark &^ (1 << 31))
		if size+len(message) > 4<<20 {
			return nil, errors.New("record too long")
		}
		part := make([]byte, size)
		if _, err := io.ReadFull(conn, part); err != nil {
			return nil, err
		}
		message = append(message, part...)
		if mark&(1<<31) != 0 {
			return message, nil
		}
	}
}

func serveUDP(conn net.PacketConn, programs map[uint32]rpcProgram) {
	buffer := make([]byte, 65536)
	for {
		n, from, err := conn.ReadFrom(buffer)
		if err != nil {
			return
		}
		address, _ := from.(*net.UDPAddr)
		if reply := answer(buffer[:n], programs, rpcPeer{address.IP, address.Port, conn.LocalAddr()}); reply != nil {
			_, _ = conn.WriteTo(reply, from)
		}
	}
}
