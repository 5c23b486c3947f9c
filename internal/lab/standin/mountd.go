//go:build linux

package main

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// mountd reads the export files at its start and on SIGHUP, and gives a client the handle of a directory that is
// exported to it.
func mountd(l *lab) int {
	opts, files, bad := getopt(l.args, "2adeh:lnp:RrS")
	if bad != "" {
		l.errorf("usage: mountd [-2adelnRrS] [-h <bindip>] [-p <port>] [export_file ...]\n")
		return 1
	}
	if len(files) == 0 {
		files = []string{"/etc/exports"}
	}
	in, status := l.background(mountdPID)
	if !in {
		return status
	}
	reload := func() { l.save(volatile+"exports", parseExports(l, files)) }
	reload()
	program := rpcProgram{low: 3, high: 3, serve: l.serveMount}
	if !has(opts, 'n') {
		program.weak = func(p rpcPeer) bool { return p.port >= 1024 }
	}
	port := mountdPort(opts)
	if port == 0 {
		return l.fail("%s: port number invalid", value(opts, 'p'))
	}
	if !l.listen(port, true, true, map[uint32]rpcProgram{mountProgram: program}) ||
		!l.register(mountProgram, map[string]int{"tcp": port, "udp": port}) {
		return 1
	}
	defer l.register(mountProgram, nil)
	return l.attend(mountdPID, reload)
}

// mountdPort is the one that it is told, else one of the reserved ones that nobody can foresee; 0 for none.
func mountdPort(opts []option) int {
	if !has(opts, 'p') {
		return 600 + os.Getpid()%400
	}
	port, err := strconv.ParseUint(value(opts, 'p'), 10, 16)
	if err != nil {
		return 0
	}
	return int(port)
}

func (l *lab) serveMount(c *rpcCall) bool {
	switch c.proc {
	case 1: // MNT
		path := strings.TrimRight(string(c.args.bytes()), "/")
		for _, one := range exports(l) {
			if one.Path != path || !one.allows(c.ip) {
				continue
			}
			c.reply.put(0)
			c.reply.putBytes(rootHandle(path))
			c.reply.put(1, rpcAuthSystem) // one flavor
			return true
		}
		l.syslog("mount request denied from %s for %s", c.ip, path)
		c.reply.put(uint32(syscall.EACCES))
	case 2: // DUMP
		c.reply.put(0)
	case 3, 4: // UMNT, UMNTALL
	case 5: // EXPORT
		for _, one := range exports(l) {
			c.reply.put(1)
			c.reply.putBytes([]byte(one.Path))
			for _, host := range one.Hosts {
				c.reply.put(1)
				c.reply.putBytes([]byte(host))
			}
			c.reply.put(0)
		}
		c.reply.put(0)
	default:
		return false
	}
	return true
}

// showmount asks for the exports; the lab's mountd is on the same machine.
func showmount(l *lab) int {
	opts, rest, bad := getopt(l.args, "1ade3E")
	if bad != "" || len(rest) > 1 {
		l.errorf("usage: showmount [-a | -d] [-e3] [-E] [host]\n")
		return 1
	}
	host := "localhost"
	if len(rest) == 1 {
		host = rest[0]
	}
	switch {
	case host != "localhost" && host != "127.0.0.1":
		return l.fail("lab: only localhost is asked")
	case !l.lives(rpcbindPID):
		return l.fail("can't do exports rpc: RPC: Port mapper failure - RPC: Success")
	case l.portOf(mountProgram, "tcp") == 0:
		return l.fail("can't do exports rpc: RPC: Program not registered")
	case !l.lives(mountdPID):
		return l.fail("can't do exports rpc: RPC: Timed out")
	}
	if !has(opts, 'e') {
		l.printf("Hosts on %s:\n", host)
		return 0
	}
	l.printf("Exports list on %s:\n", host)
	for _, one := range exports(l) {
		l.printf("%-34s ", one.Path)
		if len(one.Hosts) == 0 {
			l.printf("Everyone")
		}
		for _, name := range one.Hosts {
			name, _, _ = strings.Cut(name, "/")
			l.printf("%s ", name)
		}
		l.printf("\n")
	}
	return 0
}
