package trust

import (
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// OtherSender is H15: logged in as one, with the address of another.
func OtherSender(s *session.Session, row *session.Row) {
	if !s.Open(row, true) {
		return
	}
	defer s.Close() // whatever the login has done ends here
	if !s.LoggedIn(row) {
		return
	}
	as := s.Conn
	r, ok := s.Envelope(row, s.Known(), s.Run.Probe)
	if !ok {
		return
	}
	row.Codes = session.Codes(r)
	switch {
	case s.Conn != as:
		row.Why = runbook.T("the connection was lost after the login", "ログイン後に接続が切れた")
	case r.Good():
		row.Verdict, row.Why = session.Bad, runbook.T("whoever has one password may send as everybody", "1つのパスワードで、だれの名前でも送信できる")
	case r.Hard():
		row.Verdict, row.Why = session.Good, runbook.T("refused", "拒否")
	case r.Soft():
		row.Why = runbook.T("refused for now only: ask again later", "一時的な拒否。後で再試験すること")
	}
}

// AfterPOP is H18.
func AfterPOP(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	if err := s.Run.POP(s.Ctx, s.Rep.At.Addr(), *s.Run.Login); err != nil {
		row.Why = runbook.Tf("no POP login: %s", "POP でログインできない: %s", talk.Safe(err.Error()))
		return
	}
	s.Close()
	bad := runbook.T("a login over POP3 lets everybody behind its address send without one", "POP3 でログインすると、同じアドレスのだれもが認証なしで送信できる")
	pairs := [][2]string{{s.Run.Sender, s.Run.Probe}}
	if s.Run.Account != "" && s.Run.Domain != "" {
		pairs = append(pairs, [2]string{s.Known(), s.Run.Probe})
	}
	if all, ok := s.Asked(row, bad, pairs...); ok {
		s.Refusal(row, all, bad)
	}
}
