// Package ask reads the parameters with which the kinds of package logs are asked: times on the wall clock of the server, addresses and
// networks.
package ask

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/runbook"
)

// Prefixes reads addresses and networks.
func Prefixes(param string, texts []string) ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, text := range texts {
		if p, err := netip.ParsePrefix(text); err == nil {
			all = append(all, p.Masked())
			continue
		}
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("reading parameter %s: %w: %q is no address and no network", param, runbook.ErrInput, text)
		}
		all = append(all, deed.Place(a))
	}
	return all, nil
}

const noon = "15:04"

// Moment reads a time on the wall clock of the server: a date, a date and a time, a time of the day of base, or a duration before
// base. A date alone as an end is the end of that day.
func Moment(param, text string, otherwise, base int64, end bool) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return base - int64(d/time.Second), nil
	}
	text = strings.Replace(strings.TrimSpace(text), "T", " ", 1)
	for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if end && layout == "2006-01-02" {
			return t.Unix() + 86400, nil
		}
		return t.Unix(), nil
	}
	if t, err := time.Parse(noon, text); err == nil {
		return base - base%86400 + int64(t.Hour()*3600+t.Minute()*60), nil
	}
	return 0, fmt.Errorf("reading parameter %s: %w: %q is no date (2026-11-21), time (2026-11-21 03:00, 03:00) or duration (24h)", param, runbook.ErrInput, text)
}
