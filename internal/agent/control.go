package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/localsocket"
	"github.com/fbdock/fbdock/internal/retry"
	"github.com/fbdock/fbdock/internal/untrusted"
)

// controlChannel carries one question to the agent, as its data, and the
// answer.
const controlChannel = "control@fbdock"

// Status is what the agent tells of itself.
type Status struct {
	Identity string    `json:"identity"`
	PID      int       `json:"pid"`
	Started  time.Time `json:"started"`
	// Link tells whether FreeBSD is reached, Since when that is so, and
	// Error why it is not.
	Link    bool      `json:"link"`
	Since   time.Time `json:"since"`
	Error   string    `json:"error,omitempty"`
	Repairs int       `json:"repairs"` // of the link
	// EngineLink is the connection to an engine beside FreeBSD, nil where the
	// engine is in it.
	EngineLink *LinkStatus `json:"engine_link,omitempty"`
	// Reverse are FreeBSD's ways to an engine that it has no network to.
	Reverse []ReverseStatus `json:"reverse,omitempty"`
	// Open counts connections to the sockets, Total all there ever were.
	Open  int64  `json:"open"`
	Total int64  `json:"total"`
	Ports []Port `json:"ports,omitempty"`
	// PortsError is why the published ports are not known.
	PortsError string `json:"ports_error,omitempty"`
	// Mounts are the folders of this host in the guests.
	Mounts []Mount `json:"mounts,omitempty"`
	// Settings is the ID of the settings that are served.
	Settings string `json:"settings,omitempty"`
	// Refused is why the settings of a reload are not served.
	Refused string `json:"refused,omitempty"`
	// Clocks are the guests', as far as they were looked at.
	Clocks []Clock `json:"clocks,omitempty"`
}

// LinkStatus tells of one connection to a guest.
type LinkStatus struct {
	Up bool `json:"up"`
	// Since is when it was made or lost, Error why it is not there.
	Since   time.Time `json:"since"`
	Error   string    `json:"error,omitempty"`
	Repairs int       `json:"repairs"`
}

// maxStatus bounds a Status; one with every port has some 20 MiB.
const maxStatus = 64 << 20

// The questions that may be put.
const (
	askStatus = "status"
	// askPorts looks at the containers before it answers.
	askPorts = "ports"
	// askMounts tries what is not mounted, and brings copies up to date,
	// before it answers.
	askMounts = "mounts"
	// askClocks looks at the guests' clocks before it answers.
	askClocks = "clocks"
	// askStop ends the agent and all that runs over it.
	askStop = "stop"
	// askRetire has the agent leave its sockets to another and end with the
	// last of its connections.
	askRetire = "retire"
	// askReload has the agent read its settings again, and is answered once
	// what has changed was tried.
	askReload = "reload"
)

type question struct {
	Ask string `json:"ask"`
}

// control answers one question.
func (a *Agent) control(ctx context.Context, asked ssh.NewChannel) {
	var q question
	if asked.ChannelType() != controlChannel || json.Unmarshal(asked.ExtraData(), &q) != nil {
		_ = asked.Reject(ssh.UnknownChannelType, "this user has control channels only")
		return
	}
	ch, reqs, err := asked.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	after, refused := func() {}, ""
	switch q.Ask {
	case askReload:
		if err := a.reconfigure(ctx); err != nil {
			refused = err.Error()
		}
	case askPorts:
		a.ports.Refresh(ctx)
	case askMounts:
		a.mounts.refresh(ctx)
	case askClocks:
		a.lookAtClocks(ctx)
	case askStop:
		after = func() { a.stop(errStopped) }
	case askRetire:
		after = func() { a.retire(errRetired) }
	}
	status := a.status()
	status.Refused = refused
	err = json.NewEncoder(ch).Encode(status)
	err = errors.Join(err, ch.CloseWrite())
	if err == nil {
		// The answer has arrived when the client leaves.
		left := make(chan struct{})
		go func() {
			defer close(left)
			_, _ = io.Copy(io.Discard, ch)
		}()
		within(left, time.Second)
	}
	_ = ch.Close()
	a.o.Log.Debug("asked", "question", q.Ask)
	after()
}

