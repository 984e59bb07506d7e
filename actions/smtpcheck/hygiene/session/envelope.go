package session

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// Envelope asks for one sender and one recipient, RCPT at most, and returns the reply that decides.
func (s *Session) Envelope(row *Row, from, to string) (talk.Reply, bool) {
	if !s.Meet(row) {
		return talk.Reply{}, false
	}
	if s.Rep.Rcpts >= MaxRcpts {
		row.Why = runbook.T("no more recipients may be named", "宛先数の上限に達した")
		return talk.Reply{}, false
	}
	r, err := s.Conn.Cmd("RSET")
	if errors.Is(err, talk.ErrTimeout) {
		s.Unmet(row, "RSET", err)
		return r, false
	}
	if r.Code == 421 {
		row.Why = runbook.T("the server hung up (421)", "サーバが接続を打ち切った (421)")
		s.Stop(runbook.Tf("not asked: the server hung up with %s", "未実施: サーバが打ち切った: %s", Cut(r.String())))
		return r, false
	}
	if err != nil || !r.Good() {
		s.drop()
		if !s.Meet(row) { // cut off between tests, perhaps for those before
			return talk.Reply{}, false
		}
	}
	r, ok := s.Say(row, "MAIL FROM:<"+from+">")
	if !ok || !r.Good() {
		return r, ok
	}
	s.Rep.Rcpts++
	return s.Say(row, "RCPT TO:<"+to+">")
}

// WantsLogin says whether a reply says that a login has to come first: RFC 4954 section 6, and 503 of E-Post.
func WantsLogin(r talk.Reply) bool {
	text := strings.ToUpper(r.Text())
	return r.Code == 530 || r.Code == 503 && strings.Contains(text, "AUTH")
}

// Counts says whether refusals prove something; if not the row says why.
func (s *Session) Counts(row *Row) bool {
	switch s.Control {
	case Passed, LoginFirst:
		return true
	case Failed:
		row.Why = s.Why
	default:
		row.Why = runbook.T("whether mail to an account is taken could not be asked, so a refusal proves nothing", "実在する宛先を受理するか確認できず、拒否は何の証明にもならない")
	}
	return false
}

// Refusal judges answers of which every one should be a refusal. bad is why a 2xx is bad.
func (s *Session) Refusal(row *Row, answers []talk.Reply, bad runbook.Text) {
	row.Codes = Codes(answers...)
	soft := false
	for _, r := range answers {
		if r.Good() {
			row.Verdict, row.Why = Bad, bad
			return
		}
		if !r.Hard() && !r.Soft() {
			return
		}
		soft = soft || r.Soft() && !(r.Code == 454 && (r.Enhanced == "4.7.1" || r.Enhanced == ""))
	}
	switch {
	case soft:
		row.Why = runbook.T("refused for now only: ask again in 5 to 15 minutes", "一時的な拒否。5-15分後に再試験すること")
	case s.Counts(row):
		row.Verdict, row.Why = Good, runbook.T("refused", "拒否")
		s.Outside(row)
	}
}

// Outside takes a good verdict back that was seen from inside only: what a server does to strangers is seen from outside.
func (s *Session) Outside(row *Row) {
	if s.Rep.Vantage.Inside {
		row.Verdict, row.Why = Unknown, runbook.T(row.Why.EN+", but from inside: what strangers may do is seen from outside only", row.Why.In("ja")+"。ただし内側からの試験。外部の相手にどう答えるかは、外からしか分からない")
	}
}

// Strangers takes a verdict against the server back that was seen from inside only: what is taken from its own need not be taken from strangers.
func (s *Session) Strangers(row *Row) {
	if s.Rep.Vantage.Inside && (row.Verdict == Bad || row.Verdict == Note || row.Unmet) {
		row.Verdict, row.Unmet = Unknown, false
		row.Why = runbook.T("seen from inside, where servers trust their own; ask from outside: "+row.Why.EN, "内側からの試験では身内として扱われた可能性がある。外から試験すること: "+row.Why.In("ja"))
	}
}

// Asked asks envelopes and returns the replies that decide. It is false if one could not be asked; what was taken before is told all the same.
func (s *Session) Asked(row *Row, bad runbook.Text, pairs ...[2]string) ([]talk.Reply, bool) {
	var all []talk.Reply
	for _, p := range pairs {
		r, ok := s.Envelope(row, p[0], p[1])
		if !ok {
			for _, earlier := range all {
				if earlier.Good() {
					row.Verdict, row.Why, row.Codes = Bad, bad, Codes(all...)
				}
			}
			return all, false
		}
		all = append(all, r)
	}
	return all, true
}

// Codes are the codes of replies: 250/550.
func Codes(all ...talk.Reply) string {
	var b []string
	for _, r := range all {
		b = append(b, strings.TrimRight(fmt.Sprintf("%03d %s", r.Code, r.Enhanced), " "))
	}
	return strings.Join(b, "/")
}

// DependsOnVantage says whether what a test shows holds for the vantage alone: the tests of Outside and Strangers.
func DependsOnVantage(id string) bool {
	return slices.Contains([]string{"H05", "H13", "H14", "H16", "H17", "H18", "RFC10"}, id)
}
