package denied

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
	NotTested = "not-tested" // no test account, or its login proves nothing
)

// compare enters what follows from what was asked from a denied address (or for a denied sender) and from elsewhere.
func (r *run) compare(res *Result, got, ref tries) {
	res.Reply, res.Relayed = got.in.String(), got.out.Outcome == call.Taken
	r.after(res, got, ref)
	switch {
	case got.out.Outcome == call.Taken:
		res.Result, res.Reply, res.Why = NotDenied, got.out.String(), runbook.T("mail to the outside is taken from there, without a login", "そこからの外部あてメールを、認証なしで受け付ける")
	case got.in.Outcome == call.Taken && r.Account == "":
		res.Result, res.Relayed, res.Why = NotDenied, true, runbook.T("mail to the outside is taken from there, without a login", "そこからの外部あてメールを、認証なしで受け付ける")
	case got.in.Outcome == call.Taken:
		res.Result, res.Why = NotDenied, runbook.T("mail to the server's accounts is taken from there as from anybody", "そこからのメールを、ほかと同じように受け付ける")
	case got.in.Outcome == call.Unknown:
		res.Result, res.Why = CannotTell, runbook.T("no answer from there that says anything: silence is no refusal", "判断できる応答がない。無応答は拒否の証明にならない")
	case res.Login == Taken:
		res.Result, res.Why = AfterLogin, runbook.T("refused without a login, taken after one: the login is looked at before the denial", "認証なしでは断られるが、ログインすると送れる。拒否より先に認証が評価されている")
	case got.in.Outcome == call.Refused && ref.in.Further(got.in):
		res.Result = Denied
	case got.in.Outcome == call.Refused && res.Login == Refused:
		res.Result = Denied
	case got.in.Outcome == call.Later:
		res.Result, res.Why = Otherwise, runbook.T("refused for now only (4xx): whoever sends tries again", "一時的な拒否 (4xx) のみ。送信側は再送してくる")
	case r.Account == "":
		res.Result, res.Why = CannotTell, runbook.T("no account of the server is known (--account), so that there is nothing to compare with", "サーバのアカウントが分からず (--account)、比較できない")
	case ref.in.Outcome == call.Refused || ref.in.Outcome == call.Later:
		res.Result, res.Why = Otherwise, runbook.T("the same is refused from elsewhere too, so that this proves no denial", "ほかのアドレスからも同じように断られるため、拒否の証明にならない")
	default:
		res.Result, res.Why = CannotTell, runbook.T("from elsewhere there is no answer to compare with", "比較に使う応答が、ほかのアドレスからも得られない")
	}
}

// after enters what came of a login from there.
func (r *run) after(res *Result, got, ref tries) {
	if got.in.Outcome == call.Refused && got.in.Early() && !ref.in.Early() {
		res.Login, res.code = CutOff, got.in.Reply.Code
		return
	}
	if r.login == nil {
		res.NoLogin = runbook.T("there is no test account (smtp.login)", "試験用アカウントがない (smtp.login)")
		return
	}
	res.LoginReply = got.login.String()
	switch {
	case got.login.Outcome == call.Taken:
		res.Login = Taken
	case got.login.No != "" || ref.login.No != "":
		why := cmp.Or(got.login.No, ref.login.No)
		res.NoLogin = runbook.T(why, map[string]string{call.NoAuth: "AUTH PLAIN も LOGIN も提供されていない", call.NoTLS: "TLS がなく、パスワードが平文で流れてしまう"}[why])
	case ref.login.Outcome != call.Taken && ref.login.At == judge.Auth:
		res.NoLogin = runbook.Tf("the test account cannot log in from elsewhere either: %s", "試験用アカウントは、ほかのアドレスからもログインできない: %s", ref.login.String())
	case ref.login.Outcome != call.Taken:
		res.NoLogin = runbook.Tf("after its login the test account is refused from elsewhere too: %s", "試験用アカウントは、ほかのアドレスからログインしても断られる: %s", ref.login.String())
	case got.login.Outcome == call.Refused:
		res.Login = Refused
	default:
		res.NoLogin = runbook.Tf("the answer after a login says nothing: %s", "ログイン後の応答から判断できない: %s", got.login.String())
	}
}

// lasting takes back a denial that may pass: whoever is cut off before he could log in may be locked out for a time, over a limit, or on a list. A
// 5yz reply is a refusal for good (RFC 5321 section 4.2.1); a mere hang-up is one only where the server's own file says so.
func (r *run) lasting(res *Result) {
	if res.Result != Denied || res.Login != CutOff {
		return
	}
	for _, f := range res.File {
		if f.Passing {
			res.undo(r.lockedOut(f.Until))
			return
		}
	}
	hangsUp := slices.ContainsFunc(res.File, func(f Decision) bool { return !f.Login && f.Refused && f.Reply == "" })
	if res.code < 500 && !hangsUp {
		res.undo(runbook.T("cut off before anybody could log in: by the denial, or by a ban or a limit that passes; which is not told apart", "ログインの手前で切断される。拒否によるものか、一時的な遮断や接続数の制限かは区別できない"))
	}
}

// lockedOut says until when, by the clock of this machine.
func (r *run) lockedOut(until string) runbook.Text {
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		return runbook.T("it is locked out for a time only: ask again when that has ended", "一時的な接続拒否の最中。解けてからもう一度試すこと")
	}
	now := r.Clock()
	form := "15:04 MST"
	if at = at.In(now.Location()); at.YearDay() != now.YearDay() || at.Year() != now.Year() {
		form = "2006-01-02 15:04 MST"
	}
	return runbook.Tf("locked out until %s; ask again after that", "%s まで一時的な接続拒否の最中。その後にもう一度試すこと", at.Format(form))
}

func (res *Result) undo(why runbook.Text) {
	res.Result, res.Login, res.Why = CannotTell, NotTested, why
}
