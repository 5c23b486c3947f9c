package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/parcel"
	"github.com/fbdock/fbdock/internal/untrusted"
)

const (
	// envFile is the environment in a cargo's folder.
	envFile = "env"
	// clearTime bounds the removal of that folder.
	clearTime = 20 * time.Second
	// maxRecord bounds what follows the end of an archive: GNU tar's largest
	// record is far smaller.
	maxRecord = 1 << 20
)

// errTooMuch ends a guest that goes on after the end of an archive.
var errTooMuch = errors.New("the guest sends more than it was asked for")

// empty tells whether nothing has to be sent.
func (c *cargo) empty() bool { return len(c.items) == 0 }

// only tells whether the environment is all of it, which the command itself
// removes.
func (c *cargo) only() bool { return len(c.items) == 1 && c.items[0].Name == envFile }

// environment adds variables, by a script that the command reads.
func (c *cargo) environment(h handover) error {
	if h.empty() {
		return nil
	}
	text, err := h.script(c.program)
	// It is removed before anything is set: PATH may become this host's, and a
	// name that the shell keeps for itself ends it.
	remove := "rm -f " + c.at(envFile)
	if len(c.items) == 0 {
		remove = "rm -rf " + c.dir
	}
	c.items = append([]parcel.Item{{Name: envFile, Data: []byte(remove + "\n" + text)}}, c.items...)
	return err
}

// hasEnvironment tells whether there are variables.
func (c *cargo) hasEnvironment() bool { return len(c.items) > 0 && c.items[0].Name == envFile }

// prologue sets the environment in the guest. It comes first, so that nothing
// of it is left behind where the command is not run.
func (c *cargo) prologue() string {
	if !c.hasEnvironment() {
		return ""
	}
	return fmt.Sprintf(". %s || exit %d; ", c.at(envFile), failure.ExitLink)
}

// exec runs a command, whose first argument is the program. With an
// environment, whose PATH is this host's, that was looked for before.
func (c *cargo) exec(args []string) (string, error) {
	if !c.hasEnvironment() {
		text, err := link.Quote(args)
		return "exec " + text, err
	}
	text := ""
	if len(args) > 1 {
		var err error
		if text, err = link.Quote(args[1:]); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(`exec "$%s" %s`, programVariable, text), nil
}

// send makes the folder in the guest, with what the command reads. What was
// left there by who was killed goes after two days.
func (c *cargo) send(ctx context.Context, g *machine.Guest) error {
	if c.empty() {
		return nil
	}
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		err := parcel.Pack(ctx, w, c.items, c.private)
		packed <- err
		_ = w.CloseWithError(err) // never fails
	}()
	script := "umask 077; find /tmp -maxdepth 1 -name 'fbdock.????????????????' -user \"$(id -un)\" -mtime +2 -exec rm -rf {} + 2>/dev/null; " +
		"mkdir -m 700 " + c.dir + " && tar -xpf - -C " + c.dir
	out, err := g.Upload(ctx, r, link.Command{Script: script}, nil)
	_ = r.Close() // never fails
	if failed := <-packed; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		err = failed
	} else if err == nil && out.Status != 0 {
		err = fmt.Errorf("the guest does not take what the command needs: status %d: %s", out.Status, out.Reason())
	}
	if err != nil {
		c.clear(ctx, g)
	}
	return err
}

// clear removes the folder in the guest.
func (c *cargo) clear(ctx context.Context, g *machine.Guest) {
	if c.empty() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), clearTime)
	defer cancel()
	script := "chmod -R u+rwX " + c.dir + " 2>/dev/null; rm -rf " + c.dir
	_, _ = g.Output(ctx, link.Command{Script: script}) // the next one removes it
}

// run runs a command with its cargo.
func (c *cargo) run(ctx context.Context, g *machine.Guest, e Exec, relay func(Exec) (int, error)) (status int, err error) {
	if c.empty() && c.input == "" && c.output == "" {
		return relay(e)
	}
	if err := c.send(ctx, g); err != nil {
		return 0, err
	}
	defer func() {
		if !c.only() || err != nil || status >= failure.ExitLink { // a signal may have come first
			c.clear(ctx, g)
		}
	}()
	if c.input != "" {
		file, err := openNamed(c.input)
		if err != nil {
			return 0, err
		}
		defer file.Close() // only read
		e.Streams.Stdin, e.Streams.Terminal = file, nil
	}
	slices.SortStableFunc(c.names, func(a, b [2]string) int { return cmp.Compare(len(b[0]), len(a[0])) })
	said := &parcel.Renamer{W: e.Streams.Stderr, Names: c.names}
	e.Streams.Stderr = said
	watching, stop := context.WithCancel(ctx)
	early := c.watch(watching, g)
	if c.output != "" {
		status, err = c.toFile(e, relay)
	} else {
		status, err = relay(e)
	}
	stop()
	<-early
	if err = errors.Join(err, said.Close()); err != nil {
		return status, err
	}
	return status, c.bring(ctx, g, status)
}

