//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func nfsCommands() map[string]command {
	return map[string]command{"showmount": showmount, "mountd": mountd, "nfsd": nfsd, "rpcbind": rpcbind}
}

// Where two of the three daemons listen.
const (
	rpcbindPort = 111
	nfsPort     = 2049
)

const (
	rpcbindProgram = 100000
	nfsProgram     = 100003
	mountProgram   = 100005
)

const (
	rpcbindPID = "/var/run/rpcbind.pid"
	mountdPID  = "/var/run/mountd.pid"
	nfsdPID    = "/var/run/nfsd.pid"
)

// background runs a stand-in as a daemon with a pid file, and returns when it is up. True in the daemon itself.
func (l *lab) background(pidfile string) (inDaemon bool, status int) {
	if os.Getenv("LAB_DAEMON") == l.name {
		return true, 0
	}
	l.remove(l.path(pidfile))
	self, err := os.Executable()
	if err != nil {
		return false, l.fail("%v", err)
	}
	cmd := exec.Command(self, append([]string{l.name}, l.args...)...)
	cmd.Env = append(os.Environ(), "LAB_DAEMON="+l.name, "LAB_NESTED=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return false, l.fail("%v", err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	for range 200 {
		select {
		case <-ended:
			return false, l.fail("lab: it ended at once, see /var/log/messages")
		case <-time.After(10 * time.Millisecond):
		}
		if l.exists(pidfile) {
			return false, 0
		}
	}
	return false, l.fail("lab: it does not come up")
}

// attend writes the pid file and waits for the end; SIGHUP calls reload.
func (l *lab) attend(pidfile string, reload func()) int {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	l.must(l.write(pidfile, pidText()+"\n"))
	for which := range signals {
		if which != syscall.SIGHUP {
			break
		}
		if reload != nil {
			reload()
		}
	}
	l.remove(l.path(pidfile))
	return 0
}

// listen serves programs on a port; a fake lab serves nobody.
func (l *lab) listen(port int, tcp, udp bool, programs map[uint32]rpcProgram) bool {
	if l.fake {
		return true
	}
	at := ":" + strconv.Itoa(port)
	if tcp {
		listener, err := net.Listen("tcp4", at)
		if err != nil {
			l.syslog("%v", err)
			return false
		}
		go serveTCP(listener, programs)
	}
	if udp {
		conn, err := net.ListenPacket("udp4", at)
		if err != nil {
			l.syslog("%v", err)
			return false
		}
		go serveUDP(conn, programs)
	}
	return true
}

func (l *lab) syslog(format string, args ...any) {
	l.must(os.MkdirAll(l.path("/var/log"), 0o755))
	file, err := os.OpenFile(l.path("/var/log/messages"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return
	}
	defer file.Close()
	_, _ = fmt.Fprintf(file, "%s lab %s[%d]: %s\n", time.Now().Format("Jan _2 15:04:05"), l.name, os.Getpid(), fmt.Sprintf(format, args...))
}

func (l *lab) lives(pidfile string) bool {
	pid, err := strconv.Atoi(strings.TrimSpace(l.read(pidfile)))
	return err == nil && syscall.Kill(pid, 0) == nil
}

// register tells rpcbind of a program, as the real daemons do at their start: one that was started before rpcbind, or
// lived through its restart, is not known to it.
func (l *lab) register(program uint32, ports map[string]int) bool {
	if !l.lives(rpcbindPID) {
		l.syslog("can't register program %d with rpcbind", program)
		return false
	}
	defer l.lock()()
	known := l.registered()
	known[program] = ports
	l.save(volatile+"rpcbind", known)
	return true
}

func (l *lab) registered() map[uint32]map[string]int {
	known := map[uint32]map[string]int{}
	l.load(volatile+"rpcbind", &known)
	return known
}

// portOf is the port of a registered program over "tcp" or "udp", 0 when there is none.
func (l *lab) portOf(program uint32, network string) int {
	if program == rpcbindProgram {
		return rpcbindPort
	}
	return l.registered()[program][network]
}

// rpcbind tells clients the ports of the programs that have registered.
func rpcbind(l *lab) int {
	if _, rest, bad := getopt(l.args, "6adh:iILlNsWw"); bad != "" || len(rest) > 0 {
		l.errorf("usage: rpcbind [-6adIiLlNsWw] [-h bindip]\n")
		return 1
	}
	in, status := l.background(rpcbindPID)
	if !in {
		return status
	}
	l.save(volatile+"rpcbind", map[uint32]map[string]int{})
	if !l.listen(rpcbindPort, true, true, map[uint32]rpcProgram{rpcbindProgram: {low: 2, high: 4, serve: l.serveRPCBind}}) {
		return 1
	}
	return l.attend(rpcbindPID, nil)
}

// serveRPCBind answers PMAPPROC_GETPORT of version 2 and RPCBPROC_GETADDR of the later ones.
func (l *lab) serveRPCBind(c *rpcCall) bool {
	if c.proc != 3 {
		return false
	}
	program, _ := c.args.u32(), c.args.u32()
	if c.vers == 2 {
		network := map[uint32]string{6: "tcp", 17: "udp"}[c.args.u32()]
		c.reply.put(uint32(l.portOf(program, network)))
		return true
	}
	port := l.portOf(program, string(c.args.bytes()))
	text := ""
	if host, _, err := net.SplitHostPort(c.local.String()); err == nil && port != 0 {
		text = fmt.Sprintf("%s.%d.%d", host, port>>8, port&255)
	}
	c.reply.putBytes([]byte(text))
	return true
}
