package epms

import (
	"testing"

	"hikeshi/spool"
)

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		folder, file string
		want         spool.Origin
	}{
		{"incoming", "B0000000001.MSG", spool.Handed},
		{"incoming", "B0000000001-001.RCP", spool.Handed},
		{"holding", "B0000000001-R0001.MSG", spool.Handed},
		{"incoming", "B0000000001-C00000001.RCP", spool.Handed},
		{"incoming", "B0000000001-S0001.RCP", spool.Handed},
		{"incoming", "b0000000001-t001.rcp", spool.Derived},
		{"incoming", "B0000000001-Y001.RCP", spool.Derived},
		{"incoming", "B0000000001-L0001.RCP", spool.Derived},
		{"lists", "B0000000001.RCP", spool.Derived},
		{"domains", "B0000000001-M00000001-R0002.RCP", spool.Derived},
		{"lists", "B0000000001-M00000001-E001.RCP", spool.Bounce},
		{"incoming", "B0000123123-T001-R0001-EP001.RCP", spool.Bounce},
		{"incoming", "Domain.mri", spool.Handed},
	} {
		if got := Rules(Config{}).Origin(c.folder, c.file); got != c.want {
			t.Errorf("%s/%s: %v, want %v", c.folder, c.file, got, c.want)
		}
	}
}
