//go:build linux

package main

import (
	_ "embed"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

func podmanCommands() map[string]command { return map[string]command{"podman": podman} }

// podmanServiceScript has the lab's own words; name, variables, files and what is waited for are those of the port.
//
//go:embed podman_service.sh
var podmanServiceScript string

//go:embed podman.sh
var podmanScript string

// podmanScripts are the files of podman-suite that are no programs.
func podmanScripts() map[string]string {
	return map[string]string{
		"/usr/local/etc/rc.d/podman_service": podmanServiceScript,
		"/usr/local/etc/rc.d/podman":         podmanScript,
	}
}

const podmanSocket = "/var/run/podman/podman.sock"

// podman plays what the steps ask: no image is run.
func podman(l *lab) int {
	args := slices.DeleteFunc(slices.Clone(l.args), func(a string) bool { return a == "--noout" })
	if len(args) == 0 {
		l.errorf("Error: missing command 'podman COMMAND'\nTry 'podman --help' for more information.\n")
		return 125
	}
	switch line := strings.Join(args, " "); {
	case line == "--version":
		l.printf("podman version 5.8.3\n")
		return 0
	case args[0] == "system" && len(args) > 1 && args[1] == "service":
		return podmanService(l, args[2:])
	case line == "stop --all", line == "rm --all --force", line == "start --all --filter restart-policy=always", strings.HasPrefix(line, "container ls "):
		return podmanStorage(l)
	case !slices.Contains([]string{"stop", "rm", "start", "container"}, args[0]):
		l.errorf("Error: unrecognized command `podman %s`\nTry 'podman --help' for more information.\n", args[0])
		return 125
	}
	l.errorf("Error: lab: podman %s is not played\n", strings.Join(args, " "))
	return 125
}

// podmanStorage: the driver zfs wants its root on a dataset (containers/storage, drivers/zfs).
func podmanStorage(l *lab) int {
	s := loadZFS(l)
	for _, name := range mounts(l) {
		if at, _, _ := mountpoint(s, name); at == "/var/db/containers" {
			l.must(os.MkdirAll(l.path("/var/db/containers/storage"), 0o700))
			return 0
		}
	}
	if l.exists("/var/db/containers/storage") {
		return 0 // somebody's own, by another driver
	}
	l.errorf("Error: configure storage: prerequisites for driver not satisfied (wrong filesystem?)\n")
	return 125
}

func podmanService(l *lab, args []string) int {
	if !slices.Equal(args, []string{"--time=0"}) {
		l.errorf("Error: lab: the only flags that are played are --time=0\n")
		return 125
	}
	if status := podmanStorage(l); status != 0 {
		return status
	}
	at := l.path(podmanSocket)
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return l.fail("%v", err)
	}
	l.remove(at)
	listener, err := net.Listen("unix", at)
	if err != nil {
		return l.fail("%v", err)
	}
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, syscall.SIGINT)
	<-ended
	_ = listener.Close()
	return 0
}
