package up

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/link"
	"github.com/fbdock/fbdock/internal/progress"
)

// lastWords prints for how many seconds FreeBSD is up, and then the end of
// its messages: those before its last boot, which begins with this mark, and
// what was said of a panic after it.
const lastWords = `boot=$(sysctl -n kern.boottime | awk '{ sub(",", "", $4); print $4 }')
echo $(($(date +%s) - boot))
awk '/---<<BOOT>>---/ { last = n } { line[++n] = $0 }
  END {
    end = last ? last : n
    for (i = end > 10 ? end - 9 : 1; i <= end; i++) print line[i]
    for (i = end + 1; i <= n; i++) if (line[i] ~ /panic|Fatal trap/) print line[i]
  }' /var/log/messages`

// cutOff explains a connection that ended while the guest's steps ran: a step
// may have brought FreeBSD down.
func (u *run) cutOff(ctx context.Context, lines *progress.Steps, began time.Time, lost error) error {
	if _, ok := errors.AsType[*link.LostError](lost); !ok || ctx.Err() != nil {
		return lost
	}
	where := "while the guest's steps ran"
	if step, command := lines.At(); command != "" {
		where = fmt.Sprintf("while step %s ran `%s`", step, command)
	} else if step != "" {
		where = "in step " + step
	}
	limit := cmp.Or(u.Timeouts.Boot, u.m.Timeouts.Boot, bootDeadline)
	var back, words string
	err := u.phase("freebsd again", func() (string, error) {
		u.Progress.Detail("the connection was lost " + where)
		g, err := u.loginWithin(ctx, limit)
		if err != nil {
			return "", err
		}
		defer g.Close() // only asked
		words, err = g.Sudo(ctx, lastWords)
		return "answers", err
	})
	switch up, rest, _ := strings.Cut(words, "\n"); {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		back = fmt.Sprintf("FreeBSD does not answer any more: %v", err)
	case restartedWithin(up, time.Since(began)):
		back = "FreeBSD was restarted and answers again; it said before:\n" + strings.TrimRight(rest, "\n")
	default:
		back = "FreeBSD answers again and was not restarted; its last messages:\n" + strings.TrimRight(rest, "\n")
	}
	return &failure.Error{
		Err:  fmt.Errorf("the connection was lost %s; %s", where, back),
		Next: "`fbdock up` goes on from there; `fbdock logs --layer freebsd` shows what the steps did",
	}
}

// restartedWithin tells whether FreeBSD, up for that many seconds by its own
// clock, was started in the last while by ours.
func restartedWithin(up string, elapsed time.Duration) bool {
	seconds, err := strconv.Atoi(strings.TrimSpace(up))
	return err == nil && time.Duration(seconds)*time.Second < elapsed
}
