//go:build !linux

package denial

import (
	"errors"
	"time"
)

// Boottime is for Linux.
func Boottime() (time.Duration, error) { return 0, errors.ErrUnsupported }
