package place

import (
	"errors"
	"fmt"

	"hikeshi/runbook"
	"hikeshi/spool/aside/filesystem"
)

const (
	defaultFree    = 1 << 30
	defaultPercent = 5
)

// Enough says whether there is room on the filesystem of the spool for mail to come in again, and tells how much. What cannot be found out is
// not enough.
func (e Env) Enough() (bool, runbook.Finding) {
	f := runbook.Finding{Evidence: e.Paths()[0]}
	r, err := e.room()
	if err == nil && r.Total == 0 {
		err = errors.New("the filesystem does not tell")
	}
	if err != nil {
		f.Level, f.Text = runbook.Warn, runbook.Tf("how much room is left cannot be determined: %v", "空き容量を判定できない: %v", err)
		return false, f
	}
	percent, least := e.MinPercent, e.MinFree
	if percent <= 0 {
		percent = defaultPercent
	}
	if least == 0 {
		least = defaultFree
	}
	least = min(least, uint64(percent/100*float64(r.Total)))
	figures := []any{size(r.Free), size(least), r.Inodes, percent}
	switch {
	case r.Free < least:
		f.Level = runbook.Bad
		f.Text = runbook.Tf("too little room: %[1]s free, less than %[2]s", "空き容量が足りない: 残り %[1]s、下限 %[2]s", figures[:2]...)
	case !(r.Inodes >= percent): // also where it is no number
		f.Level = runbook.Bad
		f.Text = runbook.Tf("too few inodes: %.1f %% free, less than %.1f %%", "inode が足りない: 残り %.1f %%、下限 %.1f %%", figures[2:]...)
	default:
		f.Level = runbook.OK
		f.Text = runbook.Tf("there is room: %[1]s and %.1[2]f %% of the inodes free", "空き容量あり: 残り %[1]s、inode %.1[2]f %%", figures[0], r.Inodes)
	}
	return f.Level == runbook.OK, f
}

func (e Env) room() (filesystem.Room, error) {
	if e.Room == nil {
		return filesystem.RoomAt(e.Paths()[0])
	}
	free, total, inodes, err := e.Room()
	return filesystem.Room{Free: free, Total: total, Inodes: inodes}, err
}

func size(n uint64) string {
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, u := float64(n), 0
	for v >= 1000 && u < len(units)-1 {
		v, u = v/1000, u+1
	}
	return fmt.Sprintf("%.1f %s", v, units[u])
}
