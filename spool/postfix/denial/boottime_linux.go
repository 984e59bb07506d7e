package denial

import (
	"time"

	"golang.org/x/sys/unix"
)

// Boottime is the time since this machine was booted, by the clock with which the kernel says when processes began.
func Boottime() (time.Duration, error) {
	var t unix.Timespec
	err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &t)
	return time.Duration(t.Nano()), err
}
