package signals

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/logs/entry"
	"hikeshi/actions/logs/ledger"
	"hikeshi/runbook"
)

const (
	habits = 2  // days of history that it takes to say of an account that somebody else writes in its name
	common = 3  // accounts whose peers bear a name that says nothing of any of them
	share  = 10 // a peer has its part in what the new peers of an account wrote if one in so many recipients is its own
)

// strange says whether a peer of an account is one of somebody else, as far as can be told: it is not usual for the account, in no network
// of the server's owner, and does not call itself by a name that is the account's own.
func (j *judge) strange(a *ledger.Account, p netip.Prefix) bool {
	u := a.Uses[p]
	return u.First != 0 && !u.Usual && !j.b.Inside(p) && !j.owns(a, u.HELO)
}

// outside is to how many recipients the account wrote from peers that are strange to it, with the HELO of the one that wrote to most.
func (j *judge) outside(a *ledger.Account) (n int64, helo runbook.Text) {
	if entry.CountDays(a.Past.Days) < habits {
		return 0, helo
	}
	most := int64(0)
	for _, p := range a.Peers() {
		u := a.Uses[p]
		if !j.strange(a, p) {
			continue
		}
		if n += u.Recipients; u.Recipients > most && u.HELO != "" {
			most, helo = u.Recipients, runbook.Tf("HELO %q", "HELO %q", u.HELO)
		}
	}
	return n, helo
}

// owns says whether a HELO is usual for an account and for hardly any other. A name that programs have by default is nobody's own.
func (j *judge) owns(a *ledger.Account, helo string) bool {
	if helo == "" || helo[0] == '[' || strings.HasPrefix(helo, "localhost") || !slices.Contains(a.Calls(), helo) {
		return false
	}
	if j.names == nil {
		j.names = map[string]int{}
		for _, other := range j.b.Accounts {
			for _, name := range other.Calls() {
				j.names[name]++
			}
		}
	}
	return j.names[helo] < common
}
