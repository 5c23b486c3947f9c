package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/agent/splice"
	"github.com/fbdock/fbdock/internal/agent/uplink"
	"github.com/fbdock/fbdock/internal/link"
)

// hangUp is how long what a client has sent before it left may take to
// arrive: its window may be closed for good.
const hangUp = 2 * time.Second

// relay opens the channel that a client asks for at the guest and joins
// the two until both are closed. A link that is lost before there is a channel
// has lost nothing of the client's: it is tried again over the next one.
func relay(ctx context.Context, j *uplink.Session, asked ssh.NewChannel, next func() (*uplink.Session, error)) {
	up, upReqs, leave, err := open(ctx, j, asked)
	if _, lost := errors.AsType[*link.LostError](err); lost {
		if j, err = next(); err == nil {
			up, upReqs, leave, err = open(ctx, j, asked)
		}
	}
	if err != nil {
		_ = asked.Reject(rejection(err), err.Error())
		return
	}
	defer leave()
	down, downReqs, err := asked.Accept()
	if err != nil { // the client has left
		go ssh.DiscardRequests(upReqs)
		_ = up.Close()
		return
	}
	join(up, upReqs, down, downReqs)
}

func open(ctx context.Context, j *uplink.Session, asked ssh.NewChannel) (
	ch ssh.Channel, reqs <-chan *ssh.Request, leave func(), err error,
) {
	ctx, cancel := j.While(ctx)
	defer cancel()
	if asked.ChannelType() == "session" {
		return j.Open(ctx, asked.ExtraData())
	}
	ch, reqs, err = j.OpenChannel(ctx, asked.ChannelType(), asked.ExtraData())
	return ch, reqs, func() {}, err
}

// rejection keeps the guest's own reason.
func rejection(err error) ssh.RejectionReason {
	if refused, ok := errors.AsType[*ssh.OpenChannelError](err); ok {
		return refused.Reason
	}
	if refused, ok := errors.AsType[*link.RefusedError](err); ok && refused.Prohibited {
		return ssh.Prohibited
	}
	return ssh.ConnectionFailed
}

// join carries bytes, ends and requests both ways. Each side's order is
// kept: the end of a stream follows its last byte, and the end of the
// channel follows the requests before it, the exit status above all.
func join(up ssh.Channel, upReqs <-chan *ssh.Request, down ssh.Channel, downReqs <-chan *ssh.Request) {
	var answers, sent sync.WaitGroup
	answers.Go(func() { splice.Carry(down, up) })
	answers.Go(func() { splice.Carry(down.Stderr(), up.Stderr()) })
	sent.Go(func() {
		splice.Carry(up, down)
		_ = up.CloseWrite()
	})
	left := make(chan struct{})      // the client has closed the channel
	asking := make(chan struct{}, 1) // holds a request of the client's that has no answer yet
	go func() {
		defer close(left)
		pass(up, downReqs, asking)
	}()
	ended := make(chan struct{}) // the guest has
	go func() {
		defer close(ended)
		var requests sync.WaitGroup
		requests.Go(func() { pass(down, upReqs, make(chan struct{}, 1)) })
		answers.Wait()
		_ = down.CloseWrite()
		requests.Wait()
	}()
	select {
	case <-ended:
		// A short command can have ended before the answer to its exec was
		// handed on.
		asking <- struct{}{}
		<-asking
	case <-left:
		drained := make(chan struct{})
		go func() {
			sent.Wait()
			close(drained)
		}()
		within(drained, hangUp)
	}
	_ = up.Close()
	_ = down.Close()
	<-ended
	<-left
	sent.Wait()
}

func within(done <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

// pass hands requests on, one after the other, with their answers. It holds
// asking from the one to the other.
func pass(to ssh.Channel, reqs <-chan *ssh.Request, asking chan struct{}) {
	for req := range reqs {
		asking <- struct{}{}
		ok, err := to.SendRequest(req.Type, req.WantReply, req.Payload)
		if req.WantReply {
			_ = req.Reply(ok && err == nil, nil)
		}
		<-asking
	}
}
