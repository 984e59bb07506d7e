package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// A Verdict is what one test has shown.
type Verdict string

// The verdicts.
const (
	Passed        Verdict = "passed"            // a control: the mail would be taken, as it has to be
	RefusedAtMail Verdict = "refused-at-mail"   // 5xx to MAIL
	Refused       Verdict = "refused"           // 5xx to RCPT
	RefusedSoft   Verdict = "refused-soft"      // 454 4.7.1: Postfix's safety net, which refuses for now only
	Deferred      Verdict = "deferred"          // another 4xx: greylisting, or out of order; never safe
	Suspect       Verdict = "suspect"           // 2xx to RCPT of a plain stranger
	WeakSuspect   Verdict = "weak-suspect"      // 2xx to a recipient that may be taken for a local name
	RefusedLate   Verdict = "refused-late"      // taken at RCPT, refused at DATA or after it
	Accepted      Verdict = "accepted"          // the message was taken; still no proof
	NotSeen       Verdict = "accepted-not-seen" // taken, and nothing has arrived in time
	Proven        Verdict = "open-relay-proven" // the message has arrived
	Backscatter   Verdict = "backscatter"       // taken, and returned to the sender of the envelope
	Inconclusive  Verdict = "inconclusive"      // refused before anything was asked, closed, or no SMTP
	Timeout       Verdict = "timeout"           // no answer in time
	NotRun        Verdict = "not-run"           // not asked; Why says why
)

// Hit says whether the verdict is that a stranger's mail would be, or was, taken.
func (v Verdict) Hit() bool {
	switch v {
	case Suspect, WeakSuspect, Accepted, NotSeen, Proven, Backscatter:
		return true
	}
	return false
}

// Closed says whether the verdict is a refusal.
func (v Verdict) Closed() bool {
	switch v {
	case RefusedAtMail, Refused, RefusedSoft, RefusedLate:
		return true
	}
	return false
}

// rank orders verdicts from harmless to bad, for tests that stand for others.
func (v Verdict) rank() int {
	for i, x := range []Verdict{NotRun, Passed, Refused, RefusedAtMail, RefusedLate, RefusedSoft, Deferred, Inconclusive, Timeout, WeakSuspect, NotSeen, Backscatter, Suspect, Accepted, Proven} {
		if v == x {
			return i
		}
	}
	return -1
}

// A Stage is how far a transaction has come.
type Stage string

// The stages.
const (
	Connect Stage = "connect"
	Hello   Stage = "EHLO"
	Mail    Stage = "MAIL"
	Rcpt    Stage = "RCPT"
	Auth    Stage = "AUTH"
	Data    Stage = "DATA"
)

// Reply says what a reply at a stage means. Only the code decides. (RFC 5321 section 3.6.2: 550 for a relay that is refused by policy.)
func Reply(at Stage, w pattern.Weight, r talk.Reply) (Verdict, runbook.Text) {
	switch {
	case r.Code == 421:
		return Inconclusive, runbook.T("the server hung up (421)", "サーバが接続を打ち切った (421)")
	case at == Connect:
		return Inconclusive, runbook.T("this vantage is refused, perhaps by a blocklist", "この接続元が拒否されている (ブロックリスト掲載などの可能性)")
	case at == Hello && r.Hard():
		return Refused, runbook.T("refused at EHLO", "EHLO で拒否")
	case at == Mail && r.Hard():
		return RefusedAtMail, runbook.Text{}
	case at == Rcpt && r.Hard():
		return Refused, runbook.Text{}
	case at == Rcpt && r.Code == 454 && (r.Enhanced == "4.7.1" || r.Enhanced == ""):
		return RefusedSoft, runbook.T("for now only: a safety net, such as Postfix's defer_unauth_destination", "一時的な拒否。Postfix の defer_unauth_destination などの安全網による")
	case r.Soft():
		return Deferred, runbook.T("ask again in 5 to 15 minutes (--retry-deferred): greylisting looks like this", "5-15分後に再試験すること (--retry-deferred)。グレイリスティングの可能性がある")
	case at == Rcpt && r.Good():
		return taken(w), runbook.Text{}
	}
	return Inconclusive, runbook.Tf("an answer to %s that fits nothing", "%s への想定外の応答", string(at))
}

// taken is the verdict of a 2xx at RCPT.
func taken(w pattern.Weight) Verdict {
	switch w {
	case pattern.Control:
		return Passed
	case pattern.Strong:
		return Suspect
	}
	return WeakSuspect
}

