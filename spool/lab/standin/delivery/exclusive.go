package delivery

import (
	"fmt"
	"os"
	"syscall"
)

// exclusive keeps the deliveries of other hosts on the same spool out while work runs, if the setting Clustering says that there are
// some. The real ones hold files below the folder exclusive open; how they lock them on Unix is not known, here it is flock(2).
func (d *delivery) exclusive(work func() error) error {
	if !d.shared {
		return work()
	}
	f, err := os.OpenFile(d.Spool("exclusive", "rcp.lck"), os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return fmt.Errorf("locking the queue: %w", err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("locking the queue: %w", err)
	}
	return work()
}
