package session

import (
	"strings"

	"hikeshi/runbook"
)

// A Need is something that a test cannot do without.
type Need int

// The needs.
const (
	Domain Need = iota
	Account
	TestAccount
	POP
	Leave
)

// lacks says what is missing: what a tester should have told makes a test unknown; what needs a leave of its own, not run.
func (s *Session) lacks(all []Need) (Verdict, runbook.Text) {
	for _, n := range all {
		if v, why := s.lack(n); v != "" {
			return v, why
		}
	}
	return "", runbook.Text{}
}

func (s *Session) lack(n Need) (Verdict, runbook.Text) {
	r := s.Run
	switch {
	case n == Domain && r.Domain == "":
		return Unknown, runbook.T("no domain of the server is known (--domain)", "サーバのドメインが分からない (--domain)")
	case n == Account && r.Account == "":
		return Unknown, runbook.T("no account of the server is known (--account)", "サーバのアカウントが分からない (--account)")
	case n == TestAccount && r.Login == nil:
		return NotRun, runbook.T("there is no test account (smtp.login)", "試験用アカウントがない (smtp.login)")
	case n == TestAccount && (strings.EqualFold(r.Login.User, s.Run.Account) || strings.EqualFold(r.Login.User, s.Known())):
		return NotRun, runbook.T("the test account and --account are the same", "試験用アカウントと --account が同じ")
	case n == POP && (r.Login == nil || r.POP == nil):
		return NotRun, runbook.T("there is no test account, or no leave for its POP login (smtp.login, --pop)", "試験用アカウントがないか、POP ログインの許可がない (smtp.login、--pop)")
	case n == Leave && !(r.Deliver && s.Grant.Deliver && s.Grant.Probe == r.Probe):
		return NotRun, runbook.T("it sends a message, which needs --deliver and an entry of the target that allows it", "メールを送信する試験のため、--deliver と対象側の許可の記載が必要")
	}
	return "", runbook.Text{}
}
