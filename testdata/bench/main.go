// Command bench measures fbdock beside what it replaces, on the lab: both
// sides in one run, one after the other by turns, so that a machine that
// changes its speed changes it for both. `make bench` runs it. It writes
// result.json beside itself and the table to standard output.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// runs is how often each side runs; one more goes first and is not counted.
const runs = 7

// row is one comparison of the design's table of numbers.
type row struct {
	Name    string  `json:"name"`
	Against string  `json:"against"`
	Reach   float64 `json:"reach"` // how many times faster it is to be
	Ours    float64 `json:"ours_median_s"`
	Theirs  float64 `json:"theirs_median_s"`

	ours, theirs []string
}

// result is what is kept of a run.
type result struct {
	Time    time.Time `json:"time"`
	Machine string    `json:"machine"`
	Runs    int       `json:"runs"`
	Rows    []row     `json:"rows"`
}

func main() {
	if err := bench(context.Background(), os.Getenv("FBDOCK"), os.Getenv("FBDOCK_LAB_IMAGE")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, fbdock, image string) (err error) {
	if fbdock == "" || image == "" {
		return fmt.Errorf("FBDOCK and FBDOCK_LAB_IMAGE are not set; run it by `make bench`")
	}
	dir, err := os.MkdirTemp("", "fbdock-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	config := fmt.Sprintf("machine \"dev\" {\n  provider = \"docker\"\n  box = \"fbdock-lab:latest\"\n  engine {\n    image = %q\n    disk = \"8GiB\"\n  }\n}\n", image)
	if err := os.WriteFile(filepath.Join(dir, "fbdock.hcl"), []byte(config), 0o600); err != nil {
		return err
	}
	if _, err := timed(ctx, dir, []string{fbdock, "up"}); err != nil {
		return err
	}
	defer func() { _, _ = timed(ctx, dir, []string{fbdock, "destroy", "--yes"}) }()
	res := result{Time: time.Now().UTC(), Machine: machine(), Runs: runs, Rows: rows(fbdock)}
	for i := range res.Rows {
		if err := res.Rows[i].measure(ctx, dir); err != nil {
			return err
		}
	}
	data, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile("testdata/bench/result.json", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return table(os.Stdout, res)
}

func rows(fbdock string) []row {
	return []row{
		{Name: "fbdock exec true, warm", Against: "vagrant ssh -c true", Reach: 100,
			ours: []string{fbdock, "exec", "--", "true"}, theirs: []string{"vagrant", "ssh", "dev", "-c", "true"}},
		{Name: "fbdock docker version", Against: `vagrant ssh -c "docker version"`, Reach: 40,
			ours: []string{fbdock, "docker", "version"}, theirs: []string{"vagrant", "ssh", "dev", "-c", "docker version"}},
		{Name: "fbdock up, when all is up", Against: "vagrant up, when all is up", Reach: 10,
			ours: []string{fbdock, "up"}, theirs: []string{"vagrant", "up", "--no-provision"}},
		{Name: "fbdock plan", Against: "vagrant validate", Reach: 50,
			ours: []string{fbdock, "plan"}, theirs: []string{"vagrant", "validate"}},
	}
}

// measure runs both sides by turns.
func (r *row) measure(ctx context.Context, dir string) error {
	var ours, theirs []float64
	for i := range runs + 1 {
		a, err := timed(ctx, dir, r.ours)
		if err != nil {
			return err
		}
		b, err := timed(ctx, filepath.Join(dir, ".fbdock"), r.theirs)
		if err != nil {
			return err
		}
		if i > 0 {
			ours, theirs = append(ours, a.Seconds()), append(theirs, b.Seconds())
		}
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	r.Ours, r.Theirs = ours[runs/2], theirs[runs/2]
	return nil
}

func timed(ctx context.Context, dir string, args []string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir = dir
	began := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
	}
	return time.Since(began), nil
}

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

func table(w io.Writer, res result) error {
	text := fmt.Sprintf("%s; medians of %d runs by turns, %s\n\n| what | against | ours | theirs | times faster | reach |\n|---|---|---|---|---|---|\n",
		res.Machine, res.Runs, res.Time.Format(time.DateOnly))
	for _, r := range res.Rows {
		text += fmt.Sprintf("| `%s` | `%s` | %.0f ms | %.0f ms | %.0f | %.0f |\n", r.Name, r.Against, r.Ours*1000, r.Theirs*1000, r.Theirs/r.Ours, r.Reach)
	}
	_, err := io.WriteString(w, text)
	return err
}