// Broken says what an error of the conversation means.
func Broken(at Stage, err error) (Verdict, runbook.Text) {
	switch {
	case errors.Is(err, context.Canceled):
		return Inconclusive, runbook.Tf("interrupted at %s", "%s の途中で中断した", string(at))
	case errors.Is(err, talk.ErrHandshake):
		return Timeout, runbook.T("no answer to the TLS handshake in time", "TLS ハンドシェイクに時間内の応答がない")
	case errors.Is(err, talk.ErrTimeout):
		return Timeout, runbook.Tf("no answer to %s in time", "%s に時間内の応答がない", string(at))
	case errors.Is(err, talk.ErrConnect):
		return Inconclusive, runbook.T("no connection", "接続できない")
	case errors.Is(err, talk.ErrTLS):
		return Inconclusive, runbook.T("no agreement over TLS", "TLS のハンドシェイクに失敗")
	case errors.Is(err, talk.ErrBroken):
		return Inconclusive, runbook.T("what answers does not speak SMTP", "応答が SMTP ではない")
	case errors.Is(err, talk.ErrClosed) && at == Connect:
		return Inconclusive, runbook.T("closed before the greeting: this vantage is refused, perhaps by a blocklist", "挨拶の前に切断。この接続元が拒否されている可能性がある")
	}
	return Inconclusive, runbook.Tf("the connection ended at %s", "%s の途中で接続が切れた", string(at))
}

// WantsTLS says whether a reply says that TLS has to come first (RFC 3207 section 4).
func WantsTLS(r talk.Reply) bool { return wantsTLS(r.String()) }

func wantsTLS(reply string) bool {
	text := strings.ToUpper(reply)
	return strings.HasPrefix(text, "530 ") && (strings.Contains(text, "STARTTLS") || strings.Contains(text, " TLS"))
}

// wantsLogin says whether a reply says that a login has to come first (RFC 4954 section 6).
func wantsLogin(reply string) bool {
	return reply == "530" || strings.HasPrefix(reply, "530 ") && !wantsTLS(reply)
}

// A Result is one test at one listener.
type Result struct {
	ID       string // R25, and R25.2 for its second form
	Listener string // 192.0.2.25:25
	Weight   pattern.Weight
	Login    bool   // it was asked after a login with a right password: no stranger can do that
	Said     string // the MAIL and RCPT commands; "" if nothing was said
	Verdict  Verdict
	Reply    string // the one that decided; "" if there was none
	Inside   bool
	Why      runbook.Text // why the verdict is what it is; may be empty
	Open     bool         // the question is open: it should have been answered, and was not
	Once     bool         // an odd address that was taken once, and refused when it was asked again
	Asked    int          // how often it was answered, each time in a connection of its own, if that was counted: answers differ from connection to connection
	Taken    int          // and how often it was taken
	Refusal  string       // the other answer, if both are above 0
	Cookie   string       // of the message that was sent
	Unsent   bool         // real messages are allowed, and this one was not sent: others would get it too, or it would be the second
}

// Test is the id of the test, of whose forms this may be one: R25 of R25.2.
func (r Result) Test() string {
	id, _, _ := strings.Cut(r.ID, ".")
	return id
}

// Fickle says whether it was taken in some connections and refused in others.
func (r Result) Fickle() bool { return r.Taken > 0 && r.Taken < r.Asked }

// Reason is why the verdict is what it is, with how often the mail was taken where that was counted.
func (r Result) Reason() runbook.Text {
	var often runbook.Text
	switch {
	case r.Fickle():
		often = runbook.Tf("taken in %d of %d connections, otherwise %s: one of several hosts, or an answer to what was said before", "%[2]d 回の接続のうち %[1]d 回で受理、ほかは %[3]s。複数ホストの一つか、直前のやりとりの影響", r.Taken, r.Asked, r.Refusal)
	case r.Asked > 1:
		often = runbook.Tf("the same in %d connections", "%d 回の接続で同じ", r.Asked)
	default:
		return r.Why
	}
	if r.Why.IsZero() {
		return often
	}
	return runbook.T(r.Why.EN+"; "+often.EN, r.Why.In("ja")+"。"+often.In("ja"))
}

// Line is the result in one line, for logs and tests: R01 refused 554 5.7.1 ...
func (r Result) Line() string {
	return strings.TrimRight(fmt.Sprintf("%s %s %s %s", r.ID, r.Verdict, r.Reply, r.Reason().EN), " ")
}
