package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// endAgents ends the agents that a script, perhaps one that failed, has left
// behind: they are found by the state directory that they serve, in work and not
// in that of a script whose name begins the same.
func endAgents(work string) (ended int) {
	processes, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return 0
	}
	for _, file := range processes {
		args, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(args), "\x00agent\x00--project\x00") {
			continue
		}
		environ, err := os.ReadFile(filepath.Join(filepath.Dir(file), "environ"))
		if err != nil || !strings.Contains(string(environ), "XDG_STATE_HOME="+work+string(filepath.Separator)) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil {
			if p, err := os.FindProcess(pid); err == nil && p.Kill() == nil {
				ended++
			}
		}
	}
	return ended
}

// askDocker prints what the Docker API at a socket answers:
// askdocker SOCKET PATH.
func askDocker() {
	client := &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", os.Args[1])
		},
	}}
	res, err := client.Get("http://docker" + os.Args[2])
	if err == nil {
		_, err = io.Copy(os.Stdout, res.Body)
		_ = res.Body.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "askdocker:", err)
		os.Exit(1)
	}
}