// toFile has a command write to a file, which is there once all is written, as
// docker does.
func (c *cargo) toFile(e Exec, relay func(Exec) (int, error)) (status int, err error) {
	file, err := os.CreateTemp(filepath.Dir(c.output), ".tmp-"+filepath.Base(c.output))
	if err != nil {
		return 0, err
	}
	defer func() {
		if status != 0 || err != nil {
			_ = os.Remove(file.Name()) // nothing is in it
		}
	}()
	e.Streams.Stdout = file
	status, err = relay(e)
	if err = errors.Join(err, file.Close()); err != nil || status != 0 {
		return status, err
	}
	return 0, os.Rename(file.Name(), c.output)
}

// watch brings the file of --cidfile while the container runs: who waits for
// it on this host does not wait for the container's end.
func (c *cargo) watch(ctx context.Context, g *machine.Guest) <-chan struct{} {
	done := make(chan struct{})
	at := slices.IndexFunc(c.fetches, func(f fetch) bool { return f.watched })
	if at < 0 {
		close(done)
		return done
	}
	go func() {
		defer close(done)
		f := c.fetches[at]
		item, err := link.QuoteWord(c.at(f.item))
		if err != nil {
			return // it is told at the end
		}
		script := "until [ -s " + item + " ]; do [ -d " + c.dir + " ] || exit 1; sleep 1; done"
		if out, err := g.Output(ctx, link.Command{Script: script}); err == nil && out.Status == 0 {
			_ = c.bringOne(ctx, g, f) // it is tried again at the end
		}
	}()
	return done
}

// bring fetches what the command has written. A file that it writes is there
// after a failure as well, as that of --cidfile.
func (c *cargo) bring(ctx context.Context, g *machine.Guest, status int) error {
	for _, f := range c.fetches {
		if status != 0 && !f.always {
			continue
		}
		if err := c.bringOne(ctx, g, f); err != nil {
			return err
		}
	}
	return nil
}

func (c *cargo) bringOne(ctx context.Context, g *machine.Guest, f fetch) error {
	to := parcel.Target{Dir: f.dir, Top: path.Base(f.item), As: f.name, Private: c.private, MaxFile: f.limit}
	if f.make {
		if err := os.MkdirAll(f.dir, 0o755); err != nil { //nolint:gosec // as buildx makes them
			return err
		}
	}
	script, err := c.tarScript(f)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	unpacked := make(chan error, 1)
	go func() {
		err := parcel.Unpack(r, to)
		if err == nil {
			// Blocks of zeros fill up the last record of an archive.
			_, _ = io.Copy(io.Discard, io.LimitReader(r, maxRecord))
		}
		_ = r.CloseWithError(cmp.Or(err, errTooMuch)) // never fails
		unpacked <- err
	}()
	stderr := &untrusted.Tail{Limit: 4 << 10}
	status, err := g.Run(ctx, link.Command{Script: script, Stdout: w, Stderr: stderr})
	_ = w.CloseWithError(err) // never fails
	if failed := <-unpacked; failed != nil && (err == nil || !errors.Is(failed, err)) {
		err = failed
	}
	if err == nil && status != 0 {
		err = fmt.Errorf("the guest does not give %s back: %s", filepath.Join(f.dir, f.name), untrusted.Short(stderr.String(), 1<<10))
	}
	return err
}

// tarScript has the guest send what a command has written; nothing, where it
// has written no such file.
func (c *cargo) tarScript(f fetch) (string, error) {
	var words [3]string
	for i, word := range []string{c.at(f.item), c.at(path.Dir(f.item)), "./" + path.Base(f.item)} {
		var err error
		if words[i], err = link.QuoteWord(word); err != nil {
			return "", err
		}
	}
	script := "tar -cf - -C " + words[1] + " " + words[2]
	if f.optional {
		script = "[ -d " + words[0] + " ] || [ -s " + words[0] + " ] || exit 0; " + script
	}
	return script, nil
}
