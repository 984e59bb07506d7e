package logins

import (
	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/entry"
	"hikeshi/runbook"
)

// What is a spray: failures from so many addresses, which never logged in, for so many names. On a large server some dozens of people a
// day mistype their password where nobody has seen them before.
const (
	sprayPeers = 100
	sprayNames = 20
)

// Spray is guessing of which neither an address nor a name stands out: each of many names a few times, each time from another address.
type Spray struct {
	Sources  int   `json:"sources" expr:"sources"` // that failed, never logged in, and are no guessers by themselves
	Names    int   `json:"names" expr:"names"`     // under which logins were refused
	Failures int64 `json:"failures" expr:"failures"`
	Now      bool  `json:"now" expr:"now"` // some of them within the last 15 minutes
}

// sprayed looks at the failures that no single address and no single name accounts for.
func sprayed(r *desk.Reading, f *Facts) []runbook.Finding {
	if len(r.Params.Accounts) > 0 {
		return nil
	}
	var s Spray
	for p, g := range r.Book.Guessers {
		src := r.Book.Sources[p]
		if g.N == 0 || !r.Source(p) || r.Span.Inside(p) || src != nil && src.Logins > 0 || src != nil && entry.CountDays(src.Past) > 1 || tries(r, p, g) {
			continue
		}
		s.Sources, s.Failures, s.Now = s.Sources+1, s.Failures+g.N, s.Now || lately(r, g.Last)
	}
	for _, g := range r.Book.Guessed {
		if g.Failures() > 0 {
			s.Names++
		}
	}
	if s.Sources < sprayPeers || s.Names < sprayNames {
		return nil
	}
	f.Spray = s
	return []runbook.Finding{{Level: runbook.Warn, Text: runbook.Tf("passwords are tried for %d names from %d addresses, seldom for or from each: %s failures",
		"%d 名に対し、%d か所から少しずつパスワードが試されている: 失敗 %s 回", s.Names, s.Sources, desk.Number(s.Failures))}}
}
