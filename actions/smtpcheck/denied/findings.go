package denied

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
)

var levels = map[string]runbook.Level{Denied: runbook.OK, CannotTell: runbook.Warn, Otherwise: runbook.Warn, AfterLogin: runbook.Bad, NotDenied: runbook.Bad}

func finding(level runbook.Level, en, ja string, args ...any) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.Tf(en, ja, args...)}
}

func say(level runbook.Level, en, ja string) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.T(en, ja)}
}

// Findings tells what was seen: the whole first, then each source.
func (r Report) Findings() []runbook.Finding {
	var all []runbook.Finding
	if !r.Nothing.IsZero() {
		all = append(all, say(runbook.Warn, "nothing was asked: "+r.Nothing.EN, "試していない: "+r.Nothing.In("ja")))
	} else if len(r.Open) == 0 {
		all = append(all, finding(runbook.Warn, "nothing listens at %s, so that nothing is verified", "%s に接続できず、確認できない", strings.Join(r.Closed, ", ")))
	}
	if len(all) > 0 {
		for _, x := range r.Results {
			all = append(all, x.filed()...)
		}
		return all
	}
	if len(r.Results) == 0 {
		return []runbook.Finding{say(runbook.Info, "no source was named: there is no denial to verify", "送信元の指定がないため、確かめる拒否はない")}
	}
	all = append(all, r.whole())
	for _, x := range r.Results {
		if !x.Besides {
			all = append(all, x.findings()...)
		}
	}
	for _, a := range r.Asks() {
		all = append(all, say(runbook.Info, fmt.Sprintf("ask from %s: %s", a.Denied, a.Lines[0].Text), fmt.Sprintf("%s から試す: %s", a.Denied, a.Lines[0].Text)),
			say(runbook.Info, "expected: "+a.Expect.EN, "期待する応答: "+a.Expect.In("ja")))
	}
	return all
}

// whole is the finding about everything.
func (r Report) whole() runbook.Finding {
	f := r.Facts()
	var out runbook.Finding
	switch {
	case len(f.Open) > 0:
		out = r.opened(f.Open)
	case len(f.Untold) > 0:
		out = finding(runbook.Warn, "not proved to be denied: %s", "拒否を実証できていない: %s", strings.Join(f.Untold, ", "))
	case !f.Proven:
		en, ja := r.asked()
		out = say(runbook.Warn, "every source is refused without a login ("+en+"); whether a login walks around it was not tested", "どの送信元も認証なしでは断られる ("+ja+")。ログインすれば送れるかどうかは試していない")
	default:
		en, ja := r.asked()
		out = say(runbook.OK, "every source is refused, and a login does not help ("+en+")", "どの送信元も断られ、ログインしても送れない ("+ja+")")
	}
	out.Evidence = transcript
	return out
}

// asked names the senders in whose name was asked.
func (r Report) asked() (en, ja string) {
	addresses := slices.ContainsFunc(r.Results, func(x Result) bool { return x.Result == Denied && x.Null != NotTested })
	switch {
	case slices.ContainsFunc(r.Results, func(x Result) bool { return x.Result == Denied && x.Login == CutOff }) && !addresses:
		return "turned away before any sender is named", "差出人を名乗る前に断られる"
	case addresses:
		return "asked as a stranger, with the null sender, and as an own account", "外部の差出人、空の差出人、自アカウントの名義で試験"
	case r.Account == "":
		return "asked as a stranger and with the null sender, not as an own account", "外部の差出人と空の差出人で試験。自アカウントの名義では試していない"
	}
	return "asked with one sender of each domain", "ドメインごとに差出人1つで試験"
}

// opened tells who gets in at once from who needs a login for it.
func (r Report) opened(open []string) runbook.Finding {
	var at, after []string
	for _, text := range open {
		if slices.ContainsFunc(r.Results, func(x Result) bool { return x.Denied == text && x.Result == NotDenied && !x.Besides }) {
			at = append(at, text)
		} else {
			after = append(after, text)
		}
	}
	var en, ja []string
	if len(at) > 0 {
		en, ja = append(en, "NOT denied: "+strings.Join(at, ", ")), append(ja, "拒否されていない: "+strings.Join(at, ", "))
	}
	if len(after) > 0 {
		en, ja = append(en, "denied, but NOT after a login: "+strings.Join(after, ", ")), append(ja, "拒否されるが、ログインすれば送れる: "+strings.Join(after, ", "))
	}
	return say(runbook.Bad, strings.Join(en, "; "), strings.Join(ja, "。"))
}

