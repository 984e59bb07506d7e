// Package unnamed says who stands out in the evidence and was not named as abused: evidence.unnamed.
//
// A responder who names the wrong account or the wrong source closes that one, and every look at what was named says that all is
// well. So what was named is compared with what evidence.cause has found. It only compares: whether somebody who stands out was abused, such
// as the sender of a newsletter, only a person can tell.
package unnamed

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"hikeshi/actions/evidence/look"
	"hikeshi/runbook"
)

// Facts are the facts of evidence.unnamed.
type Facts struct {
	Accounts []string `json:"accounts" expr:"accounts"` // that stand out and were not named
	Sources  []string `json:"sources" expr:"sources"`   // likewise
	Count    int      `json:"count" expr:"count"`       // of both together
}

// maxNamed bounds the names in a finding.
const maxNamed = 8

type action struct{}

// New returns the action of evidence.unnamed.
func New() runbook.Action { return action{} }

type params struct {
	Cause         string   `json:"cause"`
	Accounts      []string `json:"accounts"`
	Sources       []string `json:"sources"`
	FoundAccounts []string `json:"found_accounts"`
	FoundSources  []string `json:"found_sources"`
}

// Plan compares. Where the mail comes from the machine itself or is passed on (causes d and f), or where nothing was abused (h), clients
// and senders are those of everyday, and nobody has to be named.
func (action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p params
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Accounts: []string{}, Sources: []string{}}
	if !strings.Contains("dfh", p.Cause) || p.Cause == "" {
		f.Accounts = without(p.FoundAccounts, p.Accounts, sameAccount)
		f.Sources = without(p.FoundSources, p.Sources, covers)
	}
	f.Count = len(f.Accounts) + len(f.Sources)
	out := runbook.Outcome{Facts: f}
	for _, one := range []struct {
		names  []string
		en, ja string
	}{
		{f.Accounts, "accounts that stand out in the evidence and were not named: %s", "証拠で目立つのに挙げられていないアカウント: %s"},
		{f.Sources, "sources that stand out in the evidence and were not named: %s", "証拠で目立つのに挙げられていない送信元: %s"},
	} {
		if len(one.names) > 0 {
			en, ja := listed(one.names)
			out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Warn, Text: runbook.T(fmt.Sprintf(one.en, en), fmt.Sprintf(one.ja, ja))})
		}
	}
	if f.Count == 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.OK, Text: runbook.T("nobody else stands out in the evidence", "ほかに証拠で目立つ相手はいない")})
	}
	return out, ctx.Err()
}

// without are those of found that no named one means.
func without(found, named []string, means func(named, found string) bool) []string {
	left := []string{}
	for _, f := range found {
		known := false
		for _, n := range named {
			known = known || means(n, f)
		}
		if !known {
			left = append(left, f)
		}
	}
	return left
}

// sameAccount says whether two names mean one account; without a domain a name means the account of every domain.
func sameAccount(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	userA, _, wholeA := strings.Cut(a, "@")
	userB, _, wholeB := strings.Cut(b, "@")
	return a == b || userA == userB && !(wholeA && wholeB)
}

// covers says whether a named address or network holds the one that was found.
func covers(named, found string) bool {
	a, err := netip.ParseAddr(found)
	if err != nil {
		return strings.EqualFold(named, found)
	}
	a = a.Unmap()
	if p, err := netip.ParsePrefix(named); err == nil {
		return p.Contains(a)
	}
	n, err := netip.ParseAddr(named)
	return err == nil && n.Unmap() == a
}

// listed names the first few, safe to show: a stranger may have chosen the names.
func listed(names []string) (en, ja string) {
	var some []string
	for _, n := range names[:min(len(names), maxNamed)] {
		some = append(some, look.Safe(n))
	}
	en = strings.Join(some, ", ")
	if more := len(names) - maxNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", en, more), fmt.Sprintf("%s ほか %d 件", en, more)
	}
	return en, en
}
