package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// memory is what the agent holds with 200 clients that follow the engine's events.
func (w *world) memory(ctx context.Context) ([]row, error) {
	pid, err := w.agent()
	if err != nil {
		return nil, err
	}
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", strings.TrimPrefix(w.socket(), "unix://"))
	}}}
	for range crowd {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/events", nil)
		if err != nil {
			return nil, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return nil, err
		}
		defer func() { _, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 0)); _ = answer.Body.Close() }()
	}
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return nil, err
	}
	var kib int
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, "VmRSS: %d", &kib)
	}
	r := row{What: fmt.Sprintf("agent's memory with %d connections that follow events", crowd), Against: "", Unit: "MiB", Ours: float64(kib) / 1024, Reach: 40, Goal: "under 40 MiB"}
	r.Got, r.Held = r.Ours, r.Ours < 40
	return []row{r}, nil
}

// idleFor is how long the agent is left alone.
const idleFor = 5 * time.Minute

// idle is the CPU time that the agent takes while nobody asks anything of it:
// its keepalive, clocks and looks at the containers.
func (w *world) idle(ctx context.Context) ([]row, error) {
	pid, err := w.agent()
	if err != nil {
		return nil, err
	}
	before, err := cpuSeconds(pid)
	if err != nil {
		return nil, err
	}
	select {
	case <-time.After(idleFor):
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	after, err := cpuSeconds(pid)
	if err != nil {
		return nil, err
	}
	r := row{What: fmt.Sprintf("agent's CPU time in %s without a client", idleFor), Unit: "s", Ours: after - before, Reach: 1, Goal: "under 1 s"}
	r.Got, r.Held = r.Ours, r.Ours < r.Reach
	return []row{r}, nil
}

// cpuSeconds is what a process has used in user and system mode: utime and
// stime of proc_pid_stat(5), in ticks of 10 ms on Linux.
func cpuSeconds(pid string) (float64, error) {
	text, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return 0, err
	}
	// The name in parentheses may have blanks; state is the third field.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%s/stat has %d fields", pid, len(fields))
	}
	var utime, stime float64
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &utime, &stime); err != nil {
		return 0, err
	}
	return (utime + stime) / 100, nil
}

// agent is the process id of this world's agent.
func (w *world) agent() (string, error) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range lines {
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte("\x00agent\x00")) && bytes.Contains(text, []byte(w.dir)) {
			return filepath.Base(filepath.Dir(file)), nil
		}
	}
	return "", fmt.Errorf("no agent of %s runs", w.dir)
}
