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
