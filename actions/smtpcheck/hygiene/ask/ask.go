// Package ask asks one listener of a mail server what it gives away, whom it believes and what it lets strangers do: the hygiene tests H01 to
// H22, and the three recommendations of RFC 2505 that none of them answers.
//
// In order: a session.Run says how to ask and who asks; Listener asks one listener, for which it needs a grant of package consent, and returns a
// Report with a Row for every test that fits it.
//
// A row is good only where an answer shows it. What was not answered, not in time, or not by SMTP is unknown; what needs something that was not
// given (a test account, a leave, a resolver) was not run, and says so. A refusal counts only where mail to an account of the server would be
// taken, which is asked first.
//
// The manners are those of the relay test: one connection at a time, pauses, at most session.MaxRcpts recipients, an end at a 421, nothing after
// RCPT. The one exception is H21, for a grant that allows it, to its probe mailbox only.
package ask

import (
	"cmp"
	"context"
	"slices"

	"hikeshi/actions/smtpcheck/hygiene/disclosure"
	"hikeshi/actions/smtpcheck/hygiene/encryption"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/hygiene/trust"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// A test is one of the tests: where it is asked, what it needs, and the asking.
type test struct {
	id    string
	on    func(*session.Session) bool // nil: everywhere
	needs []session.Need
	ask   func(*session.Session, *session.Row)
}

func needs(all ...session.Need) []session.Need { return all }

// tests are all of them in the order in which they are asked: what others rest on first, what a server may cut us off for last.
func tests() []test {
	mx, submission, clear := (*session.Session).MX, (*session.Session).Submission, func(s *session.Session) bool { return !s.Implicit() }
	return []test{
		{"H01", nil, nil, disclosure.Banner}, {"H22", mx, nil, disclosure.Names},
		{"H20", mx, needs(session.Domain), trust.UnknownUser}, {"RFC06", mx, needs(session.Domain), trust.NullSender}, {"RFC10", mx, needs(session.Domain), trust.Nowhere},
		{"H16", mx, needs(session.Domain), trust.UnknownSender}, {"H14", mx, needs(session.Domain, session.Account), trust.LocalSender},
		{"H13", mx, needs(session.Domain), trust.OwnSender}, {"H17", submission, nil, trust.NoLogin},
		{"H03", nil, nil, disclosure.VRFY}, {"H04", nil, nil, disclosure.EXPN}, {"H06", nil, nil, disclosure.ETRN}, {"H02", nil, nil, disclosure.Help},
		{"H09", clear, nil, encryption.AuthInClear}, {"H10", nil, nil, encryption.Mechanisms}, {"H11", nil, nil, encryption.NTLM}, {"H12", mx, nil, encryption.AuthOnMX},
		{"H07", nil, nil, encryption.TLS}, {"H08", clear, nil, encryption.Injection},
		{"H15", nil, needs(session.Domain, session.Account, session.TestAccount), trust.OtherSender}, {"H18", mx, needs(session.POP), trust.AfterPOP},
		{"H21", nil, needs(session.Leave), trust.Smuggling}, {"H05", mx, needs(session.Domain), disclosure.Enumeration},
	}
}

// Listener asks one listener. Without a grant nothing is sent.
func Listener(ctx context.Context, r session.Run, l target.Listener) (session.Report, error) {
	rep := session.Report{At: l.At, Host: l.Host, By: l.Grant.By, Own: l.Grant.Own, Spare: l.Optional}
	s, err := session.New(ctx, r, &rep, l.Grant)
	if err != nil {
		return rep, err
	}
	defer s.Close()
	all := tests()
	for i, t := range all {
		if r.Progress != nil {
			r.Progress(int64(i), int64(len(all)))
		}
		if t.on == nil || t.on(s) {
			rep.Rows = append(rep.Rows, s.Try(t.id, t.needs, t.ask))
		}
		if err := ctx.Err(); err != nil {
			return rep, err
		}
	}
	rep.Rows = append(rep.Rows, guessing(rep.Listener()))
	slices.SortStableFunc(rep.Rows, func(x, y session.Row) int { return cmp.Compare(x.ID, y.ID) })
	return rep, nil
}

// guessing is H19, which is never tested: passwords are not guessed.
func guessing(listener string) session.Row {
	return session.Row{ID: "H19", Listener: listener, Verdict: session.NotRun,
		Why: runbook.T("not tested by design, since passwords are never guessed; check the limits in the configuration", "設計上、試験しない (パスワードは試さない)。設定の上限を確認すること")}
}
