package estimate

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestTake(t *testing.T) {
	n := int64(1000)
	s := Sources{
		Connections: func() ([]netip.Addr, error) {
			a := netip.MustParseAddr("203.0.113.9")
			return []netip.Addr{a, netip.MustParseAddr("::ffff:203.0.113.9"), netip.MustParseAddr("192.0.2.1")}, nil
		},
		Queue: func(context.Context) (Queue, error) {
			return Queue{Senders: []Count{{"b@example.jp", 2}, {"t\x1b@example.jp", 9}}, Clients: []Count{{"203.0.113.9", 9}}, Sampled: 11, Total: 40}, nil
		},
		Counter: func() (int64, error) { n += 10; return n, nil },
		Gap:     20 * time.Millisecond,
		Failures: func(context.Context) ([]Count, error) {
			return []Count{{"203.0.113.77", 12}}, errors.New("half\nof it")
		},
	}
	all, err := s.Take(context.Background())
	if err == nil || len(all) != 7 {
		t.Fatalf("%+v, %v", all, err)
	}
	if all[0] != (Estimate{Connections, "203.0.113.9", 2, all[0].From}) || all[3] != (Estimate{Sender, "t?@example.jp", 9, all[3].From}) || !strings.Contains(all[3].From, "11 messages of 40") {
		t.Errorf("%+v", all)
	}
	if r := all[5]; r.What != Rate || r.Value < 1000 || r.Value > 30_001 {
		t.Errorf("%+v", r)
	}
	found := Findings(all, err)
	if len(found) != 8 || !strings.Contains(found[7].Text.EN, "half; of it") {
		t.Errorf("%+v", found)
	}
	for _, f := range found {
		if !strings.Contains(f.Text.EN, "estimate") || !strings.Contains(f.Text.JA, "推定") || strings.ContainsAny(f.Text.EN+f.Text.JA, "\x1b\n") || strings.Contains(f.Text.EN+f.Text.JA, "%!") {
			t.Errorf("%+v", f)
		}
	}
}

// TestNobodyCanTell: without any source nothing is made up.
func TestNobodyCanTell(t *testing.T) {
	all, err := Sources{}.Take(context.Background())
	if found := Findings(all, err); err != nil || len(all) != 0 || len(found) != 1 {
		t.Errorf("%+v, %v, %+v", all, err, found)
	}
	back := int64(10)
	s := Sources{Counter: func() (int64, error) { back--; return back, nil }, Gap: time.Millisecond}
	if all, err := s.Take(context.Background()); err == nil || len(all) > 0 {
		t.Errorf("a counter that was put back: %+v", all)
	}
	over, stop := context.WithCancel(context.Background())
	stop()
	if _, err := s.Take(over); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
