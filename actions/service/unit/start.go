package unit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// ErrCondition is why a unit was not started although nothing went wrong.
var ErrCondition = errors.New("a condition of it does not hold")

// settleTime is how long a unit must run to be called started: many end right after a start that succeeded.
const settleTime = time.Second

// Never says why a unit cannot be started at all.
func Never(u Sight) string {
	switch u.Load {
	case "not-found":
		return "there is no such unit; services.units in the configuration names the units of this server"
	case "masked":
		return "it is masked; if that is not meant: systemctl unmask " + u.Unit
	case "error", "bad-setting":
		return "its unit file cannot be read; see systemctl status " + u.Unit
	}
	return ""
}

// Start starts a unit and believes it when the unit has run for a moment.
func (h Hand) Start(ctx context.Context, rec runbook.Recorder, s spool.Service, wait time.Duration) error {
	u, err := h.See(ctx, s)
	if err != nil || u.Active == "active" {
		return err
	}
	asked := patiently(ctx, wait, rec, func(ctx context.Context) error { return h.Manager.Start(ctx, s.Unit) })
	ctx, cancel := afterwards(ctx)
	defer cancel()
	if asked == nil {
		u, err = h.steady(ctx, s)
	} else {
		u, err = h.See(ctx, s)
	}
	if err != nil {
		return errors.Join(asked, err)
	}
	if u.Active == "active" {
		return nil
	}
	return h.notStarted(ctx, rec, u, asked)
}

// steady waits until a service has run for the settling time, or does not run.
func (h Hand) steady(ctx context.Context, s spool.Service) (Sight, error) {
	short, stop := context.WithTimeout(ctx, lookTime/2)
	defer stop()
	var since time.Time
	look := func() (Sight, error) { return h.See(ctx, s) }
	return poll(short, look, func(u Sight) bool {
		if u.Active != "active" {
			since = time.Time{}
			return !u.Up()
		}
		if since.IsZero() {
			since = time.Now()
		}
		return time.Since(since) >= settleTime
	})
}

// notStarted says why a unit does not run after it was started, and what to do next.
func (h Hand) notStarted(ctx context.Context, rec runbook.Recorder, u Sight, asked error) error {
	if why := Never(u); why != "" {
		return errors.Join(asked, fmt.Errorf("starting %s: %s", u.Unit, why))
	}
	if asked == nil && !u.Condition && !u.Running() {
		return fmt.Errorf("starting %s: the start ended without an error, but the unit does not run: %w; its drop-ins: %q", u.Unit, ErrCondition, u.DropIns)
	}
	log, err := h.keepLog(ctx, rec, u.Unit)
	next := "see " + h.StatusLine(u.Unit) + ", mend it and resume"
	if u.Up() {
		next = "wait and resume, or see " + h.StatusLine(u.Unit)
	}
	return errors.Join(asked, fmt.Errorf("starting %s: it is %s; %s%s", u.Unit, u, next, log), err)
}
