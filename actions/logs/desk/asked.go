package desk

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/sweep"
)

// Account says whether an account is asked about: all, if none is named. A name without a domain stands for every domain.
func (r *Reading) Account(name string) bool {
	for _, a := range r.Params.Accounts {
		a = strings.ToLower(a)
		if a == name || !strings.Contains(a, "@") && strings.HasPrefix(name, a+"@") || !strings.Contains(name, "@") && strings.HasPrefix(a, name+"@") {
			return true
		}
	}
	return len(r.Params.Accounts) == 0
}

// Source says whether a peer is asked about: all, if none is named.
func (r *Reading) Source(p netip.Prefix) bool { return len(r.sources) == 0 || overlaps(r.sources, p) }

// Used says whether an account that is asked about was ever used from p; any peer does, if none is named.
func (r *Reading) Used(p netip.Prefix) bool {
	if len(r.Params.Accounts) == 0 {
		return true
	}
	return slices.ContainsFunc(r.asked, func(a *ledger.Account) bool { return a.Uses[p] != nil })
}

// UsedFrom says whether an account was used in the window from a peer that is asked about; any does, if none is named.
func (r *Reading) UsedFrom(name string) bool {
	if len(r.sources) == 0 {
		return true
	}
	if a := r.Book.Accounts[name]; a != nil {
		for _, p := range a.Peers() {
			if r.Source(p) {
				return true
			}
		}
	}
	return false
}

func overlaps(all []netip.Prefix, p netip.Prefix) bool {
	for _, x := range all {
		if x.Overlaps(p) {
			return true
		}
	}
	return false
}

// Named are the accounts that are asked about by name, as the logs spell them; those that stand in no log as they were asked for.
func (r *Reading) Named() []string {
	var all []string
	for _, asked := range r.Params.Accounts {
		one := *r
		one.Params.Accounts = []string{asked}
		found := []string{}
		for name, a := range r.Book.Accounts {
			if (a.First != 0 || a.Reads > 0) && one.Account(name) {
				found = append(found, name)
			}
		}
		slices.Sort(found)
		if len(found) == 0 {
			found = []string{strings.ToLower(sweep.Safe([]byte(asked)))}
		}
		all = append(all, found...)
	}
	return all
}

// Missing are the accounts and peers that are asked about and stand in no log of the window, as they were asked for.
func (r *Reading) Missing() []string {
	var all []string
	for _, asked := range r.Params.Accounts {
		one := *r
		one.Params.Accounts = []string{asked}
		if !some(r.Book.Accounts, func(name string, a *ledger.Account) bool { return (a.First != 0 || a.Reads > 0) && one.Account(name) }) &&
			!some(r.Book.Guessed, func(name string, g *ledger.Guess) bool { return g.Failures() > 0 && one.Account(name) }) {
			all = append(all, strings.ToLower(asked))
		}
	}
	for i, text := range r.Params.Sources {
		in := func(p netip.Prefix) bool { return r.sources[i].Overlaps(p) }
		used := func(_ string, a *ledger.Account) bool {
			return some(a.Uses, func(p netip.Prefix, u *ledger.Use) bool { return u.First != 0 && in(p) })
		}
		if !some(r.Book.Accounts, used) && !some(r.Book.Sources, func(p netip.Prefix, s *ledger.Source) bool { return s.First != 0 && in(p) }) &&
			!some(r.Book.Guessers, func(p netip.Prefix, g *ledger.Guess) bool { return g.Failures() > 0 && in(p) }) {
			all = append(all, text)
		}
	}
	return all
}

func some[K comparable, V any](all map[K]V, fits func(K, V) bool) bool {
	for k, v := range all {
		if fits(k, v) {
			return true
		}
	}
	return false
}
