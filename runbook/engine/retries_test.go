package engine_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

func TestRetries(t *testing.T) {
	for _, where := range []string{"plan", "apply", "middle", "applied"} {
		for times, ok := range map[int]bool{2: true, 3: false} {
			step := setStep("one", "2", "a")
			step.Retries = 2
			l := newLab(t, map[string]string{"a": "1"}, step)
			target := "a"
			if where == "plan" {
				target = "one"
			}
			breaking(l.w, where, target, times)
			_, err := l.run(context.Background())
			if ok != (err == nil) {
				t.Errorf("%s fails %d times: %v", where, times, err)
			}
			if ok {
				l.cell("a", "2")
				l.cell("a.mark", "2")
			}
		}
	}
}

// What will be the same next time is not tried again.
func TestNoRetryOfWhatIsFinal(t *testing.T) {
	for _, final := range []error{runbook.ErrDrift, errors.ErrUnsupported, runbook.ErrNewer} {
		step := setStep("one", "2", "a")
		step.Retries = 5
		l := newLab(t, map[string]string{"a": "1"}, step)
		calls := 0
		l.w.trouble = func(_ context.Context, where string, _ runbook.Change) error {
			if where != "apply" {
				return nil
			}
			calls++
			return final
		}
		if _, err := l.run(context.Background()); err == nil || calls != 1 {
			t.Errorf("%v: %d calls, error %v", final, calls, err)
		}
	}
}

// slow makes where wait for the end of its context.
func slow(w *world, where string, n int) {
	w.trouble = func(ctx context.Context, at string, _ runbook.Change) error {
		if at != where || n == 0 {
			return nil
		}
		n--
		<-ctx.Done()
		return ctx.Err()
	}
}

func TestTimeout(t *testing.T) {
	for _, where := range []string{"plan", "apply", "middle"} {
		step := setStep("one", "2", "a")
		step.Timeout = 20 * time.Millisecond
		l := newLab(t, map[string]string{"a": "1"}, step)
		slow(l.w, where, 1)
		changed := where == "middle"
		h := l.stopped(engine.StopError, "one", changed)
		if e := h.Step("one").Error; !strings.Contains(e, "not done within 20ms") {
			t.Errorf("%s: error %q", where, e)
		}
		l.fresh(nil)
		l.mustRun()
		l.cell("a", "2")
		l.cell("a.mark", "2")

		step.Retries = 1 // each try has its own time
		l = newLab(t, map[string]string{"a": "1"}, step)
		slow(l.w, where, 1)
		l.mustRun()
	}
}
