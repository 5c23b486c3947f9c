package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/lockfile"
	"github.com/fbdock/fbdock/provision"
)

// steps sends image and payload and runs the guest's steps, with the one
// reboot that they may ask for.
func (u *upRun) steps(ctx context.Context) error {
	if err := u.sendImage(ctx, u.guest.Load()); err != nil {
		return err
	}
	for reboots := 0; ; reboots++ {
		reboot, err := u.runSteps(ctx, u.guest.Load())
		if err != nil || !reboot {
			return err
		}
		if reboots > 0 {
			return &Error{
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
func (u *upRun) restart(ctx context.Context) error {
	_ = u.guest.Load().Close() // it ends with the guest
	again, err := u.start(ctx, u.system.restart)
	if err != nil {
		return err
	}
	u.guest.Store(again)
	return nil
}

// runSteps runs the payload once.
func (u *upRun) runSteps(ctx context.Context, g *guest) (reboot bool, err error) {
	var tar bytes.Buffer
	if err := u.material.payload.Tar(&tar); err != nil {
		return false, err
	}
	lines := &stepLines{progress: u.Progress}
	began := time.Now()
	status, err := g.Run(ctx, link.Command{
		Args: g.asRoot("sh", "-c", provision.UnpackCommand), Stdin: &tar, Stdout: lines, Stderr: lines,
	})
	u.phases = append(u.phases, lines.phases...)
	switch {
	case err != nil:
		return false, u.cutOff(ctx, lines, began, err)
	case status == stepsReboot:
		return true, nil
	case status != 0:
		return false, lines.failure(status)
	case lines.done != u.wanted.Payload:
		return false, fmt.Errorf("the guest says that it applied %q instead of %q", lines.done, u.wanted.Payload)
	}
	return false, nil
}

// sendImage brings the engine's disk image into the guest, where a step
// checks it once more before it is used. A guest that was prepared before
// says itself whether it has it; a fresh one is asked for the file.
func (u *upRun) sendImage(ctx context.Context, g *guest) error {
	image := u.material.image
	has := fmt.Sprintf(`helper=/usr/local/libexec/fbdock/fbdock-image
if [ -x "$helper" ] && [ "$("$helper" %[1]s)" = have ]; then exit 0; fi
[ -e %[2]s ] && [ "$(wc -c <%[2]s | tr -d ' ')" = %[3]d ]`, image.sha512, image.remote(), image.size)
	if _, err := g.sudo(ctx, has); err == nil {
		return nil
	}
	want := u.engineImage(u.m)
	want.SHA512 = image.sha512
	return u.phase("engine image", func() (string, error) {
		// What is read is what is hashed here, not what was there before.
		f, err := u.cache().Fetch(ctx, want, u.Progress.Bytes)
		if err != nil {
			return "", u.mismatch(lockfile.Image, want, err)
		}
		defer f.Close() // only read
		script := fmt.Sprintf("umask 077; mkdir -p %[2]s && cat >%[1]s.part && mv -f %[1]s.part %[1]s", image.remote(), path.Dir(image.remote()))
		out, err := g.Upload(ctx, f, link.Command{Args: g.asRoot("sh", "-c", script)},
			func(sent int64) { u.Progress.Bytes(sent, image.size) })
		if err == nil && out.Status != 0 {
			err = fmt.Errorf("send the engine image: status %d: %s", out.Status, out.Reason())
		}
		return u.m.Engine.Image.Name, err
	})
}
