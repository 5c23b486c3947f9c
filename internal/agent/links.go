package agent

import (
	"context"

	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
)

// link makes the connections to the guests, which are not there yet.
//
// An engine beside FreeBSD is reached by its own address and by no other way:
// Vagrant, which has made the VM, reaches it there too, and a second way through
// FreeBSD would hide from `status` and `ports` which of the two has failed.
func (a *Agent) link() {
	guests := a.o.Guests
	if !a.o.Sibling {
		a.freebsd = uplink.New(uplink.Guest{Name: "FreeBSD", Dial: guests.FreeBSD, Gone: guests.Gone}, a.o.Log)
		a.engine = uplink.NewEngine(guests.EngineInside, a.freebsd)
		return
	}
	engine := uplink.New(uplink.Guest{Name: "the engine", Dial: guests.EngineBeside}, a.o.Log)
	a.engine = engine
	// The machine is gone when neither runs: the engine serves without FreeBSD.
	gone := func(ctx context.Context) bool { return engine.Current() == nil && guests.Gone(ctx) }
	a.freebsd = uplink.New(uplink.Guest{Name: "FreeBSD", Dial: guests.FreeBSD, Gone: gone}, a.o.Log)
}

// nearEngine is the connection whose server reaches the engine's address:
// FreeBSD, or the engine itself.
func (a *Agent) nearEngine(ctx context.Context) (*uplink.Session, error) {
	if a.o.Sibling {
		return a.engine.Get(ctx)
	}
	return a.freebsd.Get(ctx)
}

// awaitEngine is the engine's connection, which nobody tries to make sooner for
// it: who wants it may be a guest.
func (a *Agent) awaitEngine(ctx context.Context) (*uplink.Session, error) {
	if own, ok := a.engine.(*uplink.Uplink); ok {
		return own.Await(ctx)
	}
	return a.engine.Get(ctx)
}

// loginEngine is another login to the engine; hop is where it failed.
func (a *Agent) loginEngine(ctx context.Context) (client *link.Client, hop string, err error) {
	if a.o.Sibling {
		client, err = a.o.Guests.EngineBeside(ctx, false)
		return client, UserEngine, err
	}
	below, err := a.freebsd.Get(ctx)
	if err != nil {
		return nil, UserFreeBSD, err
	}
	client, err = a.o.Guests.EngineInside(ctx, below.Client)
	return client, UserEngine, err
}
