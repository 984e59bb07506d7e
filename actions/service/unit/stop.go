package unit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// Stop stops services and believes it when nothing of them is left. Services that are down already are not asked.
func (h Hand) Stop(ctx context.Context, rec runbook.Recorder, services []spool.Service, wait time.Duration) error {
	left, err := h.Left(ctx, services)
	if err != nil || len(left) == 0 {
		return err
	}
	var ask []string
	for _, u := range left {
		if !u.Missing() {
			ask = append(ask, u.Unit)
		}
	}
	asked := patiently(ctx, wait, rec, func(ctx context.Context) error { return h.Manager.Stop(ctx, ask) })
	ctx, cancel := afterwards(ctx)
	defer cancel()
	// A process may need a moment between its unit's end and its own.
	short, stop := context.WithTimeout(ctx, 3*time.Second)
	defer stop()
	left, err = poll(short, func() ([]Sight, error) { return h.Left(ctx, services) }, func(l []Sight) bool { return len(l) == 0 })
	if err != nil {
		return errors.Join(asked, err)
	}
	if len(left) > 0 {
		return h.notStopped(ctx, rec, left, asked)
	}
	h.keepRough(ctx, rec, services)
	return nil
}

// keepRough keeps the last lines of what went down otherwise than by itself: the manager may have killed it when its own time was
// over. That they cannot be kept does not make the stop a failure.
func (h Hand) keepRough(ctx context.Context, rec runbook.Recorder, services []spool.Service) {
	for _, s := range services {
		u, err := h.Manager.Look(ctx, s.Unit)
		if err == nil && u.Result != "" && u.Result != "success" {
			_, _ = h.keepLog(ctx, rec, s.Unit)
		}
	}
}

// notStopped says of each service that is not down what is left of it and what to do next.
func (h Hand) notStopped(ctx context.Context, rec runbook.Recorder, left []Sight, asked error) error {
	errs := []error{asked}
	for _, u := range left {
		log, err := h.keepLog(ctx, rec, u.Unit)
		errs = append(errs, err)
		var next string
		switch {
		case u.Active == "deactivating":
			next = "it has been asked to stop and takes its time; wait and resume, or end it yourself: systemctl kill --signal=KILL " + u.Unit
		case u.Running() && len(u.PIDs) > 0 && !u.Up():
			next = "the unit has ended and left these processes behind; look at them, end them yourself and resume"
		case !u.Running():
			next = "they do not belong to the unit; look at them, end them yourself and resume"
		default:
			next = "see why with " + h.StatusLine(u.Unit) + " and resume"
		}
		errs = append(errs, fmt.Errorf("stopping %s: it is still %s; nothing was killed: %s%s", u.Unit, u, next, log))
	}
	return errors.Join(errs...)
}
