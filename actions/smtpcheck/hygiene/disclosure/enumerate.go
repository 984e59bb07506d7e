package disclosure

import (
	"errors"
	"fmt"
	"time"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// The bounds of H05.
const (
	MaxUnknown = 20                     // unknown recipients that are named to see whether there is a brake
	slow       = 800 * time.Millisecond // an answer that is held back
)

// Enumeration is H05: known and unknown recipients have to be told apart at RCPT, so a brake is wanted on whoever tries many. At most
// MaxUnknown are tried. That none was seen within so few is no more than a note: a brake may set in later.
func Enumeration(s *session.Session, row *session.Row) {
	defer s.Strangers(row)
	s.Close()
	known, ok := s.Envelope(row, s.Run.Sender, s.Known())
	if !ok {
		return
	}
	if !known.Good() {
		row.Codes = session.Codes(known)
		if s.Control == session.LoginFirst || session.WantsLogin(known) {
			row.Verdict, row.Why = session.Good, runbook.T("nothing is taken without a login", "認証なしでは何も受け付けない")
			return
		}
		row.Why = runbook.T("mail to an account is not taken, so nothing can be compared", "実在する宛先も受理されず、比較できない")
		return
	}
	b := brake{known: known}
	for n := 1; n <= MaxUnknown && s.Rep.Rcpts < session.MaxRcpts; n++ {
		if !unknown(s, row, &b, n) {
			return
		}
		s.Rest(s.Run.Pause / 20)
	}
	row.Codes = session.Codes(known, b.first)
	switch {
	case b.tried < MaxUnknown:
		row.Why = runbook.Tf("no brake within %d unknown recipients, and no more may be named", "存在しない宛先 %d 件では制限なし。これ以上は名指しできない", b.tried)
	default:
		row.Verdict, row.Why = session.Note, runbook.Tf("no brake was seen within %d unknown recipients; more are not tried, so one may set in later", "存在しない宛先 %d 件では制限が見られない。それ以上は試さないため、その先は分からない", b.tried)
	}
}

// A brake is what is known of the answers so far.
type brake struct {
	known, first talk.Reply
	tried        int
	usual        time.Duration // the slowest of the first answers
}

// unknown names one more unknown recipient, and says whether to go on: until there is a brake, or nothing to tell apart.
func unknown(s *session.Session, row *session.Row, b *brake, n int) bool {
	began := time.Now()
	s.Rep.Rcpts++
	line := "RCPT TO:<" + other(s, n) + ">"
	r, err := s.Conn.Cmd(line)
	took := time.Since(began)
	if n <= 2 || err != nil || r.Code != b.first.Code {
		row.Enter(line, r)
	}
	stopped := func(en, ja string) bool {
		row.Verdict, row.Why, row.Codes = session.Good, runbook.Tf(en, ja, b.tried), session.Codes(b.known, b.first)+" brake"
		return false
	}
	switch {
	case b.tried > 0 && r.Code == 421 || b.tried > 2 && errors.Is(err, talk.ErrClosed):
		s.Stop(runbook.T("not asked: the server hung up after many unknown recipients", "未実施: 存在しない宛先が続き、サーバが打ち切った"))
		return stopped("the server hung up after %d unknown recipients", "存在しない宛先 %d 件で打ち切られた")
	case err != nil:
		s.Unmet(row, judge.Rcpt, err)
		return false
	case r.Code == 421:
		s.Stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", session.Cut(r.String())))
		return false
	}
	b.tried++
	if b.tried == 1 {
		b.first = r
	}
	switch {
	case b.tried == 1 && r.Code == b.known.Code:
		row.Verdict, row.Codes, row.Why = session.Good, session.Codes(b.known, r), runbook.T("known and unknown recipients are answered alike", "実在する宛先としない宛先に同じ応答を返す")
		return false
	case b.first.Hard() && r.Soft():
		return stopped("throttled after %d unknown recipients", "存在しない宛先 %d 件で制限された")
	case b.tried <= 3:
		b.usual = max(b.usual, took)
	case took > slow && took > 4*b.usual:
		return stopped("slowed down after %d unknown recipients", "存在しない宛先 %d 件で応答を遅らせた")
	}
	return true
}

// others are made-up recipients of H05.
func other(s *session.Session, i int) string { return fmt.Sprintf("%s%d@%s", s.Also, i, s.Run.Domain) }
