package signals_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/signals"
	"hikeshi/actions/logs/sweep"
	"hikeshi/spool"
	"hikeshi/spool/epms/logs"
	"hikeshi/spool/lab/history"
	"hikeshi/spool/lab/history/crime"
)

// logsOf are the logs below a spool folder.
func logsOf(t testing.TB, dir string) []spool.Log {
	t.Helper()
	var all []spool.Log
	for _, k := range logs.Kinds() {
		l := spool.Log{Name: k.Name, Dir: filepath.Join(dir, k.Name), State: spool.LogOff, Says: k.Says, Sessions: k.Sessions}
		paths, err := filepath.Glob(filepath.Join(l.Dir, "*.log"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			day, err := time.Parse("060102.log", filepath.Base(path))
			if err != nil {
				t.Fatal(err)
			}
			fi, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			l.State = spool.LogOn
			l.Files = append(l.Files, spool.LogFile{Path: path, Size: fi.Size(), Modified: fi.ModTime(), From: day.Unix(), To: day.Unix() + 86400})
		}
		all = append(all, l)
	}
	return all
}

func inside(p netip.Prefix) bool {
	a := p.Addr()
	return a.IsLoopback() || a.IsPrivate() || netip.MustParsePrefix("192.0.2.0/28").Contains(a)
}

// verdict reads and judges the logs of a world.
func verdict(t testing.TB, w *history.World) (signals.Verdict, *ledger.Book, sweep.Result) {
	t.Helper()
	dir := t.TempDir()
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	o := ledger.Options{History: w.To - 15*86400, Since: w.To - 86400, Until: w.To + 1, Step: 60, Logins: true, Accepts: true, Inside: inside,
		Taken: func(int64) bool { return true }}
	b := ledger.New(o)
	r, err := sweep.Run(context.Background(), sweep.Options{Logs: logsOf(t, dir), Parser: logs.Parser, From: o.History, Until: o.Until, Own: map[string]bool{w.Domain: true}}, b.Take)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	os.RemoveAll(dir)
	return signals.Judge(b, signals.Options{}), b, r
}

// score compares the suspects with the truth.
type score struct{ right, wrong, missed int }

func (s *score) add(o score) {
	s.right, s.wrong, s.missed = s.right+o.right, s.wrong+o.wrong, s.missed+o.missed
}

func (s score) precision() float64 { return share(s.right, s.right+s.wrong) }
func (s score) recall() float64    { return share(s.right, s.right+s.missed) }

func share(n, of int) float64 {
	if of == 0 {
		return 1
	}
	return float64(n) / float64(of)
}

func compare(found []signals.Entry, truth []string) (s score, wrong, missed []string) {
	var names []string
	for _, e := range found {
		if e.Level == signals.Suspect {
			names = append(names, e.Name)
			if !slices.Contains(truth, e.Name) {
				wrong = append(wrong, e.Name)
			}
		}
	}
	for _, name := range truth {
		if !slices.Contains(names, name) {
			missed = append(missed, name)
		}
	}
	return score{len(names) - len(wrong), len(wrong), len(missed)}, wrong, missed
}

func truthOf(w *history.World) (accounts, sources, heavy []string) {
	for _, a := range w.Truth.Accounts {
		accounts = append(accounts, a.Login)
	}
	for _, s := range w.Truth.Sources {
		sources = append(sources, signals.PlaceName(deed.Place(s.Addr)))
	}
	heavy = append(heavy, w.Truth.HeavyAccounts...)
	for _, a := range w.Truth.HeavySources {
		heavy = append(heavy, signals.PlaceName(deed.Place(a)))
	}
	return accounts, sources, heavy
}

// On the generated histories of 30 seeds the abused accounts and sources are found, and none who is only busy is called a suspect.
func TestPrecisionAndRecall(t *testing.T) {
	seeds := 30
	if testing.Short() {
		seeds = 4
	}
	var accounts, sources score
	var worst []string
	for seed := range seeds {
		w := history.Make(uint64(seed+1), history.Options{})
		v, b, _ := verdict(t, w)
		a, s, heavy := truthOf(w)
		as, wrongA, missedA := compare(v.Accounts, a)
		ss, wrongS, missedS := compare(v.Sources, s)
		accounts.add(as)
		sources.add(ss)
		var kinds []string
		for _, i := range w.Truth.Incidents {
			kinds = append(kinds, string(i.Kind))
		}
		t.Logf("seed %2d: accounts %d right %d wrong %d missed; sources %3d right %d wrong %d missed  %s", seed+1, as.right, as.wrong, as.missed, ss.right, ss.wrong, ss.missed, strings.Join(kinds, " "))
		if as.wrong+as.missed+ss.wrong+ss.missed > 0 {
			worst = append(worst, fmt.Sprintf("seed %d: %d wrong, %d missed", seed+1, as.wrong+ss.wrong, as.missed+ss.missed))
		}
		for _, name := range slices.Concat(wrongA, missedA, wrongS, missedS) {
			t.Log(describe(v, b, name))
		}
		for _, e := range slices.Concat(v.Accounts, v.Sources) {
			if e.Level == signals.Suspect && slices.Contains(heavy, e.Name) {
				t.Errorf("seed %d: %s is busy and innocent: %s", seed+1, e.Name, describe(v, b, e.Name))
			}
		}
	}
	t.Logf("accounts: precision %.3f recall %.3f; sources: precision %.3f recall %.3f", accounts.precision(), accounts.recall(), sources.precision(), sources.recall())
	t.Logf("seeds that are not perfect: %q", worst)
	for _, f := range []float64{accounts.precision(), accounts.recall(), sources.precision(), sources.recall()} {
		if f < 0.95 {
			t.Errorf("%.3f is below 0.95", f)
		}
	}
}

// Where the logs have just been switched on there is no history; what is loud enough is found all the same, and nobody else is blamed. One
// who writes slowly from one address cannot be found so: nobody knows that the address is new.
func TestWithoutHistory(t *testing.T) {
	for _, days := range []int{1, 2, 4} {
		var accounts, sources score
		for seed := range 12 {
			loud := slices.DeleteFunc(crime.Draw(uint64(seed+1)), func(k history.Kind) bool { return k == crime.StolenQuiet })
			w := history.Make(uint64(seed+1), history.Options{Days: days, Incidents: append([]history.Kind{}, loud...)})
			v, b, _ := verdict(t, w)
			a, s, _ := truthOf(w)
			as, wrongA, _ := compare(v.Accounts, a)
			ss, wrongS, _ := compare(v.Sources, s)
			accounts.add(as)
			sources.add(ss)
			for _, name := range slices.Concat(wrongA, wrongS) {
				t.Log(days, seed+1, describe(v, b, name))
			}
		}
		if accounts.recall() < 0.95 || accounts.precision() < 0.9 || sources.precision() < 0.95 {
			t.Errorf("%d days: too much is missed, or blamed", days)
		}
		t.Logf("%d days: accounts: precision %.3f recall %.3f; sources: precision %.3f recall %.3f", days, accounts.precision(), accounts.recall(), sources.precision(), sources.recall())
	}
}

// A thief who writes from one new address, little in every hour and while the owner is at work, is a suspect, and so is the address.
func TestSlowThief(t *testing.T) {
	for seed := range uint64(5) {
		w := history.Make(100+seed, history.Options{Incidents: []history.Kind{crime.StolenQuiet}})
		v, b, _ := verdict(t, w)
		a, s, _ := truthOf(w)
		as, wrongA, missedA := compare(v.Accounts, a)
		ss, wrongS, missedS := compare(v.Sources, s)
		if len(a) != 1 || len(s) != 1 || as.right != 1 || ss.right != 1 || as.wrong+ss.wrong > 0 {
			t.Errorf("seed %d: %d accounts, %d sources", seed, len(a), len(s))
		}
		for _, name := range slices.Concat(wrongA, missedA, wrongS, missedS) {
			t.Log(describe(v, b, name))
		}
		for _, e := range v.Accounts {
			if e.Name == a[0] && (len(e.From) == 0 || e.From[0] != s[0]) {
				t.Errorf("seed %d: %s was used from %q, not from %s first", seed, e.Name, e.From, s[0])
			}
		}
	}
}

func describe(v signals.Verdict, b *ledger.Book, name string) string {
	text := name
	for _, e := range slices.Concat(v.Accounts, v.Sources) {
		if e.Name == name {
			text += fmt.Sprintf(": %s %d via %v", e.Level, e.Score, e.Via)
			for _, h := range e.Hits {
				text += fmt.Sprintf(" %s=%g", h.ID, h.Value)
			}
		}
	}
	if a := b.Accounts[name]; a != nil {
		text += fmt.Sprintf(" | %d messages %d logins past %+v", a.Messages, a.Logins, a.Past.Day)
	}
	return text
}
