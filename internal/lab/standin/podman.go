//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"io"
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

// podmanSuite writes the package's files but for its programs into a folder, and links to this program in their place.
func podmanSuite(dir string, errs io.Writer) int {
	var err error
	for file, text := range podmanScripts() {
		if err == nil {
			err = os.MkdirAll(filepath.Dir(dir+file), 0o755)
		}
		if err == nil {
			err = os.WriteFile(dir+file, []byte(text), 0o755)
		}
	}
	if err == nil {
		err = os.MkdirAll(dir+"/usr/local/bin", 0o755)
	}
	if err == nil {
		err = os.Symlink("/usr/lab/sbin/standin", dir+"/usr/local/bin/podman")
	}
	if err != nil {
		_, _ = fmt.Fprintf(errs, "standin: %v\n", err)
		return 1
	}
	return 0
}

// realPodman is Debian's, where the image has it.
const realPodman = "/usr/lab/debian/podman"

// podman is Debian's in the lab, with storage where FreeBSD's has it; it knows no runtime of FreeBSD's, so that its
// images are Linux's. Without it what the steps ask is played: no image is run.
func podman(l *lab) int {
	if _, err := os.Stat(realPodman); err == nil && !l.fake {
		return podmanReal(l)
	}
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

// podmanReal becomes Debian's podman. On FreeBSD the service listens at podmanSocket by itself.
func podmanReal(l *lab) int {
	if len(l.args) > 0 && !strings.HasPrefix(l.args[0], "-") {
		if status := podmanStorage(l); status != 0 {
			return status
		}
	}
	args := slices.DeleteFunc(slices.Clone(l.args), func(a string) bool { return a == "--noout" })
	if slices.Equal(args, []string{"system", "service", "--time=0"}) {
		if err := os.MkdirAll(filepath.Dir(podmanSocket), 0o700); err != nil {
			return l.fail("%v", err)
		}
		args = append(args, "unix://"+podmanSocket)
	}
	env := append(slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "PATH=") }), "PATH=/usr/lab/debian:/usr/sbin:/usr/bin")
	return l.fail("%v", syscall.Exec(realPodman, append([]string{"podman"}, args...), env))
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
