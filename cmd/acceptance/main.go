// Command acceptance judges fbdock on a real FreeBSD: `make real
// HOST=ssh://user@host`. It says what it will do and asks before it starts.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fbdock/fbdock/internal/acceptance"
	"github.com/fbdock/fbdock/internal/run"
	"github.com/fbdock/fbdock/internal/untrusted"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program
	status, err := judge(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "error:", untrusted.Printable(err.Error()))
	}
	os.Exit(status)
}

// perStep is a flag that may be given several times, once for each step.
type perStep map[string]string

func (s perStep) String() string { return "" }

func (s perStep) Set(text string) error {
	step, what, ok := strings.Cut(text, "=")
	if !ok {
		return errors.New("want STEP=freebsd:SCRIPT, STEP=engine:SCRIPT or STEP=docker:ARGUMENTS")
	}
	s[step] = what
	return nil
}

// config is the command line.
type config struct {
	acceptance.Options
	yes            bool
	json, markdown string
	udpEcho        string
}

func parse(args []string) (config, error) {
	c := config{Options: acceptance.Options{Sabotage: perStep{}, Repair: perStep{}, Log: os.Stderr, Env: os.Environ()}}
	set := flag.NewFlagSet("acceptance", flag.ContinueOnError)
	set.StringVar(&c.Program, "fbdock", "bin/fbdock", "the fbdock `program` to judge")
	set.StringVar(&c.Host, "host", "", "the FreeBSD computer, as ssh://USER@ADDRESS; USER may use sudo without a password")
	set.StringVar(&c.Machine, "machine", "", "`lines` of the machine block, instead of -host: provider, box")
	set.StringVar(&c.Engine, "engine", "", "`lines` of the engine block, such as image = \"...\"")
	set.StringVar(&c.Image, "image", "busybox", "a container `image` with busybox")
	set.StringVar(&c.Archive, "archive", "", "`file` to docker load that image from, instead of pulling it")
	set.StringVar(&c.Helper, "helper", "", "this program, built for Linux: the UDP server in a container")
	set.BoolVar(&c.Reboot, "reboot", false, "reboot FreeBSD too")
	set.Float64Var(&c.Slow, "slow", 1, "`factor` of every timeout, for slow machines")
	set.Var(perStep(c.Sabotage), "sabotage", "`STEP=WHAT` breaks something before a step, to see that the step notices; several")
	set.Var(perStep(c.Repair), "repair", "`STEP=WHAT` repairs after a step what was broken for it; several")
	set.Func("skip", "leave this `step` out; several", func(step string) error {
		c.Skip = append(c.Skip, step)
		return nil
	})
	set.BoolVar(&c.yes, "yes", false, "do not ask")
	set.StringVar(&c.json, "json", "", "write the report to this `file`, as JSON")
	set.StringVar(&c.markdown, "markdown", "", "write the report to this `file`, as a Markdown table")
	set.StringVar(&c.udpEcho, strings.TrimPrefix(acceptance.UDPEchoFlag, "-"), "", "be a UDP echo server at this `address`, and nothing else")
	if err := set.Parse(args); err != nil {
		return c, err
	}
	if set.NArg() > 0 {
		return c, fmt.Errorf("unexpected argument %q", set.Arg(0))
	}
	if c.udpEcho == "" && (c.Host == "") == (c.Machine == "") {
		return c, errors.New("give either -host ssh://USER@ADDRESS or -machine LINES")
	}
	return c, nil
}

// judge gives the exit status: 0 when no step failed, 1 when one did, 2 for a
// wrong command line.
func judge(ctx context.Context, args []string) (int, error) {
	c, err := parse(args)
	if err != nil {
		return 2, err
	}
	if c.udpEcho != "" {
		return 1, acceptance.EchoUDP(ctx, c.udpEcho)
	}
	for _, file := range []*string{&c.Program, &c.Archive, &c.Helper} {
		if *file == "" {
			continue
		}
		if *file, err = filepath.Abs(*file); err != nil {
			return 2, err
		}
		if _, err := os.Stat(*file); err != nil {
			return 2, err
		}
	}
	if !c.yes {
		if err := ask(c.Options, os.Stdin); err != nil {
			return 2, err
		}
	}
	dir, err := os.MkdirTemp("", "fbdock-acceptance-")
	if err != nil {
		return 1, err
	}
	if c.Dir, err = filepath.EvalSymlinks(dir); err != nil {
		return 1, errors.Join(err, os.Remove(dir))
	}
	r, err := report(ctx, c.Options)
	err = errors.Join(err, write(r, c))
	if r.Gone() {
		err = errors.Join(err, os.RemoveAll(c.Dir))
	} else {
		fmt.Fprintf(os.Stderr, "hint: the machine is still there: `fbdock -C %s destroy`\n", c.Dir)
	}
	if err != nil || r.Failed() > 0 {
		return 1, err
	}
	return 0, nil
}

// report is the whole run.
func report(ctx context.Context, o acceptance.Options) (acceptance.Report, error) {
	var r acceptance.Report
	version, err := run.Runner{}.Run(ctx, run.Cmd{Name: o.Program, Args: []string{"version"}, Env: o.Env})
	if err != nil {
		return r, err
	}
	r.Program, r.Host = untrusted.Printable(strings.TrimSpace(string(version.Stdout))), o.Host
	r.Steps, err = acceptance.Run(ctx, o)
	return r, err
}

// ask says what the suite does and wants a yes.
func ask(o acceptance.Options, from io.Reader) error {
	where := "a new machine of Vagrant"
	if o.Host != "" {
		where = o.Host
	}
	reboot := ""
	if o.Reboot {
		reboot = " FreeBSD is rebooted once."
	}
	fmt.Fprintf(os.Stderr, "This installs fbdock's engine on %s, uses it, kills it, stops pf and nfsd there for a moment, and removes all of it again.%s\n"+
		"It touches nothing that it has not made, but services of that computer that need pf or nfsd are interrupted. Packages stay.\n"+
		"Go on? [y/N] ", where, reboot)
	answer, err := bufio.NewReader(from).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing was done; -yes (YES=1) goes on without a question")
	}
	return nil
}

// write prints the table and writes the files that were asked for.
func write(r acceptance.Report, c config) error {
	err := r.Table(os.Stdout)
	for file, to := range map[string]func(io.Writer) error{c.json: r.JSON, c.markdown: r.Table} {
		if file == "" {
			continue
		}
		var text strings.Builder
		err = errors.Join(err, to(&text), os.WriteFile(file, []byte(text.String()), 0o644))
	}
	return err
}
