package retry_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fbdock/fbdock/internal/retry"
)

// starts are the times, since the first attempt, at which Supervise made
// attempts that last as long as lasts says. The last attempt fails.
func starts(t *testing.T, wake <-chan struct{}, lasts ...time.Duration) []time.Duration {
	t.Helper()
	end := errors.New("no more")
	var at []time.Duration
	began := time.Now()
	err := retry.Supervise(t.Context(), retry.NewDelays(time.Second, 5*time.Second), wake, func() error {
		at = append(at, time.Since(began))
		if len(at) > len(lasts) {
			return end
		}
		time.Sleep(lasts[len(at)-1])
		return nil
	})
	if !errors.Is(err, end) {
		t.Errorf("Supervise() = %v, want the error of the attempt", err)
	}
	return at
}

func TestDelaysDouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := starts(t, nil, 0, 0, 0, 0, 0)
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 12 * time.Second, 17 * time.Second}
		if !slices.Equal(got, want) {
			t.Errorf("attempts started at %v, want %v", got, want)
		}
	})
}

func TestDelaysStartAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lasts := retry.Settled + time.Second
		got := starts(t, nil, 0, 0, lasts, 0)
		want := []time.Duration{0, 1 * time.Second, 3 * time.Second, 4*time.Second + lasts, 6*time.Second + lasts}
		if !slices.Equal(got, want) {
			t.Errorf("attempts started at %v, want %v", got, want)
		}
	})
}

func TestWakeEndsADelay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wake := make(chan struct{})
		go func() {
			time.Sleep(1500 * time.Millisecond)
			wake <- struct{}{}
		}()
		got := starts(t, wake, 0, 0, 0)
		want := []time.Duration{0, 1 * time.Second, 1500 * time.Millisecond, 2500 * time.Millisecond}
		if !slices.Equal(got, want) {
			t.Errorf("attempts started at %v, want %v", got, want)
		}
	})
}

func TestSuperviseEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
		defer cancel()
		n := 0
		err := retry.Supervise(ctx, retry.NewDelays(time.Minute, time.Hour), nil, func() error {
			n++
			return nil
		})
		if err != nil || n != 2 {
			t.Errorf("Supervise() = %v after %d attempts, want nil after 2", err, n)
		}
	})
}

func TestValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var v retry.Value[int]
		now, ready := v.Get()
		if now != nil {
			t.Fatalf("Get() = %v, want none", *now)
		}
		one := 1
		go func() {
			time.Sleep(time.Second)
			v.Set(&one)
		}()
		<-ready
		if now, ready := v.Get(); now != &one {
			t.Errorf("Get() = %v, want the value that was set", now)
		} else {
			<-ready
		}
		v.Clear()
		if now, _ := v.Get(); now != nil {
			t.Errorf("Get() after Clear() = %v, want none", *now)
		}
	})
}
