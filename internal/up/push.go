package up

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/machine"
	"github.com/fbdock/fbdock/internal/progress"
	"github.com/fbdock/fbdock/provision/contract"
)

// steps sends image and payload and runs the guest's steps, with the one
// reboot that they may ask for.
func (u *run) steps(ctx context.Context) error {
	if !u.m.Engine.Sibling() {
		if err := u.sendImage(ctx); err != nil {
			return err
		}
	}
	for reboots := 0; ; reboots++ {
		reboot, err := u.runSteps(ctx, u.guest.Load())
		if err != nil || !reboot {
			return err
		}
		if reboots > 0 {
			return &failure.Error{
				Err:  errors.New("the guest asks for a second reboot: the first one did not change what it was for"),
				Next: "`fbdock logs --layer freebsd` shows which step asks for it",
			}
		}
		if err := u.restart(ctx); err != nil {
			return err
		}
	}
}

// restart reboots the guest and logs in anew.
func (u *run) restart(ctx context.Context) error {
	_ = u.guest.Load().Close() // it ends with the guest
	again, err := u.start(ctx, u.system.Restart)
	if err != nil {
		return err
	}
	u.guest.Store(again)
	return nil
}

// runSteps runs the payload once.
func (u *run) runSteps(ctx context.Context, g *machine.Guest) (reboot bool, err error) {
	var tar bytes.Buffer
	if err := u.material.payload.Tar(&tar); err != nil {
		return false, err
	}
	lines := &progress.Steps{Progress: u.Progress}
	began := time.Now()
	status, err := g.Run(ctx, link.Command{
		Args: g.AsRoot("sh", "-c", contract.UnpackCommand), Stdin: &tar, Stdout: lines, Stderr: lines,
	})
	u.phases = append(u.phases, lines.Phases...)
	switch {
	case err != nil:
		return false, u.cutOff(ctx, lines, began, err)
	case status == contract.StatusReboot:
		return true, nil
	case status != 0:
		return false, lines.Failure(status)
	case lines.Done != u.wanted.Payload:
		return false, fmt.Errorf("the guest says that it applied %q instead of %q", lines.Done, u.wanted.Payload)
	}
	return false, nil
}
