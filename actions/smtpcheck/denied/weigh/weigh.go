// Package weigh says what follows from what a mail server has answered to a denied address, or to a denied sender, and to another one.
//
// A refusal alone proves nothing. A denial is one where the control gets further than what was denied: mail to an account of the server, and
// after a login mail to the outside. Whoever is cut off before he could log in may be locked out for a time, over a limit or on a list: a 5yz
// reply is a refusal for good (RFC 5321 section 4.2.1), but only the control says that it is not for everybody, and only the server's own files
// that it is for the denial.
package weigh

import (
	"cmp"
	"slices"
	"time"

	"hikeshi/actions/smtpcheck/denied/call"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// The results, from good to bad, and where nothing can be said.
const (
	Denied     = "denied"
	CannotTell = "cannot-tell"
	Otherwise  = "refused-otherwise" // everything is refused from there, and from elsewhere too: not for the denial
	AfterLogin = "denied-not-after-login"
	NotDenied  = "not-denied"
)

// What came of a login.
const (
	Refused   = "refused"    // refused, where a login from elsewhere gets through
	CutOff    = "cut-off"    // refused before anybody could log in
	Taken     = "taken"      // the login walks around the denial
	Deferred  = "deferred"   // of mail with the null sender: put off
	NotTested = "not-tested" // no test account, or its login proves nothing
)

// Rank orders results from good to bad.
func Rank(result string) int {
	return slices.Index([]string{Denied, CannotTell, Otherwise, AfterLogin, NotDenied}, result)
}

// A Decision is what the server would do by its own files. It proves nothing of the server.
type Decision struct {
	Peer    string `json:"peer" expr:"peer"`   // that was asked for
	Login   bool   `json:"login" expr:"login"` // after a login
	Refused bool   `json:"refused" expr:"refused"`
	Passing bool   `json:"passing" expr:"passing"` // for a time only; what follows it counts then
	Until   string `json:"until" expr:"until"`     // when that time is over, RFC 3339; "" if it is not known
	Result  string `json:"result" expr:"result"`   // in the server's own words
	File    string `json:"file" expr:"file"`
	Line    int    `json:"line" expr:"line"` // 1-based; 0: no line decides
	Text    string `json:"text" expr:"text"`
	Reply   string `json:"reply" expr:"reply"` // what it would answer; "" if it would hang up
}

// Tries are what was asked from one address.
type Tries struct {
	In    call.Try // a stranger's mail to an account
	Out   call.Try // an account's mail to the outside, without a login
	Login call.Try // and after one

	Null, NullOut call.Try // mail with the null sender to an account, and to the outside
	Own           call.Try // an account's mail to itself
}

// A Case is one denied source at one listener.
type Case struct {
	Got, Ref Tries      // from there, or from that sender; and the control
	Again    call.Try   // Ref.In once more, after Got was cut off; counts only then
	Sender   bool       // a sender was denied, not an address
	Account  bool       // an account of the server is known, so that In can be compared
	Tested   bool       // there is a test account
	File     []Decision // of the server that was asked; empty if they are not known
	Now      time.Time  // until when is told by its clock
}

// A Verdict is what follows.
type Verdict struct {
	Result, Login     string // of the words above
	Null              string // what came of mail with the null sender to an account: taken, refused, deferred, not-tested
	Relayed           bool   // mail to the outside was taken without a login
	Reply, LoginReply string // the answers that it rests on
	Why, NoLogin      runbook.Text
}

// CutOff says that what was denied is refused before anybody could log in, and the control is not.
func (c Case) CutOff() bool {
	return c.Got.In.Outcome == call.Refused && c.Got.In.Early() && !c.Ref.In.Early()
}

// Weigh says what follows.
func (c Case) Weigh() Verdict {
	v := Verdict{Login: NotTested, Null: c.null(), Reply: c.Got.In.String(), Relayed: c.Got.Out.Outcome == call.Taken}
	c.login(&v)
	c.compare(&v)
	if v.Result == Denied && v.Login == CutOff {
		c.lasting(&v)
	}
	return v
}

// compare enters what follows from what was asked without a login.
func (c Case) compare(v *Verdict) {
	in, ref := c.Got.In, c.Ref.In
	switch {
	case c.Got.Out.Outcome == call.Taken:
		v.Result, v.Reply, v.Why = NotDenied, c.Got.Out.String(), runbook.T("mail to the outside is taken from there, without a login", "そこからの外部あてメールを、認証なしで受け付ける")
	case in.Outcome == call.Taken && !c.Account:
		v.Result, v.Relayed, v.Why = NotDenied, true, runbook.T("mail to the outside is taken from there, without a login", "そこからの外部あてメールを、認証なしで受け付ける")
	case in.Outcome == call.Taken:
		v.Result, v.Why = NotDenied, runbook.T("mail to the server's accounts is taken from there as from anybody", "そこからのメールを、ほかと同じように受け付ける")
	case c.Got.NullOut.Outcome == call.Taken:
		v.Result, v.Relayed, v.Reply, v.Why = NotDenied, true, c.Got.NullOut.String(), runbook.T("with the null sender mail to the outside is taken from there, without a login", "空の差出人なら、そこからの外部あてメールを、認証なしで受け付ける")
	case c.Got.Own.Outcome == call.Taken:
		v.Result, v.Reply, v.Why = NotDenied, c.Got.Own.String(), runbook.T("mail in the name of an own account is taken from there, without a login", "自アカウント名義のメールを、そこから認証なしで受け付ける")
	case in.Outcome == call.Unknown:
		v.Result, v.Why = CannotTell, runbook.T("no answer from there that says anything: silence is no refusal", "判断できる応答がない。無応答は拒否の証明にならない")
	case v.Login == Taken:
		v.Result, v.Why = AfterLogin, runbook.T("refused without a login, taken after one: the login is looked at before the denial", "認証なしでは断られるが、ログインすると送れる。拒否より先に認証が評価されている")
	case in.Outcome == call.Refused && (ref.Further(in) || v.Login == Refused):
		v.Result = Denied
	case in.Outcome == call.Later:
		v.Result, v.Why = Otherwise, runbook.T("refused for now only (4xx): whoever sends tries again", "一時的な拒否 (4xx) のみ。送信側は再送してくる")
	case !c.Account:
		v.Result, v.Why = CannotTell, runbook.T("no account of the server is known (--account), so that there is nothing to compare with", "サーバのアカウントが分からず (--account)、比較できない")
	case ref.Outcome == call.Refused || ref.Outcome == call.Later:
		v.Result, v.Why = Otherwise, runbook.T("the same is refused from elsewhere too, so that this proves no denial", "ほかのアドレスからも同じように断られるため、拒否の証明にならない")
	default:
		v.Result, v.Why = CannotTell, runbook.T("from elsewhere there is no answer to compare with", "比較に使う応答が、ほかのアドレスからも得られない")
	}
}

// null says what came of mail with the null sender.
func (c Case) null() string {
	switch c.Got.Null.Outcome {
	case call.Taken:
		return Taken
	case call.Refused:
		return Refused
	case call.Later:
		return Deferred
	}
	return NotTested
}

// login enters what came of a login.
func (c Case) login(v *Verdict) {
	got, ref := c.Got.Login, c.Ref.Login
	switch {
	case c.CutOff():
		v.Login = CutOff
		return
	case !c.Tested:
		v.NoLogin = runbook.T("there is no test account (smtp.login)", "試験用アカウントがない (smtp.login)")
		return
	}
	v.LoginReply = got.String()
	switch {
	case got.Outcome == call.Taken:
		v.Login = Taken
	case got.No != "" || ref.No != "":
		why := cmp.Or(got.No, ref.No)
		v.NoLogin = runbook.T(why, map[string]string{call.NoAuth: "AUTH PLAIN も LOGIN も提供されていない", call.NoTLS: "TLS がなく、パスワードが平文で流れてしまう"}[why])
	case ref.Outcome != call.Taken && ref.At == judge.Auth:
		v.NoLogin = runbook.Tf("the test account cannot log in from elsewhere either: %s", "試験用アカウントは、ほかのアドレスからもログインできない: %s", ref.String())
	case ref.Outcome != call.Taken:
		v.NoLogin = runbook.Tf("after its login the test account is refused from elsewhere too: %s", "試験用アカウントは、ほかのアドレスからログインしても断られる: %s", ref.String())
	case got.Outcome == call.Refused:
		v.Login = Refused
	default:
		v.NoLogin = runbook.Tf("the answer after a login says nothing: %s", "ログイン後の応答から判断できない: %s", got.String())
	}
}
