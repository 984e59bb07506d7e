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

// A Span is a span of time as somebody asks for it. Each end is a date, a date and a time, a time of a day or a duration, on the wall
// clock of the server; or a date and a time with a zone of their own, as of RFC 3339. "" was not asked for.
type Span struct {
	Since, Until string
	Zone         *time.Location // of the server's wall clock
}

// End is when it ends; right after last if that was not asked for. A time alone is one of the day of last, a duration is before last, a
// date alone is the end of that day.
func (s Span) End(last int64) (int64, error) {
	if s.Until == "" {
		return last + 1, nil
	}
	m, err := s.read("until", s.Until, last)
	if err == nil && m.day {
		m.wall += 86400
	}
	return m.wall, err
}

// Begin is when it begins, which is before until; otherwise if that was not asked for. A time alone is one of the day of until, a
// duration is before until.
func (s Span) Begin(until, otherwise int64) (int64, error) {
	if s.Since == "" {
		return otherwise, nil
	}
	m, err := s.read("since", s.Since, until)
	switch {
	case err != nil || m.wall < until:
		return m.wall, err
	case s.Until == "":
		return 0, fmt.Errorf("reading parameter since: %w: %q (%s) is not before %s, where the logs end", runbook.ErrInput, s.Since, clock(m.wall), clock(until))
	}
	return 0, fmt.Errorf("reading parameter since: %w: %q (%s) is not before until %q (%s)", runbook.ErrInput, s.Since, clock(m.wall), s.Until, clock(until))
}

// A moment is a time on the wall clock of the server; day says that it is a date alone.
type moment struct {
	wall int64
	day  bool
}

// read reads one end. A time alone is one of the day of base, a duration is before base.
func (s Span) read(param, text string, base int64) (moment, error) {
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return moment{wall: base - int64(d/time.Second)}, nil
	}
	bare := strings.Replace(strings.TrimSpace(text), "T", " ", 1)
	for _, layout := range []string{time.DateTime, "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, bare); err == nil {
			return moment{t.Unix(), layout == time.DateOnly}, nil
		}
	}
	for _, layout := range []string{time.DateTime + "Z07:00", "2006-01-02 15:04Z07:00", time.DateTime + "Z0700", "2006-01-02 15:04Z0700"} {
		if t, err := time.Parse(layout, bare); err == nil {
			_, offset := t.In(s.Zone).Zone()
			return moment{wall: t.Unix() + int64(offset)}, nil
		}
	}
	if t, err := time.Parse("15:04", bare); err == nil {
		return moment{wall: base - base%86400 + int64(t.Hour()*3600+t.Minute()*60)}, nil
	}
	return moment{}, fmt.Errorf("reading parameter %s: %w: %q is no date (2026-11-21), time (2026-11-21 03:00, 03:00, 2026-11-21T03:00:00+09:00) or duration (24h)", param, runbook.ErrInput, text)
}

func clock(wall int64) string { return time.Unix(wall, 0).UTC().Format(time.DateTime) }
