package epms

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/epms/lockout"
)

// TestHardDecide: rows for ever, rows within their lock time and after it, by the settings of the service.
func TestHardDecide(t *testing.T) {
	now := time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)
	ago := func(d time.Duration, third string) string {
		return fmt.Sprintf("203.0.113.9\t%d%s\n", lockout.Stamp(now.Add(-d)), third)
	}
	for name, x := range map[string]struct {
		table, settings string
		want            spool.HardDecision
	}{
		"empty":            {"", "30", spool.HardDecision{}},
		"for ever":         {"198.51.100.7\t\n203.0.113.9\t\n", "30", spool.HardDecision{Refused: true, ForEver: true, Line: 2, Text: "203.0.113.9\t"}},
		"allowed above":    {"203.0.113.*\ttrue\n203.0.113.9\t\n", "30", spool.HardDecision{Line: 1, Text: "203.0.113.*\ttrue"}},
		"locked for now":   {ago(10*time.Minute, ""), "30", spool.HardDecision{Refused: true, Until: now.Add(20 * time.Minute), Line: 1, Text: ago(10*time.Minute, "")[:30]}},
		"run out":          {ago(40*time.Minute, ""), "30", spool.HardDecision{}},
		"too many":         {ago(10*time.Second, "\tiplock"), "30", spool.HardDecision{Refused: true, Until: now.Add(50 * time.Second), Line: 1, Text: ago(10*time.Second, "\tiplock")[:37]}},
		"too many run out": {ago(100*time.Second, "\tiplock"), "30", spool.HardDecision{}},
	} {
		s, err := New(Config{Root: machine(t, map[string]string{
			"var/spool/epms/reg/epost/ims/EPST5RS/AuthLockOutTime.1": x.settings + "\n",
			"var/spool/epms/reg/epost/ims/EPST5RS/IPLockOut.1":       "9\n",
			"var/spool/epms/reg/epost/ims/EPST5RS/IPLockOutTime.1":   "60\n",
		})})
		if err != nil {
			t.Fatal(err)
		}
		got, err := s.HardDecide(s.HardTables()[0], []byte(x.table), netip.MustParseAddr("203.0.113.9"), now)
		if err != nil || got != x.want {
			t.Errorf("%s: %+v, %v; want %+v", name, got, err, x.want)
		}
	}
}
