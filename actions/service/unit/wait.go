package unit

import (
	"context"
	"fmt"
	"time"

	"hikeshi/runbook"
)

// lookTime bounds a look after an operation whose own time is over.
const lookTime = 20 * time.Second

// afterwards is a context for looking at the world when the operation's own may be over.
func afterwards(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), lookTime)
}

// patiently does something that may take up to limit, and tells the responder how long it has taken.
func patiently(ctx context.Context, limit time.Duration, rec runbook.Recorder, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %s", limit))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	start := time.Now()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-tick.C:
			rec.Progress(int64(time.Since(start)/time.Second), int64(limit/time.Second))
		}
	}
}

// poll looks until settled says yes or ctx ends; it returns the last look.
func poll[T any](ctx context.Context, look func() (T, error), settled func(T) bool) (T, error) {
	for {
		seen, err := look()
		if err != nil || settled(seen) {
			return seen, err
		}
		select {
		case <-ctx.Done():
			return seen, nil
		case <-time.After(100 * time.Millisecond):
		}
	}
}
