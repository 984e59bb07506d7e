package trust

import (
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/probe"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// ends are what must not end a message (RFC 5321 section 2.3.8: a line ends with CRLF and with nothing else).
func ends() [][2]string {
	return [][2]string{{"LF.LF", "\n.\n"}, {"LF.CRLF", "\n.\r\n"}, {"CRLF.LF", "\r\n.\n"}}
}

// Smuggling is H21: one message for each false end, to the probe mailbox alone, and nothing behind it.
func Smuggling(s *session.Session, row *session.Row) {
	defer s.Close()
	for i, e := range ends() {
		s.Rest(s.Run.Pause)
		if !smuggle(s, row, fmt.Sprintf("H21.%d", i+1), e) {
			return
		}
	}
	row.Verdict, row.Why = session.Good, runbook.T("a message ends with CRLF.CRLF alone", "メールの終端は CRLF.CRLF だけ")
}

// smuggle sends one message and says whether to go on.
func smuggle(s *session.Session, row *session.Row, id string, end [2]string) bool {
	if !s.Open(row, true) {
		return false
	}
	from := s.Run.Probe
	if s.Run.Login != nil && s.LoggedIn(row) {
		if from = s.Run.Login.User; !strings.Contains(from, "@") {
			from += "@" + s.Run.Domain
		}
	}
	if row.Verdict = session.Unknown; s.Conn == nil {
		return false
	}
	r, ok := s.Envelope(row, from, s.Run.Probe)
	if !ok {
		return false
	}
	if !r.Good() {
		row.Why = runbook.Tf("mail to the probe mailbox is not taken (%s); with a test account it would be (smtp.login)", "プローブ用メールボックスあてが受理されない (%s)。試験用アカウントがあれば試せる (smtp.login)", session.Cut(r.String()))
		return false
	}
	if r, ok = s.Say(row, "DATA"); !ok || r.Code != 354 {
		return false
	}
	l := probe.Letter{Cookie: probe.Cookie(), Test: id, Run: s.Run.RunID, Target: s.Rep.Listener(), From: s.Run.Probe, To: s.Run.Probe, Host: s.Run.Probe[strings.LastIndexByte(s.Run.Probe, '@')+1:], At: s.Run.Clock()}
	return falseEnd(s, row, l, end)
}

// falseEnd gives the text with a false end, and the true one if that was none.
func falseEnd(s *session.Session, row *session.Row, l probe.Letter, end [2]string) bool {
	text := strings.ReplaceAll(strings.TrimRight(l.Text(), "\n"), "\n", "\r\n")
	err := s.Conn.Raw(text + end[1])
	r, there := talk.Reply{}, false
	if err == nil {
		r, there, err = s.Conn.Stray(min(s.Wait(), 5*time.Second))
	}
	early := there
	if err == nil && !there {
		if err = s.Conn.Raw("\r\n.\r\n"); err == nil {
			r, err = s.Conn.Next()
		}
		if err == nil { // an answer to the false end that came late has the answer to the true one behind it
			_, early, err = s.Unasked()
		}
	}
	row.Enter("("+end[0]+")", r)
	row.Codes = strings.TrimLeft(row.Codes+" "+session.Codes(r), " ")
	s.Close()
	switch {
	case early && r.Good():
		row.Verdict, row.Why = session.Bad, runbook.Tf("%s ends a message: a second one can be smuggled in behind it", "%s をメールの終端とみなす。後ろに別のメールを忍び込ませられる", end[0])
		return false
	case err != nil:
		s.Unmet(row, judge.Data, err)
		return false
	}
	return true
}
