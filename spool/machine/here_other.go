//go:build !linux

package machine

import (
	"errors"
	"fmt"
)

// here says that this machine has no such tables.
const here = false

// ReadClock cannot tell on this system.
func ReadClock() (Clock, error) {
	return Clock{}, fmt.Errorf("reading the state of the clock: %w on this system", errors.ErrUnsupported)
}
