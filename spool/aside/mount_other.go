//go:build unix && !linux

package aside

import "hikeshi/spool/disk"

// mountPoint says whether name is a filesystem of its own: such a folder cannot be renamed.
func mountPoint(d *disk.Dir, _ string, e disk.Entry) (bool, error) {
	at, err := d.ID()
	return at.Dev != e.Dev, err
}

// CanExchange says whether two names can be exchanged in one step; only Linux can.
func CanExchange(string) bool { return false }

// Layered says whether path lies on an overlay.
func Layered(string) bool { return false }
