package suspects

import (
	"context"
	"fmt"
	"strings"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/heard"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/signals"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Spoof says how the abused messages were handed in.
type Spoof struct {
	Verdict string `json:"verdict" expr:"verdict"` // login, named, both, none, unknown
	Login   int64  `json:"login" expr:"login"`     // messages of suspect accounts after a login
	Named   int64  `json:"named" expr:"named"`     // that name a suspect account without one
	Foreign int64  `json:"foreign" expr:"foreign"` // for outside, of foreign senders, without one
	HowTo   string `json:"how_to" expr:"how_to"`   // how the log that would tell is switched on; "" if it is on
}

// The verdicts: cause (a), cause (b), both, no suspect, cannot tell.
const (
	byLogin = "login"
	byName  = "named"
	both    = "both"
	none    = "none"
	unknown = "unknown"
)

// spoof tells messages that were sent after a login from those that only name an account.
func spoof(r *desk.Reading, v signals.Verdict) (Spoof, []runbook.Finding) {
	var s Spoof
	blind, named := int64(0), false
	for _, e := range v.Accounts {
		if a := r.Book.Accounts[e.Name]; a != nil && e.Level == signals.Suspect && isAccount(r, &e) {
			blind, named = blind+a.Blind, true
			s.Named += e.Named
			s.Login += max(0, e.Messages-e.Named-a.Blind)
		}
	}
	for _, e := range v.Sources {
		if src := r.Book.Sources[e.Place]; src != nil && src.Accounts.N() == 0 && e.Level == signals.Suspect && isSource(r, &e) {
			s.Foreign += src.Relayed
		}
	}
	if !r.Known.Logins || blind*10 > s.Login+s.Named || named && !r.Known.Accepts && s.Login+s.Named == 0 {
		return s.cannotTell(r)
	}
	switch {
	case s.Login+s.Named == 0:
		s.Verdict = none
	case s.Named*10 < s.Login:
		s.Verdict = byLogin
	case s.Login*10 < s.Named:
		s.Verdict = byName
	default:
		s.Verdict = both
	}
	if s.Verdict == none && s.Foreign == 0 && (r.Empty() || len(r.Missing()) > 0 || len(heard.Deaf(r)) > 0) {
		return s, nil // nothing can be said where no log tells, or of whom none names
	}
	return s, []runbook.Finding{s.finding()}
}

// cannotTell is the verdict where no log tells of logins, or of messages.
func (s Spoof) cannotTell(r *desk.Reading) (Spoof, []runbook.Finding) {
	s.Verdict, s.Login, s.Named = unknown, 0, 0
	why, missing := runbook.T("no log of logins covers this time.", "この期間のログインを記録したログがない。"), spool.EventLogin
	switch {
	case r.Known.Logins && !r.Known.Accepts:
		why, missing = runbook.T("no log of accepted messages covers this time.", "この期間の受理を記録したログがない。"), spool.EventAccept
	case r.Known.Logins:
		why = runbook.T("for too many of the messages no log tells.", "ログからは分からないメールが多すぎる。")
	}
	var en, ja []string
	for _, l := range r.Logs {
		if desk.Says(l, missing) && r.Barred(l) {
			en, ja = append(en, l.Name+": read as root"), append(ja, l.Name+" は root で読むこと")
		} else if desk.Says(l, missing) && !desk.Says(l, spool.EventRead) && l.State != spool.LogOn {
			en, ja = append(en, l.Name+": "+l.HowToEN), append(ja, l.Name+": "+l.HowToJA)
		}
	}
	s.HowTo = strings.Join(en, "; ")
	return s, []runbook.Finding{{Level: runbook.Warn, Text: runbook.T(
		strings.TrimSuffix("whether the mail was sent after a login cannot be told: "+why.EN+" "+s.HowTo, " "),
		"ログイン後に送られたかどうかは判断できない: "+why.JA+strings.Join(ja, "。"))}}
}

func (s Spoof) finding() runbook.Finding {
	f := runbook.Finding{Level: runbook.Bad}
	figures := []any{desk.Number(s.Login), desk.Number(s.Named)}
	switch s.Verdict {
	case byLogin:
		f.Text = runbook.Tf("the mail of the suspects was sent after a login (%s messages, %s without): stolen passwords, cause (a)",
			"疑わしいアカウントのメールはログイン後に送られている(%s 通、ログインなし %s 通): パスワードの盗用、原因 (a)", figures...)
	case byName:
		f.Text = runbook.Tf("the mail names the suspects without a login (%[2]s messages, %[1]s after one): cause (b)",
			"ログインなしで登録アカウントを名乗って送られている(%[2]s 通、ログインあり %[1]s 通): 原因 (b)", figures...)
	case both:
		f.Text = runbook.Tf("%s messages of the suspects were sent after a login, %s name them without: causes (a) and (b)",
			"疑わしいアカウントのメールは、ログイン後 %s 通、ログインなしの名乗り %s 通: 原因 (a) と (b) の両方", figures...)
	default:
		f.Level, f.Text = runbook.OK, runbook.T("no message of a suspect account was handed in", "疑わしいアカウントのメールは受け付けられていない")
	}
	if s.Foreign > 0 {
		f.Level = runbook.Bad
		f.Text.EN += fmt.Sprintf("; %s messages of foreign senders were relayed without a login: cause (c)", desk.Number(s.Foreign))
		f.Text.JA += fmt.Sprintf("。外部の差出人のメール %s 通がログインなしで中継されている: 原因 (c)", desk.Number(s.Foreign))
	}
	return f
}

// doubtful tells of mail that counts for no account: nobody knows whether it came after a login, or who sent it and to whom.
func doubtful(ctx context.Context, r *desk.Reading) []runbook.Finding {
	var found []runbook.Finding
	say := func(c ledger.Claims, en, ja string) {
		if c.N == 0 {
			return
		}
		f := runbook.Finding{Level: runbook.Info, Text: runbook.Tf(en, ja, desk.Number(c.N))}
		if all := r.Evidence(ctx, c.Refs); len(all) > 0 {
			f.Evidence = all[0].String()
		}
		found = append(found, f)
	}
	say(r.Book.Unjoined, "%s messages for outside: the logs do not show the end of their sessions; whether they came after a login is unknown, and they count for their addresses alone",
		"外部あて %s 通は、セッションの終わりがログで見つからず、ログイン後かどうか不明。接続元だけに数えた")
	say(r.Book.Unclear, "%s messages are ambiguous: a space in the HELO or in the sender may have shifted the columns of their lines; sender and recipients are unknown, and they count for nobody",
		"%s 通は、HELO か差出人の中の空白で行の列がずれている可能性がある。差出人と宛先は不明とし、だれにも数えていない")
	return found
}

// notVisible are the signals that the logs cannot show: for ever, or as they are switched now.
func notVisible(r *desk.Reading) ([]Unseen, []runbook.Finding) {
	all, found, same := []Unseen{}, []runbook.Finding(nil), map[string]int{}
	say := func(ids, en, ja string) {
		for _, id := range strings.Fields(ids) {
			all = append(all, Unseen{id, en})
		}
		if i, there := same[en]; there { // the same reason for another one
			found[i].Text = runbook.T(strings.Replace(found[i].Text.EN, ": "+en, " "+ids+": "+en, 1), strings.Replace(found[i].Text.JA, ": "+ja, " "+ids+": "+ja, 1))
			return
		}
		same[en] = len(found)
		found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(
			"not visible in these logs: "+ids+": "+en, "これらのログでは見えない: "+ids+": "+ja)})
	}
	for _, u := range r.Ability.Unseen() {
		say(u.Signal, u.EN, u.JA)
	}
	if !r.Some.Logins {
		say("D8 D10 D13", "no log of logins covers this time; accounts are taken from the senders", "この期間のログインのログがない。アカウントは差出人から推定している")
	}
	if !r.Some.Accepts {
		say("D2 D6 D9 D14", "no log of accepted messages covers this time; one message is counted for each session", "この期間の受理のログがない。通数は 1 接続 1 通として数えた")
	}
	if !r.Known.Deliveries {
		say("D7", "no log of deliveries covers this time", "この期間の配送のログがない")
	}
	if r.Some.Logins && !r.Known.Domains {
		say("D13", "the domains of this server are not known", "このサーバーのドメインが分からない")
	}
	if !r.Book.Known() {
		say("D6 D11 D12 D14", "there are fewer than 5 days of history; what is usual is not known", "履歴が 5 日分に満たず、普段の使い方が分からない")
	}
	say("D15", "stands in the queue, not in the logs: see spool scan", "ログではなくキューで分かる: spool scan を参照")
	return all, found
}
