package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/aside/trial"
)

// several are n mails, of which every other one has two pairs.
func several(n int) (all []mail) {
	for i := range n {
		stem := fmt.Sprintf("B%010d", i+1)
		all = append(all, mail{stem, "hanako@example.jp", []string{"a@example.com"}, good, time.Hour})
		if i%2 == 1 {
			all = append(all, mail{stem + "-002", "hanako@example.jp", []string{"b@example.com"}, good, time.Hour})
		}
	}
	return all
}

// delivering calls f whenever a lot is under way or done.
type delivering struct {
	kept
	f func(done int64)
}

func (d delivering) Progress(done, _ int64) { d.f(done) }

func inQueue(t testing.TB, s trial.Server) int {
	n := 0
	for _, name := range live(t, s) {
		if strings.HasSuffix(name, ".RCP") {
			n++
		}
	}
	return n
}

func change(t testing.TB, r Release, with map[string]any) runbook.Change {
	t.Helper()
	out := planned(t, r, with)
	if len(out.Changes) != 1 {
		t.Fatalf("%+v", out)
	}
	return out.Changes[0]
}

func TestLots(t *testing.T) {
	_, r := held(t, several(5)...)
	for lot, want := range map[int][]int{0: {7}, 1: {1, 2, 1, 2, 1}, 2: {3, 3, 1}, 3: {4, 3}, 5: {7}, 9: {7}} {
		c := change(t, r, map[string]any{"all": true, "lot": lot})
		var d releaseData
		trial.Must(t, c.Decode(dataV, &d))
		var got []int
		var units []transfer.Unit
		for _, l := range d.lots(trial.Server{}) {
			got = append(got, len(l))
			units = append(units, l...)
		}
		if !slices.Equal(got, want) || len(units) != len(d.Units) {
			t.Errorf("lots of %d: %v, want %v", lot, got, want)
		}
		if v := map[bool]int{true: 1, false: 2}[lot == 0]; c.V != v || lot > 0 && d.Every != "2m0s" {
			t.Errorf("lots of %d: version %d, %+v", lot, c.V, d.Every)
		}
		said := strings.Contains(c.After, " lots, one every 2m0s")
		if said != (len(want) > 1) {
			t.Errorf("lots of %d: %q", lot, c.After)
		}
	}
	c := change(t, r, map[string]any{"all": true, "lot": 1})
	if err := c.Decode(1, &releaseData{}); !errors.Is(err, runbook.ErrNewer) {
		t.Errorf("a program without lots would take it: %v", err)
	}
}

// The next lot goes when the one before has left; never more than one lot lies in the queue.
func TestLotsLeave(t *testing.T) {
	s, r := held(t, several(6)...)
	c := change(t, r, map[string]any{"all": true, "lot": 2, "every": "5ms"})
	most, calls := 0, 0
	rec := delivering{kept{}, func(int64) {
		calls++
		most = max(most, inQueue(t, s))
		for _, name := range live(t, s) {
			trial.Must(t, os.Remove(filepath.Join(s.Base, name)))
		}
	}}
	start := time.Now()
	trial.Must(t, r.Apply(context.Background(), c, rec))
	if most != 3 || calls != 3 {
		t.Errorf("at most %d pairs in the queue, %d reports", most, calls)
	}
	if took := time.Since(start); took < 10*time.Millisecond {
		t.Errorf("two pauses took %s", took)
	}
	if st, err := r.Verify(context.Background(), c, kept{}); err != nil || st != runbook.Done {
		t.Errorf("state is %s (%v)", st, err)
	}
}

// A lot that stays holds up the next for two pauses, not for ever, and one that has left for one.
func TestPause(t *testing.T) {
	s, r := held(t, several(1)...)
	c := change(t, r, map[string]any{"all": true})
	var d releaseData
	trial.Must(t, c.Decode(dataV, &d))
	trial.Must(t, r.Apply(context.Background(), c, kept{}))
	const every = 150 * time.Millisecond
	for _, test := range []struct {
		do       func()
		min, max time.Duration
	}{
		{func() {}, 2 * every, 20 * every},
		{func() { trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "incoming/B0000000001.RCP"))) }, 2 * every, 20 * every}, // the body is still there
		{func() { trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "incoming/B0000000001.MSG"))) }, every, 2 * every},
	} {
		test.do()
		start := time.Now()
		trial.Must(t, pause(context.Background(), &d.Transfer, every))
		if took := time.Since(start); took < test.min || took >= test.max {
			t.Errorf("took %s, want %s to %s", took, test.min, test.max)
		}
	}
}

// A stop between two lots is clean: the rest stays where it was, and a second Apply goes on with it.
func TestCancel(t *testing.T) {
	s, r := held(t, several(4)...)
	files := s.Files(t)
	c := change(t, r, map[string]any{"all": true, "lot": 1, "every": "1h"})
	ctx, cancel := context.WithCancel(context.Background())
	rec := delivering{kept{}, func(int64) { cancel() }}
	if err := r.Apply(ctx, c, rec); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after lot 1 of 4") {
		t.Errorf("got %v", err)
	}
	if n := inQueue(t, s); n != 1 {
		t.Errorf("%d are in the queue", n)
	}
	if st, err := r.Verify(context.Background(), c, kept{}); err != nil || st != runbook.Partial {
		t.Errorf("state is %s (%v)", st, err)
	}
	again, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond) // the pause is kept after a new start, too
	defer cancel()
	if err := r.Apply(again, c, kept{}); !errors.Is(err, context.DeadlineExceeded) || inQueue(t, s) != 1 {
		t.Errorf("got %v with %d in the queue", err, inQueue(t, s))
	}
	c.Data = []byte(strings.Replace(string(c.Data), `"1h0m0s"`, `"1ms"`, 1))
	trial.Must(t, r.Apply(context.Background(), c, kept{}))
	if n := inQueue(t, s); n != 6 {
		t.Errorf("%d are in the queue", n)
	}
	start := time.Now()
	c.Data = []byte(strings.Replace(string(c.Data), `"1ms"`, `"1h0m0s"`, 1))
	trial.Must(t, r.Apply(context.Background(), c, kept{})) // nothing is left: nothing to wait for
	if time.Since(start) > time.Minute {
		t.Error("waited for nothing")
	}
	trial.Must(t, r.Undo(context.Background(), c, kept{}))
	if st, err := r.Verify(context.Background(), c, kept{}); err != nil || st != runbook.None {
		t.Errorf("state is %s (%v)", st, err)
	}
	if d := fmt.Sprint(files); d != fmt.Sprint(s.Files(t)) {
		t.Error("files differ")
	}
}

// A name that is taken stops its own message only, in whichever lot.
func TestLotsTaken(t *testing.T) {
	s, r := held(t, several(3)...)
	c := change(t, r, map[string]any{"all": true, "lot": 1, "every": "1ms"})
	s.Put(t, "incoming/B0000000001.RCP", "newer")
	rec := kept{}
	err := r.Apply(context.Background(), c, rec)
	if err == nil || !strings.Contains(string(rec["not-moved.txt"]), "B0000000001.RCP") {
		t.Errorf("got %v and %q", err, rec)
	}
	if n := inQueue(t, s); n != 4 { // the newer one, and three pairs
		t.Errorf("%d envelopes in the queue", n)
	}
}
