package people

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"hikeshi/spool/lab/history/daemon"
)

func TestClock(t *testing.T) {
	for day, off := range map[string]bool{"2026-11-20": false, "2026-11-21": true, "2026-11-22": true, "2026-11-23": false} {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		if hour, got := Clock(at.Unix() + 13*3600 + 59); hour != 13 || got != off {
			t.Errorf("%s: %d, %v", day, hour, got)
		}
	}
}

// TestHabit: as many as the rate says, none in hours without, never back in time.
func TestHabit(t *testing.T) {
	const from, hours = 86400 * 20000, 24 * 200
	rate := func(at int64) float64 { return []float64{0, 30}[at/3600%2] }
	h := NewHabit(rand.New(rand.NewPCG(1, 2)), Span{from, from + hours*3600}, rate, func(_ *rand.Rand, at int64) *daemon.Session { return &daemon.Session{At: at} })
	n, before := 0, int64(from)
	for s := h.Next(); s != nil; s = h.Next() {
		if s.At < before || s.At >= from+hours*3600 || s.At/3600%2 == 0 {
			t.Fatalf("a session at %d after %d", s.At-from, before-from)
		}
		n, before = n+1, s.At
	}
	if want := 30 * hours / 2; n < want*97/100 || n > want*103/100 {
		t.Errorf("%d sessions, want about %d", n, want)
	}
}

// TestTown: what must be there for a detection to be misled.
func TestTown(t *testing.T) {
	c := Config{Seed: 7, Accounts: 80, Span: Span{86400 * 20000, 86400 * 20015}, Domain: "example.jp", Incoming: 20}
	town := New(c)
	seen := map[netip.Addr]map[string]bool{}
	places := map[string]map[netip.Addr]bool{}
	letters, unlogged, failures := 0, 0, map[string]int{}
	for _, src := range town.Sources() {
		for s := src.Next(); s != nil && s.At < c.To; s = src.Next() {
			if seen[s.Peer] == nil {
				seen[s.Peer] = map[string]bool{}
			}
			switch {
			case s.Login == "" && s.Peer == town.Monitor:
				unlogged++
			case s.Failed && s.Peer == town.Device:
				failures[s.Login]++
			case s.Login != "" && !s.Failed:
				if IsGuesser(s.Peer) {
					t.Fatalf("a guesser found a password: %+v", s)
				}
				seen[s.Peer][s.Login] = true
				if places[s.Login] == nil {
					places[s.Login] = map[netip.Addr]bool{}
				}
				places[s.Login][s.Peer] = true
			}
			if s.Peer == town.Letters {
				letters += len(s.Mails[0].To)
			}
		}
	}
	if len(seen[town.Webmail]) < 8 || len(seen[town.Office[0]]) < 15 || len(places[Scan+"@example.jp"]) < 3 || len(places[News+"@example.jp"]) != 1 {
		t.Errorf("webmail %d, office %d, scanners %d", len(seen[town.Webmail]), len(seen[town.Office[0]]), len(places[Scan+"@example.jp"]))
	}
	if letters < 4000 || unlogged < 300 || failures[town.People[town.Stuck].Login] < 1000 || len(town.Forwards) == 0 {
		t.Errorf("%d readers, %d reports, failures %v", letters, unlogged, failures)
	}
	for _, p := range town.People {
		if n := len(places[p.Login]); p.Field && n < 100 || !p.Field && !p.Mobile && n > 3 {
			t.Errorf("%+v was at %d addresses", p.Login, n)
		}
	}
}