func (a *Agent) status() Status {
	s := Status{
		Identity: a.o.Identity, Settings: a.settings().ID, PID: os.Getpid(), Started: a.began,
		Open: a.count.open.Load(), Total: a.count.total.Load(),
	}
	var err error
	s.Link, s.Since, s.Repairs, err = a.freebsd.State()
	if err != nil {
		s.Error = err.Error()
	}
	if engine, own := a.engine.(*uplink.Uplink); own {
		l := LinkStatus{}
		if l.Up, l.Since, l.Repairs, err = engine.State(); err != nil {
			l.Error = err.Error()
		}
		s.EngineLink = &l
	}
	for _, r := range a.reverse {
		s.Reverse = append(s.Reverse, r.now())
	}
	s.Ports, err = a.ports.List()
	if err != nil {
		s.PortsError = err.Error()
	}
	s.Mounts = a.mounts.list()
	s.Clocks = a.clocks.list()
	return s
}

// Remote is an agent as its clients see it.
type Remote struct {
	Address string // of its socket
	HostKey ssh.PublicKey
}

// Status asks the agent how it fares.
func (r Remote) Status(ctx context.Context) (Status, error) { return r.ask(ctx, askStatus) }

// Ports is Status after a look at the containers as they are now.
func (r Remote) Ports(ctx context.Context) (Status, error) { return r.ask(ctx, askPorts) }

// Clocks is Status after a look at the guests' clocks.
func (r Remote) Clocks(ctx context.Context) (Status, error) { return r.ask(ctx, askClocks) }

// Mounts is Status after another try of what is not mounted, and when copies
// have what this host has now.
func (r Remote) Mounts(ctx context.Context) (Status, error) { return r.ask(ctx, askMounts) }

// Reload has the agent serve the settings that are written down now: what
// stays the same is not touched. An error says why it does not take them.
func (r Remote) Reload(ctx context.Context) (Status, error) {
	s, err := r.ask(ctx, askReload)
	if err == nil && s.Refused != "" {
		err = errors.New(s.Refused)
	}
	return s, err
}

// Stop ends the agent, and waits until it is gone. An agent that is not
// there is an *link.UnreachableError.
func (r Remote) Stop(ctx context.Context) error { return r.end(ctx, askStop) }

// Retire makes room for another agent.
func (r Remote) Retire(ctx context.Context) error { return r.end(ctx, askRetire) }

func (r Remote) end(ctx context.Context, ask string) error {
	if _, err := r.ask(ctx, ask); err != nil {
		return err
	}
	for {
		conn, err := localsocket.Dial(ctx, r.Address)
		if err != nil {
			return nil // nobody listens any more
		}
		_ = conn.Close()
		if retry.Sleep(ctx, 10*time.Millisecond) != nil {
			return fmt.Errorf("the agent does not end: %w", context.Cause(ctx))
		}
	}
}

func (r Remote) ask(ctx context.Context, ask string) (Status, error) {
	client, err := r.Dial(ctx, userControl, 5*time.Second)
	if err != nil {
		return Status{}, err
	}
	defer client.Close()
	data, err := json.Marshal(question{Ask: ask})
	if err != nil {
		return Status{}, err
	}
	ch, reqs, err := client.OpenChannel(ctx, controlChannel, data)
	if err != nil {
		return Status{}, fmt.Errorf("ask the agent: %w", err)
	}
	go ssh.DiscardRequests(reqs)
	stop := context.AfterFunc(ctx, func() { _ = ch.Close() })
	defer stop()
	var s Status
	if err := json.NewDecoder(untrusted.NewReader(ch, "the agent's answer", maxStatus)).Decode(&s); err != nil {
		return Status{}, fmt.Errorf("ask the agent: %w", err)
	}
	return s, ch.Close()
}
