package encryption

import (
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/hygiene/ntlm"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// offered are the mechanisms of a look; "" for none.
func offered(c *talk.Caps) string {
	if c == nil {
		return ""
	}
	return strings.Join(c.Mechanisms(), " ")
}

// list is what is told of them.
func list(c *talk.Caps) string {
	if m := offered(c); m != "" {
		return session.Cut("AUTH " + m)
	}
	return "(no AUTH)"
}

func told(s *session.Session, row *session.Row) {
	if s.Clear != nil {
		row.Asked, row.Answered = append(row.Asked, "EHLO"), append(row.Answered, list(s.Clear))
	}
	if s.Secured != nil {
		row.Asked, row.Answered = append(row.Asked, "EHLO (TLS)"), append(row.Answered, list(s.Secured))
	}
}

// hidden says that TLS is offered and cannot be had, so that what is offered inside it is not known; the row says why.
func hidden(s *session.Session, row *session.Row) bool {
	if s.Secured == nil && s.Clear.Has("STARTTLS") {
		row.Why = s.NoTLS
		return true
	}
	return false
}

// AuthInClear is H09.
func AuthInClear(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	row.Asked, row.Answered = []string{"EHLO"}, []string{list(s.Clear)}
	all := s.Clear.Mechanisms()
	row.Codes = strings.Join(all, " ")
	switch {
	case len(all) == 0:
		row.Verdict, row.Why = session.Good, runbook.T("no login is offered in clear", "平文ではログインを提供しない")
	case slices.Contains(all, "PLAIN") || slices.Contains(all, "LOGIN"):
		row.Verdict, row.Why = session.Bad, runbook.T("passwords can be sent in clear", "パスワードを平文で送れてしまう")
	default:
		row.Verdict, row.Why = session.Note, runbook.T("a login is offered in clear, though not by PLAIN or LOGIN", "平文でログインを提供している (PLAIN、LOGIN 以外)")
	}
}

// Mechanisms is H10.
func Mechanisms(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	told(s, row)
	clear, secured := strings.Fields(offered(s.Clear)), strings.Fields(offered(s.Secured))
	row.Codes = strings.Join(clear, " ") + "/" + strings.Join(secured, " ")
	digest := func(list []string) bool {
		return slices.Contains(list, "CRAM-MD5") || slices.Contains(list, "DIGEST-MD5")
	}
	old := s.Clear != nil && s.Clear.Has("AUTH=") || s.Secured != nil && s.Secured.Has("AUTH=")
	switch {
	case slices.Contains(clear, "NTLM") || slices.Contains(secured, "NTLM"):
		row.Verdict, row.Why = session.Bad, runbook.T("NTLM is offered", "NTLM が提供されている")
	case digest(clear):
		row.Verdict, row.Why = session.Bad, runbook.T("CRAM-MD5 or DIGEST-MD5 is offered in clear: what is overheard can be guessed at home", "CRAM-MD5 / DIGEST-MD5 を平文で提供。盗聴されるとオフラインで解析される")
	case hidden(s, row):
	case len(clear)+len(secured) == 0 && s.Submission():
		row.Verdict, row.Why = session.Note, runbook.T("no login is offered at all on a submission port", "サブミッションポートでログインを提供していない")
	case len(clear)+len(secured) == 0:
		row.Verdict, row.Why = session.Good, runbook.T("no login is offered", "ログインを提供しない")
	case digest(secured):
		row.Verdict, row.Why = session.Note, runbook.T("CRAM-MD5 or DIGEST-MD5 inside TLS: the server has to keep passwords in clear for it", "TLS 内の CRAM-MD5 / DIGEST-MD5。サーバ側に平文のパスワードが必要になる")
	case old:
		row.Verdict, row.Why = session.Note, runbook.T("the old form AUTH= is said for old programs", "古い形式 AUTH= も返している")
	case len(clear) > 0:
		row.Verdict, row.Why = session.Note, runbook.T("a login is offered in clear, see H09", "平文でログインを提供している。H09 を参照")
	default:
		row.Verdict, row.Why = session.Good, runbook.T("a login inside TLS only", "ログインは TLS 内のみ")
	}
}

// AuthOnMX is H12.
func AuthOnMX(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	told(s, row)
	row.Codes = strings.Join(strings.Fields(offered(s.Clear)+" "+offered(s.Secured)), " ")
	switch {
	case row.Codes != "":
		row.Verdict, row.Why = session.Bad, runbook.Tf("a login is offered on port %d: passwords can be tried here", "%d 番でログインを提供している。パスワードを試される", s.Rep.At.Port())
	case hidden(s, row):
	default:
		row.Verdict, row.Why = session.Good, runbook.T("no login is offered", "ログインを提供しない")
	}
}

// NTLM is H11: what the challenge gives away. The exchange is broken off, and nobody logs in.
func NTLM(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	secure := slices.Contains(strings.Fields(offered(s.Secured)), "NTLM")
	if !secure && !slices.Contains(strings.Fields(offered(s.Clear)), "NTLM") {
		told(s, row)
		if hidden(s, row) {
			return
		}
		row.Verdict, row.Why = session.Good, runbook.T("NTLM is not offered", "NTLM は提供されていない")
		return
	}
	if !s.Open(row, secure) {
		return
	}
	defer s.Close()
	r, ok := s.Say(row, "AUTH NTLM")
	if ok && r.Code == 334 {
		var err error
		if r, err = s.Conn.Cmd(ntlm.Negotiate); err != nil {
			s.Unmet(row, judge.Auth, err)
			return
		}
	}
	if !ok {
		return
	}
	row.Codes = session.Codes(r)
	if r.Code != 334 {
		if r.Hard() {
			row.Verdict, row.Why = session.Good, runbook.T("refused", "拒否")
		}
		return
	}
	leak, err := ntlm.Parse(r.Text())
	s.Conn.Cmd("*") // breaks it off (RFC 4954 section 4)
	row.Answered[0] = "334"
	switch {
	case err != nil:
		row.Why = runbook.Tf("the challenge cannot be read: %s", "チャレンジを読めない: %s", talk.Safe(err.Error()))
	case leak.String() == "":
		row.Verdict, row.Why = session.Note, runbook.T("a challenge without names", "名前を含まないチャレンジ")
	default:
		row.Verdict, row.Codes, row.Why = session.Bad, leak.String(), runbook.Tf("it gives away: %s", "内部の名前が分かる: %s", leak)
	}
}
