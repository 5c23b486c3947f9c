package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/jail"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/privatefile"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/provision/contract"
)

// LogLayers are the layers whose logs can be read, from the outside in.
func LogLayers() []string { return []string{"vagrant", "freebsd", "engine", "docker"} }

// LogOptions choose what Logs writes.
type LogOptions struct {
	Machine string
	Layer   string
	Lines   int // the last so many
	Follow  bool
}

// Logs writes the log of one layer to w.
func Logs(ctx context.Context, p *project.Project, o LogOptions, w io.Writer) error {
	m, err := p.Machine(o.Machine)
	if err != nil {
		return err
	}
	if o.Layer == "vagrant" {
		return copyVagrantLog(p, w)
	}
	files := map[string]string{
		"freebsd": contract.StepsLog, "engine": contract.ConsoleLog, "docker": contract.DockerLog,
	}
	inEngine := o.Layer == "docker"
	if m.Engine.Sibling() && o.Layer == "engine" { // its console is the provider's
		files["engine"], inEngine = contract.SeedLog, true
	}
	file, ok := files[o.Layer]
	if name, is := strings.CutPrefix(o.Layer, jail.Prefix); is {
		file, ok = contract.JailLog(name), jail.Named(name)
	}
	if !ok {
		return &failure.Error{
			Err:  fmt.Errorf("there is no layer %q", o.Layer),
			Next: "the layers are vagrant, freebsd, engine, docker and jail/NAME", Code: failure.ExitUsage,
		}
	}
	args := []string{"tail", "-n", strconv.Itoa(o.Lines), file}
	if o.Follow {
		args = []string{"tail", "-n", strconv.Itoa(o.Lines), "-f", file}
	}
	if inEngine && m.Engine.Sibling() { // FreeBSD may be down
		client, err := p.On(m).Sibling().Connect(ctx)
		if err != nil {
			return err
		}
		defer client.Close() // only read
		return writeLog(ctx, client, o.Layer, args, w)
	}
	g, err := p.On(m).Connect(ctx)
	if err != nil {
		return err
	}
	defer g.Close() // only read
	if !inEngine {
		return writeLog(ctx, g.Client, o.Layer, g.AsRoot(args...), w)
	}
	client, err := g.Engine(ctx)
	if err != nil {
		return err
	}
	defer client.Close() // only read
	return writeLog(ctx, client, o.Layer, args, w)
}

// writeLog writes to w what the command args says of a layer's log in a guest.
func writeLog(ctx context.Context, client *link.Client, layer string, args []string, w io.Writer) error {
	status, err := client.Run(ctx, link.Command{Args: args, Stdout: w, Stderr: w})
	if err == nil && status != 0 {
		err = fmt.Errorf("read the log of layer %s: status %d", layer, status)
	}
	return err
}

// copyVagrantLog writes what Vagrant has said on this host.
func copyVagrantLog(p *project.Project, w io.Writer) error {
	f, err := privatefile.Open(p.State.Log("vagrant"), os.O_RDONLY)
	if errors.Is(err, fs.ErrNotExist) {
		return &failure.Error{Err: errors.New("vagrant has not been run here yet"), Next: "`fbdock up` runs it"}
	}
	if err != nil {
		return err
	}
	defer f.Close() // only read
	_, err = io.Copy(w, f)
	return err
}
