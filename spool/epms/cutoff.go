package epms

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/epms/lockout"
)

var _ spool.HardDecider = (*Server)(nil)

// HardDecide asks a table as its service does: a row of failed logins holds for AuthLockOutTime, in minutes, and one of too many
// connections, which counts with IPLockOut above 0 only, for IPLockOutTime, in seconds; 0 is for ever (FAQ bsd/15-86, win/17-09).
func (s *Server) HardDecide(t spool.HardTable, table []byte, peer netip.Addr, now time.Time) (spool.HardDecision, error) {
	f := lockout.Parse(table)
	prefix := map[string]string{"pop": "EPST5POP3S/", "imap": "EPST5IMAP4S/"}[t.Name]
	values, err := s.lockTimes(prefix)
	if err != nil {
		return spool.HardDecision{}, err
	}
	lock := time.Duration(values["AuthLockOutTime"]) * time.Minute
	d := f.Decide(peer, now, lock)
	if !d.Refused && values["IPLockOut"] > 0 {
		lock = time.Duration(values["IPLockOutTime"]) * time.Second
		d = f.DecideFlood(peer, now, lock)
	}
	made := spool.HardDecision{Refused: d.Refused, Line: d.Line, Text: d.Text}
	for r := range lockout.Parse([]byte(d.Text)).Rows() {
		made.ForEver = d.Refused && r.Stamp == 0
		if d.Refused {
			made.Until = r.Over(lock)
		}
	}
	return made, nil
}

// lockTimes are the settings of one service that say how long a row holds.
func (s *Server) lockTimes(prefix string) (map[string]int64, error) {
	all, err := s.Settings()
	if err != nil {
		return nil, err
	}
	values := map[string]int64{}
	for _, name := range []string{"AuthLockOutTime", "IPLockOut", "IPLockOutTime"} {
		for _, x := range all {
			if x.Name != prefix+name || !x.Set {
				continue
			}
			if values[name], err = strconv.ParseInt(x.Value, 10, 64); err != nil {
				return nil, fmt.Errorf("reading %s: its value cannot be read", x.Path)
			}
		}
	}
	return values, nil
}
