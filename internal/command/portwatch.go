package command

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/fbdock/fbdock/internal/agent"
)

// portLook is the time between two looks at the agent's ports while a
// command runs that may publish some.
const portLook = 2 * time.Second

// mostTrouble is how many different things a command tells of ports: a broken
// dockerd could list other ones at every look.
const mostTrouble = 500

// publishes tells whether a docker or podman command may start containers.
func publishes(args []string) bool {
	if len(args) < 2 || args[0] != "docker" && args[0] != ProgramPodman {
		return false
	}
	return slices.ContainsFunc(args[1:], func(word string) bool {
		return word == "run" || word == "start" || word == "restart" || word == "up"
	})
}

// watchPorts tells of every port that a command publishes and that does not
// arrive on this host. The function that it gives ends the watch with a
// last look.
func (r Runner) watchPorts(ctx context.Context, remote *agent.Remote, args []string) (end func()) {
	if remote == nil || !publishes(args) {
		return func() {}
	}
	known := map[string]bool{}
	if s, err := remote.Status(ctx); err == nil {
		for _, port := range s.Ports {
			known[trouble(port)] = true
		}
	}
	tell := func(s agent.Status, err error) {
		if err != nil {
			return // the command does not depend on it
		}
		for _, port := range s.Ports {
			words := trouble(port)
			if words == "" || known[words] || len(known) > mostTrouble {
				continue
			}
			known[words] = true
			if port.Error == "" {
				r.Progress.Say(words)
			} else {
				r.Progress.Warn(words)
			}
		}
	}
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(portLook)
		defer ticker.Stop()
		for {
			select {
			case <-running.Done():
				return
			case <-ticker.C:
				tell(remote.Status(running))
			}
		}
	})
	return func() {
		stop()
		wg.Wait()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		tell(remote.Ports(ctx))
	}
}

// trouble is what is to be told of a port, "" when it is as it should be.
func trouble(port agent.Port) string {
	words := cmp.Or(port.Error, port.Note)
	if words == "" {
		return ""
	}
	if port.Hint != "" {
		words += "; " + port.Hint
	}
	if port.Count > 0 || port.HostPort == 0 {
		return fmt.Sprintf("container %s: %s", cmp.Or(port.Container, "-"), words)
	}
	return fmt.Sprintf("port %d/%s of container %s: %s", port.HostPort, port.Protocol, port.Container, words)
}
