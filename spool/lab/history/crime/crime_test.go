package crime

import (
	"net/netip"
	"reflect"
	"slices"
	"testing"

	"hikeshi/spool/lab/history/daemon"
	"hikeshi/spool/lab/history/people"
)

const day = 86400

func town(seed uint64) *people.Town {
	from := int64(20000 * day)
	return people.New(people.Config{Seed: seed, Accounts: 60, Span: people.Span{From: from, To: from + 14*day + 8*hour}, Domain: "example.jp", Incoming: 1})
}

// planned are the sessions and the truth of one kind of incident, with those it needs.
func planned(t *testing.T, seed uint64, kinds ...Kind) ([]*daemon.Session, Truth) {
	t.Helper()
	all, truth := Plan(town(seed), kinds)
	again, same := Plan(town(seed), kinds)
	if !reflect.DeepEqual(all, again) || !reflect.DeepEqual(truth, same) {
		t.Fatalf("seed %d, %v: another plan at the second time", seed, kinds)
	}
	w := town(seed)
	if !slices.IsSortedFunc(all, func(a, b *daemon.Session) int { return int(a.At - b.At) }) || all[0].At < w.From || all[len(all)-1].End() >= w.To {
		t.Fatalf("seed %d, %v: not in order, or not between the ends", seed, kinds)
	}
	return all, truth
}

func incident(truth Truth, k Kind) (Incident, bool) {
	i := slices.IndexFunc(truth.Incidents, func(i Incident) bool { return i.Kind == k })
	return truth.Incidents[max(i, 0)], i >= 0
}

func TestStolenSlow(t *testing.T) {
	for seed := range uint64(10) {
		all, truth := planned(t, seed, StolenSlow)
		perHour := map[int64]int{}
		for _, s := range all {
			perHour[s.At/hour]++
		}
		for h, n := range perHour {
			if n > 30 {
				t.Errorf("seed %d: %d sessions in hour %d", seed, n, h)
			}
		}
		if len(truth.Sources) < 60 || len(truth.Accounts) != 1 || truth.Accounts[0].How != Stolen || len(truth.Guessers) > 0 {
			t.Errorf("seed %d: %d sources, %+v", seed, len(truth.Sources), truth.Accounts)
		}
	}
}

func TestStolenQuiet(t *testing.T) {
	for seed := range uint64(10) {
		all, truth := planned(t, seed, StolenQuiet)
		perHour, to := map[int64]int{}, map[string]bool{}
		for _, s := range all {
			perHour[s.At/hour]++
			for _, r := range s.Mails[0].To {
				to[r] = true
			}
		}
		for h, n := range perHour {
			if clock, _ := people.Clock(h * hour); n > 40 || clock < 9 || clock > 18 {
				t.Errorf("seed %d: %d sessions at %d", seed, n, clock)
			}
		}
		if a := truth.Accounts; len(truth.Sources) != 1 || len(a) != 1 || a[0].How != Stolen || a[0].Messages < 100 || a[0].Recipients != len(to) || len(to) < 150 {
			t.Errorf("seed %d: %d sources, %+v", seed, len(truth.Sources), a)
		}
	}
}

// TestGuessedBefore: five failures and more within ten minutes, and within the hour a success from the same address, before the spam.
func TestGuessedBefore(t *testing.T) {
	for seed := range uint64(10) {
		all, truth := planned(t, seed, StolenFast, GuessedBefore)
		i := slices.IndexFunc(all, func(s *daemon.Session) bool { return !s.Failed })
		failed, close := all[:i], 0
		for _, s := range failed {
			if s.Peer != all[i].Peer || s.Login != all[i].Login || all[i].At-s.At > hour {
				t.Errorf("seed %d: %+v before %+v", seed, s, all[i])
			}
			if failed[len(failed)-1].At-s.At < 600 {
				close++
			}
		}
		if fast, ok := incident(truth, StolenFast); close < 5 || !ok || fast.First < all[i].At || len(truth.Guessers) > 0 {
			t.Errorf("seed %d: %d failures, %+v, %+v", seed, close, truth.Incidents, truth.Guessers)
		}
	}
}

func TestProbeIsDaysEarlier(t *testing.T) {
	for seed := range uint64(10) {
		all, truth := planned(t, seed, StolenFast, Probe)
		probe, _ := incident(truth, Probe)
		fast, _ := incident(truth, StolenFast)
		if fast.First-probe.First < day || len(all[0].Mails) != 1 || all[0].At != probe.First || truth.Accounts[0].First != probe.First {
			t.Errorf("seed %d: %+v", seed, truth.Incidents)
		}
	}
}

func TestManyFromsAndReadOut(t *testing.T) {
	for seed := range uint64(5) {
		all, truth := planned(t, seed, StolenFast, ManyFroms, ReadOut)
		froms := map[string]bool{}
		for _, s := range all {
			for _, m := range s.Mails {
				froms[m.Sender] = true
			}
		}
		if len(froms) < 10 || truth.Accounts[0].Reads < 20 || truth.Accounts[0].Messages < 30 {
			t.Errorf("seed %d: %d senders, %+v", seed, len(froms), truth.Accounts)
		}
	}
}

func TestSprayFindsNothingAlone(t *testing.T) {
	for seed := range uint64(5) {
		all, truth := planned(t, seed, Spray)
		tried := map[string]bool{}
		for _, s := range all {
			tried[s.Login] = s.Failed
		}
		if len(tried) != 60 || len(truth.Accounts)+len(truth.Sources) > 0 || len(truth.Guessers) < 2 {
			t.Errorf("seed %d: %d accounts, %+v", seed, len(tried), truth)
		}
		_, truth = planned(t, seed, StolenFast, Spray)
		finders := slices.DeleteFunc(truth.Sources, func(s Source) bool { return s.Failures == 0 || s.Logins == 0 })
		if len(finders) != 1 {
			t.Errorf("seed %d: %d addresses tried passwords and found one", seed, len(finders))
		}
	}
}

func TestWithoutALogin(t *testing.T) {
	for seed := range uint64(5) {
		all, truth := planned(t, seed, OwnSender, OpenLine)
		var named, strangers int
		for _, s := range all {
			for _, m := range s.Mails {
				if m.Sender == truth.Accounts[0].Login {
					named++
				} else {
					strangers++
				}
			}
			if s.Login != "" {
				t.Fatalf("seed %d: %+v", seed, s)
			}
		}
		if len(truth.Accounts) != 1 || truth.Accounts[0].How != Named || named != truth.Accounts[0].Messages || strangers < 30 {
			t.Errorf("seed %d: %d and %d mails, %+v", seed, named, strangers, truth.Accounts)
		}
	}
}

// TestRolesAreDisjoint: an address of the thieves has one role, and none of them is that of anybody else.
func TestRolesAreDisjoint(t *testing.T) {
	ours := []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("2001:db8:bad::/48")}
	_, truth := planned(t, 3, Kinds()...)
	for _, s := range append(truth.Sources, truth.Guessers...) {
		if !slices.ContainsFunc(ours, func(p netip.Prefix) bool { return p.Contains(s.Addr) }) || people.IsGuesser(s.Addr) {
			t.Errorf("%s", s.Addr)
		}
	}
	if len(truth.Accounts) != 4 || len(truth.Incidents) != len(Kinds()) {
		t.Errorf("%d accounts, %+v", len(truth.Accounts), truth.Incidents)
	}
}
