// Package trust holds the hygiene tests of whom a server believes: senders of its own domain, logins, ends of messages. See package session.
package trust

import (
	"slices"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// UnknownUser is H20, after the control: mail to an account has to be taken, or no refusal says anything.
func UnknownUser(s *session.Session, row *session.Row) {
	known, ok := s.Envelope(row, s.Run.Sender, s.Known())
	if !ok {
		return
	}
	switch {
	case known.Good():
		s.Control = session.Passed
	case session.WantsLogin(known):
		s.Control = session.LoginFirst
	default:
		s.Control = session.Failed
		s.Why = runbook.Tf("mail to %s is refused too (%s), so a refusal proves nothing", "%s あてまで拒否される (%s) ため、拒否は何の証明にもならない", s.Known(), session.Cut(known.String()))
	}
	one, ok := s.Envelope(row, s.Run.Sender, s.Stood+"@"+s.Run.Domain)
	if !ok {
		return
	}
	row.Codes = session.Codes(known, one)
	switch {
	case one.Good():
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("mail to nobody is taken: it is returned later, to whoever was named as sender", "存在しない宛先を受理する。後で、名乗られた差出人へ返送することになる")
	case s.Control == session.LoginFirst:
		row.Verdict, row.Why = session.Good, runbook.T("nothing is taken without a login", "認証なしでは何も受け付けない")
	case s.Control != session.Passed:
		row.Why = s.Why
	case one.Hard():
		row.Verdict, row.Why = session.Good, runbook.T("refused at RCPT", "RCPT で拒否")
	case one.Soft():
		row.Why = runbook.T("refused for now only, though mail to an account is taken", "一時的な拒否のみ。実在する宛先は受理される")
	}
}

// OwnSender is H13: R05, R06 and R07 of the relay tests.
func OwnSender(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	bad := runbook.T("whoever names a sender of the server's own domain may send anywhere", "自ドメインの差出人を名乗れば、だれでも外部へ送信できる")
	senders := []string{s.Stood, "postmaster"}
	if s.Run.Account != "" {
		senders = append(senders, s.Run.Account)
	}
	var pairs [][2]string
	for _, u := range senders {
		pairs = append(pairs, [2]string{u + "@" + s.Run.Domain, s.Run.Probe})
	}
	all, ok := s.Asked(row, bad, pairs...)
	if !ok {
		return
	}
	if s.Refusal(row, all, bad); row.Verdict == session.Bad {
		row.Unmet = true
	}
	if row.Verdict == session.Good && s.Run.Account == "" {
		row.Verdict, row.Why = session.Unknown, runbook.T("refused, but no existing account was tried as sender (--account)", "拒否。ただし実在するアカウントの差出人は試していない (--account)")
	}
}

// LocalSender is H14.
func LocalSender(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	bad := runbook.T("strangers may write to users as one of them, unless SPF or DMARC refuses it after DATA, which is not seen here", "第三者が内部の利用者を名乗って利用者あてに送れる。DATA 後の SPF/DMARC による拒否は、この試験では分からない")
	if all, ok := s.Asked(row, bad, [2]string{s.Known(), s.Known()}); ok {
		s.Refusal(row, all, bad)
	}
}

// UnknownSender is H16.
func UnknownSender(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	bad := runbook.T("a sender of the server's own domain that does not exist is believed", "自ドメインの存在しない差出人を受け付ける")
	if all, ok := s.Asked(row, bad, [2]string{s.Stood + "@" + s.Run.Domain, s.Known()}); ok {
		s.Refusal(row, all, bad)
	}
}

// NoLogin is H17: the control is not needed, since nothing at all should be taken.
func NoLogin(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	bad := runbook.T("mail is taken on a submission port without a login", "サブミッションポートで、認証なしにメールを受け付ける")
	to := [][2]string{{s.Run.Sender, s.Run.Probe}}
	if s.Run.Domain != "" {
		to = append(to, [2]string{s.Run.Sender, s.Known()})
	}
	all, ok := s.Asked(row, bad, to...)
	if !ok {
		return
	}
	row.Codes = session.Codes(all...)
	last := all[len(all)-1]
	switch {
	case slices.ContainsFunc(all, talk.Reply.Good):
		row.Verdict, row.Unmet, row.Why = session.Bad, true, bad
	case slices.ContainsFunc(all, talk.Reply.Soft):
		row.Why = runbook.T("refused for now only: ask again in 5 to 15 minutes", "一時的な拒否。5-15分後に再試験すること")
	case session.WantsLogin(last):
		row.Verdict, row.Why = session.Good, runbook.T("a login is wanted first", "先にログインを求める")
		s.Outside(row)
	case last.Hard():
		row.Verdict, row.Why = session.Note, runbook.T("refused, though not for want of a login: it may be this vantage that is refused", "拒否。ただし理由は認証ではなく、この接続元だけの拒否かもしれない")
	}
}

// NullSender is recommendation 6 of RFC 2505.
func NullSender(s *session.Session, row *session.Row) {
	r, ok := s.Envelope(row, "", s.Known())
	if !ok {
		return
	}
	row.Codes = session.Codes(r)
	switch {
	case r.Good():
		row.Verdict, row.Why = session.Good, runbook.T("taken, as it has to be", "受理。これが正しい")
	case s.Control == session.LoginFirst && session.WantsLogin(r):
		row.Why = runbook.T("nothing is taken without a login", "認証なしでは何も受け付けない")
	case r.Soft():
		row.Why = runbook.T("refused for now only: ask again in 5 to 15 minutes", "一時的な拒否。5-15分後に再試験すること")
	case r.Hard() && s.Counts(row):
		row.Verdict, row.Unmet, row.Why = session.Bad, true, runbook.T("refused: bounces and reports cannot get in", "拒否。バウンスや配送通知が届かない")
	}
}

// Nowhere is recommendation 10: .invalid never exists (RFC 6761), so no bounce reaches anybody.
func Nowhere(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	r, ok := s.Envelope(row, "relaytest@"+s.Stood+".invalid", s.Known())
	if !ok {
		return
	}
	row.Codes = session.Codes(r)
	switch {
	case r.Good():
		row.Verdict, row.Unmet, row.Why = session.Note, true, runbook.T("a sender whose domain does not exist is taken", "存在しないドメインの差出人を受け付ける")
	case (r.Hard() || r.Soft()) && s.Counts(row):
		row.Verdict, row.Why = session.Good, runbook.T("refused", "拒否")
	}
}
