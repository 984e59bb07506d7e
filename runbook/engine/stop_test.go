package engine

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// An interruption is told in words, with what is known besides, and stays recognisable.
func TestStopSaysInterrupted(t *testing.T) {
	for want, err := range map[string]error{
		"stopped at step watch: interrupted":                                     context.Canceled,
		"stopped at step watch: watching: interrupted":                           fmt.Errorf("watching: %w", context.Canceled),
		"stopped at step watch: stopping: interrupted\ndeactivating":             errors.Join(fmt.Errorf("stopping: %w", context.Canceled), errors.New("deactivating")),
		"stopped at step watch: the service does not answer: no such connection": errors.New("the service does not answer: no such connection"),
	} {
		s := &Stop{Reason: StopInterrupted, Step: "watch", Err: err}
		if s.Error() != want || errors.Is(err, context.Canceled) != errors.Is(s, context.Canceled) {
			t.Errorf("%q, want %q", s.Error(), want)
		}
	}
}
