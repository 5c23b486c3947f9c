package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"
)

// hostDocker is a docker CLI of this host, as far as fbdock has to do with
// it. The file of FAKE_DOCKER_CALLS has a line for each question that it is
// asked about itself.
func hostDocker() {
	args := os.Args[1:]
	line := strings.Join(args, " ")
	if line == "--version" || line == "compose version --short" {
		note(os.Getenv("FAKE_DOCKER_CALLS"), line)
	}
	switch {
	case line == "--version" && os.Getenv("FAKE_DOCKER_VERSION") != "":
		fmt.Println(os.Getenv("FAKE_DOCKER_VERSION"))
	case line == "--version":
		fmt.Println("Docker version 28.2.2, build e6534b4")
	case line == "compose version --short":
		if os.Getenv("FAKE_DOCKER_COMPOSE") == "" {
			fmt.Fprintln(os.Stderr, "unknown flag: --short")
			os.Exit(125)
		}
		fmt.Println(os.Getenv("FAKE_DOCKER_COMPOSE"))
	default:
		os.Exit(hostDockerRun(args, line))
	}
}

// hostDockerRun does what the first word says, and else repeats the line.
func hostDockerRun(args []string, line string) int {
	switch args[0] {
	case "exit":
		status, _ := strconv.Atoi(args[1])
		return status
	case "cat":
		_, _ = io.Copy(os.Stdout, os.Stdin)
	case "env":
		env := slices.DeleteFunc(os.Environ(), func(pair string) bool { return !strings.Contains(args[1], pair[:strings.IndexByte(pair, '=')]) })
		slices.Sort(env)
		fmt.Println(strings.Join(env, "\n"))
	case "where":
		dir, _ := os.Getwd()
		fmt.Println(dir)
	case "terminals":
		for i, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
			fmt.Printf("%d %v\n", i, term.IsTerminal(int(f.Fd())))
		}
	case "signals":
		return tellSignals(args[1:])
	case "kill":
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			_ = self.Kill()
		}
		select {}
	case "version":
		os.Args = []string{"askdocker", strings.TrimPrefix(os.Getenv("DOCKER_HOST"), "unix://"), "/version"}
		askDocker()
	default:
		fmt.Println("host docker " + line)
		fmt.Fprintln(os.Stderr, "host docker on stderr")
	}
	return 0
}

// tellSignals repeats what arrives until something else than SIGHUP has, and
// for a while after it, as a signal may come twice. Files are written when it is ready.
func tellSignals(files []string) int {
	in := make(chan os.Signal, 16)
	signal.Notify(in)
	fmt.Println("ready")
	for _, file := range files {
		note(file, "ready")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	for {
		select {
		case s := <-in:
			if !slices.Contains([]string{"interrupt", "terminated", "hangup", "continued", "user defined signal 1"}, s.String()) {
				continue // Go's own, and the terminal's
			}
			fmt.Println("got", s)
			if s != syscall.SIGHUP {
				ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
				defer cancel()
			}
		case <-ctx.Done():
			return 7
		}
	}
}

func note(file, line string) {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	_, _ = fmt.Fprintln(f, line)
	_ = f.Close()
}
