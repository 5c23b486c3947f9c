// Command bench measures fbdock beside what it replaces, on the lab: both
// sides in one run, one after the other by turns, so that a machine that
// changes its speed changes it for both. `make bench` runs it. It writes
// result.json beside itself and the table into docs/numbers.md, between its marks.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// row is one line of the table of numbers.
type row struct {
	What    string  `json:"what"`
	Against string  `json:"against"`
	Unit    string  `json:"unit"`
	Ours    float64 `json:"ours"`
	Theirs  float64 `json:"theirs"`
	// Got and Reach are a quotient of both sides, or ours where there is no other side.
	Got   float64 `json:"got"`
	Reach float64 `json:"reach"`
	Goal  string  `json:"goal"`
	Held  bool    `json:"held"`
}

// result is what is kept of a run.
type result struct {
	Time    time.Time `json:"time"`
	Machine string    `json:"machine"`
	Runs    int       `json:"runs"`
	Rows    []row     `json:"rows"`
}

func main() {
	if err := bench(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context) error {
	w, err := newWorld(ctx)
	if err != nil {
		return err
	}
	defer w.close(context.WithoutCancel(ctx))
	res := result{Time: time.Now().UTC(), Machine: machine(), Runs: runs}
	for _, measure := range []func(context.Context) ([]row, error){w.calls, w.transfer, w.many, w.memory, w.idle} {
		rows, err := measure(ctx)
		if err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Fprintln(os.Stderr, r)
		}
		res.Rows = append(res.Rows, rows...)
	}
	data, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile("testdata/bench/result.json", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return publish("docs/numbers.md", res)
}

// world is a machine that is up, with both connections to it.
type world struct {
	fbdock  string
	dir     string
	private string // of fbdock's, with sockets and certificates
	close   func(context.Context)
}

func newWorld(ctx context.Context) (*world, error) {
	w := &world{fbdock: os.Getenv("FBDOCK")}
	image := os.Getenv("FBDOCK_LAB_IMAGE")
	if w.fbdock == "" || image == "" {
		return nil, fmt.Errorf("FBDOCK and FBDOCK_LAB_IMAGE are not set; run it by `make bench`")
	}
	dir, err := os.MkdirTemp("", "fbdock-bench-")
	if err != nil {
		return nil, err
	}
	w.dir = dir
	w.close = func(ctx context.Context) {
		_, _ = w.run(ctx, w.fbdock, "destroy", "--yes")
		_ = os.RemoveAll(dir)
	}
	config := fmt.Sprintf("machine \"dev\" {\n  provider = \"docker\"\n  box = \"fbdock-lab:latest\"\n  engine {\n    image = %q\n    disk = \"8GiB\"\n  }\n}\n", image)
	if err := os.WriteFile(filepath.Join(dir, "fbdock.hcl"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	if _, err := w.run(ctx, w.fbdock, "up", "--allow-reach"); err != nil {
		w.close(ctx)
		return nil, err
	}
	if err := w.find(ctx); err != nil {
		w.close(ctx)
		return nil, err
	}
	if err := w.openSSH(ctx); err != nil {
		w.close(ctx)
		return nil, err
	}
	return w, nil
}

// find asks fbdock where it keeps what is private.
func (w *world) find(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, w.fbdock, "list", "--all", "--json")
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("fbdock list --all: %w", err)
	}
	var all []struct{ Folder, Directory string }
	if err := json.Unmarshal(out, &all); err != nil {
		return fmt.Errorf("fbdock list --all: %w", err)
	}
	for _, one := range all {
		here, err := os.Stat(w.dir)
		there, terr := os.Stat(one.Folder)
		if err == nil && terr == nil && os.SameFile(here, there) {
			w.private = one.Directory
			return nil
		}
	}
	return fmt.Errorf("fbdock list --all does not have %s", w.dir)
}

// openSSH prepares OpenSSH's own ways to the guest: host dev logs in each
// time, host master shares the connection of a ControlMaster that is up.
func (w *world) openSSH(ctx context.Context) error {
	block, err := w.vagrant(ctx, "ssh-config", "dev").Output()
	if err != nil {
		return fmt.Errorf("vagrant ssh-config: %w", err)
	}
	master := strings.Replace(string(block), "Host dev", "Host master", 1) +
		"  ControlMaster auto\n  ControlPath " + w.path("cm") + "\n  ControlPersist yes\n"
	if err := os.WriteFile(w.path("ssh_config"), []byte(string(block)+"\n"+master), 0o600); err != nil {
		return err
	}
	wrapper := "#!/bin/sh\nexec " + which("ssh") + " -F " + w.path("ssh_config") + " \"$@\"\n"
	if err := os.MkdirAll(w.path("path"), 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(w.path("path/ssh"), []byte(wrapper), 0o700); err != nil { //nolint:gosec // a script
		return err
	}
	_, err = w.run(ctx, w.path("path/ssh"), "master", "true")
	return err
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// docker is the host's own CLI against a host.
func (w *world) docker(ctx context.Context, host string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+host, "DOCKER_CONTEXT=", "DOCKER_TLS_VERIFY=",
		"DOCKER_CONFIG="+w.path("docker"), "PATH="+w.path("path")+":"+os.Getenv("PATH"))
	return cmd
}

func (w *world) socket() string { return "unix://" + filepath.Join(w.private, "dev", "docker.sock") }

// vagrant is Vagrant as a user would call it in the folder of the Vagrantfile.
func (w *world) vagrant(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "vagrant", args...)
	cmd.Dir = w.private
	return cmd
}

func (w *world) run(ctx context.Context, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = w.dir
	return timed(cmd)
}

func timed(cmd *exec.Cmd) (time.Duration, error) {
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return time.Since(began), nil
}

func which(name string) string {
	file, err := exec.LookPath(name)
	if err != nil {
		return name
	}
	return file
}

// machine describes where the figures are from.
func machine() string {
	model := "unknown CPU"
	info, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(info)) {
			if name, ok := strings.CutPrefix(line, "model name"); ok {
				model = strings.Trim(name, " \t:\n")
				break
			}
		}
	}
	return fmt.Sprintf("%s, %d CPUs, %s/%s, the lab's engine emulated by QEMU TCG", model, runtime.NumCPU(), runtime.GOOS, runtime.GOARCH)
}