// findings tell of one source at one listener.
func (x Result) findings() []runbook.Finding {
	head, headJA := fmt.Sprintf("%s at %s: %s", x.Denied, x.Listener, x.Result), fmt.Sprintf("%s → %s: %s", x.Denied, x.Listener, words[x.Result])
	headJA = strings.ReplaceAll(headJA, "→", "->")
	level := levels[x.Result]
	if x.Result == Denied && x.Login == NotTested {
		level = runbook.Warn
	}
	if !x.Why.IsZero() {
		head, headJA = head+": "+x.Why.EN, headJA+"。"+x.Why.In("ja")
	}
	switch {
	case x.Result == AfterLogin:
		head, headJA = head+"; "+x.LoginReply, headJA+"。"+x.LoginReply
	case x.Reply != "":
		head, headJA = head+"; "+x.Reply, headJA+"。"+x.Reply
	}
	if x.From != "" && x.Result == Denied {
		head, headJA = head+fmt.Sprintf(" (asked from %s; elsewhere: %s)", x.From, x.Reference), headJA+fmt.Sprintf(" (%s から試験。ほかのアドレスでは: %s)", x.From, x.Reference)
	}
	f := say(level, head, headJA)
	f.Evidence = transcript
	all := []runbook.Finding{f}
	switch {
	case x.Result != Denied:
	case x.Login == Refused:
		all = append(all, say(runbook.OK, "after a login too: "+x.LoginReply, "ログイン後も断られる: "+x.LoginReply))
	case x.Login == CutOff:
		all = append(all, say(runbook.OK, "nobody gets so far from there that he could log in", "そこからはログインの手前で切断される"))
	case !x.NoLogin.IsZero():
		all = append(all, say(runbook.Warn, "after a login: not tested, "+x.NoLogin.EN, "ログイン後: 試していない。"+x.NoLogin.In("ja")))
	}
	if x.Result == Denied && x.Null == Taken {
		all = append(all, say(runbook.Warn, fmt.Sprintf("%s: with the null sender mail to own accounts is still taken, as bounces are; nothing to the outside", x.Denied),
			fmt.Sprintf("%s: 空の差出人 (バウンス) の自アカウントあてだけは受け付ける。外部あては断る", x.Denied)))
	}
	return append(all, x.filed()...)
}

// words are the results in Japanese.
var words = map[string]string{Denied: "拒否される", CannotTell: "判断できない", Otherwise: "拒否以外の理由で断られる", AfterLogin: "拒否されるが、ログインすると送れる", NotDenied: "拒否されていない"}

// filed tells what the server's own files decide, where it is not what the server does, or the only thing that is known.
func (x Result) filed() []runbook.Finding {
	var all []runbook.Finding
	for _, f := range x.File {
		if f.Login && slices.ContainsFunc(x.File, func(y Decision) bool {
			return !y.Login && y.Refused == f.Refused && y.File == f.File && y.Line == f.Line
		}) {
			continue // the same as without
		}
		level, en, ja := runbook.Info, "the file lets it in", "ファイル上は受け付ける"
		if f.Refused {
			en, ja = "the file refuses it", "ファイル上は拒否"
		}
		if f.Passing {
			en, ja = "it is locked out for a time only, and what the server is asked does not reach the denial meanwhile", "一時的な接続拒否の最中で、拒否そのものは試せていない"
		}
		switch did := x.Result == NotDenied || x.Result == AfterLogin && f.Login; {
		case f.Refused && did:
			level, en, ja = runbook.Bad, "the file refuses it, and the server does not: it may read another file, or none", "ファイル上は拒否なのに、サーバは受け付けた。別のファイルを読んでいる可能性がある"
		case !f.Refused && x.Result == CannotTell:
			level = runbook.Bad
		}
		with, withJA := "", ""
		if f.Login {
			with, withJA = " after a login", " (ログイン後)"
		}
		out := say(level, fmt.Sprintf("%s: %s%s: %s %s", x.Denied, en, with, f.Result, f.Text), fmt.Sprintf("%s: %s%s: %s %s", x.Denied, ja, withJA, f.Result, f.Text))
		out.Evidence = f.File
		if f.Line > 0 {
			out.Evidence = fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		all = append(all, out)
	}
	return all
}
