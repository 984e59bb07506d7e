// Package finding tells in sentences what a relay test has shown of one listener: what its refusals are worth, from where it was asked, what was
// taken, and which questions are open, and why. It judges nothing: see package judge.
package finding

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/headline"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Listener tells of one address and port. catches says what the test with an id is for; evidence is the name of the transcript.
func Listener(l judge.Report, catches func(id string) runbook.Text, evidence string) []runbook.Finding {
	if l.Nothing {
		level := runbook.Info
		if l.Missed() {
			level = runbook.Warn
		}
		return []runbook.Finding{find(level, "%s: nothing listens there, or not for us", "%s: 接続できない (待ち受けなし、または遮断)", l.Listener())}
	}
	all := []runbook.Finding{control(l)}
	if l.Vantage.Inside {
		all = append(all, say(runbook.Warn, fmt.Sprintf("%s: asked from inside (%s): a refusal holds for us, strangers may be treated otherwise; ask from outside too", l.Listener(), l.Vantage.Why.EN),
			fmt.Sprintf("%s: 内側からの試験 (%s)。ここでの拒否が外部にも当てはまるとは限らない。外からも試験すること", l.Listener(), l.Vantage.Why.In("ja"))))
	}
	if l.Vantage.Seen.IsValid() {
		all = append(all, find(runbook.Info, "%s: the server sees us as %s", "%s: サーバからは %s に見える", l.Listener(), l.Vantage.Seen))
	}
	for i, x := range l.Results {
		same := func(y judge.Result) bool {
			return y.Test() == x.Test() && y.Verdict == x.Verdict && y.Reply == x.Reply && y.Unsent == x.Unsent && y.Reason() == x.Reason()
		}
		if x.Weight == pattern.Control || !x.Verdict.Hit() || slices.ContainsFunc(l.Results[:i], same) {
			continue
		}
		f := hit(x, forms(l, same), catches(x.ID))
		f.Evidence = evidence
		all = append(all, f)
	}
	if late := ids(l, func(x judge.Result) bool { return x.Verdict == judge.RefusedLate }); late != "" {
		all = append(all, find(runbook.Info, "%s: refused late, at DATA or after it: %s; tests that stop at RCPT call such a server open", "%s: DATA 以降で拒否: %s。RCPT までの試験ではこのサーバはオープンに見える", l.Listener(), late))
	}
	if soft := ids(l, func(x judge.Result) bool { return x.Verdict == judge.RefusedSoft }); soft != "" {
		all = append(all, find(runbook.Warn, "%s: refused for now only (454 4.7.1): %s; the sender tries again", "%s: 一時的な拒否のみ (454 4.7.1): %s。送信側は再送してくる", l.Listener(), soft))
	}
	refused, of := headline.Tests([]judge.Report{l})
	all = append(all, say(runbook.Info, fmt.Sprintf("%s: %d of %s refused, %s named", l.Listener(), refused, runbook.Count(int64(of), "test"), runbook.Count(int64(l.Rcpts), "recipient")),
		fmt.Sprintf("%s: %d 件中 %d 件を拒否、宛先 %d 件", l.Listener(), of, refused, l.Rcpts)))
	return append(all, open(l)...)
}

// control tells what the refusals of a listener are worth.
func control(l judge.Report) runbook.Finding {
	switch l.Control {
	case judge.ControlPassed:
		return find(runbook.OK, "%s: mail to an account of the server would be taken, so refusals count", "%s: 自ドメインあては受け付ける。拒否は意味を持つ", l.Listener())
	case judge.ControlLogin:
		return find(runbook.OK, "%s: nothing is taken without a login", "%s: 認証なしでは何も受け付けない", l.Listener())
	case judge.ControlUnknown:
		if slices.ContainsFunc(l.Results, func(x judge.Result) bool { return x.ID == "R05" && x.Verdict == judge.NotRun }) {
			return find(runbook.Warn, "%s: no account of the server is known (--account), so every \"refused\" proves nothing; with a domain of it (--domain) R05 and R07 would stand in for R06", "%s: サーバのアカウントが分からないため (--account)、「拒否」は何の証明にもならない。ドメインを示せば (--domain)、R05 と R07 で R06 を補える", l.Listener())
		}
		return find(runbook.Warn, "%s: no account of the server is known (--account), so every \"refused\" proves nothing; R05 and R07 stand in for R06", "%s: サーバのアカウントが分からないため (--account)、「拒否」は何の証明にもならない。R06 の代わりに R05 と R07 を見ること", l.Listener())
	}
	var x judge.Result
	for _, y := range l.Results {
		if x.ID == "" && y.Weight == pattern.Control && y.Verdict != judge.Passed && y.Verdict != judge.NotRun {
			x = y
		}
	}
	en, ja := x.ID+" "+cmp.Or(Short(x.Reply), x.Why.EN), x.ID+" "+cmp.Or(Short(x.Reply), x.Why.In("ja"))
	args := []any{l.Listener(), en, ja}
	switch l.Control {
	case judge.ControlDeferred:
		return find(runbook.Warn, "%[1]s: mail to the server's own address is put off (%[2]s), as greylisting does: ask again in 5 to 15 minutes (--retry-deferred); until then no \"refused\" proves anything", "%[1]s: 自ドメインあてが保留された (%[3]s)。グレイリスティングの可能性がある。5-15分後に再試験すること (--retry-deferred)。それまで「拒否」は証明にならない", args...)
	case judge.ControlSilent:
		return find(runbook.Warn, "%[1]s: whether mail to the server's own address is taken could not be found out (%[2]s), so no \"refused\" proves anything", "%[1]s: 自ドメインあてを受け付けるか確認できない (%[3]s) ため、「拒否」は証明にならない", args...)
	}
	if l.At.Port() == 465 || l.At.Port() == 587 {
		return find(runbook.Warn, "%[1]s: mail to the server's own address is refused too (%[2]s), so every \"refused\" proves nothing; a port for users may say so when it wants a login, which a test account (smtp.login) tells", "%[1]s: 自ドメインあてまで拒否された (%[3]s) ため、「拒否」は何の証明にもならない。認証を求めているだけの可能性もあり、試験用アカウント (smtp.login) があれば分かる", args...)
	}
	return find(runbook.Warn, "%[1]s: mail to the server's own address is refused too (%[2]s), so every \"refused\" proves nothing", "%[1]s: 自ドメインあてまで拒否された (%[3]s) ため、「拒否」は何の証明にもならない", args...)
}

// forms names the results that fit, each form of a test by itself.
func forms(l judge.Report, fits func(judge.Result) bool) string {
	var all []string
	for _, x := range l.Results {
		if fits(x) {
			all = append(all, x.ID)
		}
	}
	return strings.Join(all, ", ")
}

// hit tells of a test whose mail was taken, in the forms that are named, and what the test catches.
func hit(x judge.Result, forms string, c runbook.Text) runbook.Finding {
	level := runbook.Bad
	if x.Verdict == judge.WeakSuspect || x.Unsent || x.Weight == pattern.Weak && x.Verdict != judge.Proven {
		level = runbook.Warn
	}
	head := x.Listener + ": " + forms + " "
	f := say(level, head+string(x.Verdict)+": "+c.EN+"; "+Short(x.Reply), head+x.Verdict.Text().In("ja")+": "+c.In("ja")+"。"+Short(x.Reply))
	if why := x.Reason(); !why.IsZero() {
		f.Text.EN += " (" + why.EN + ")"
		f.Text.JA += " (" + why.In("ja") + ")"
	}
	return f
}

// open tells which questions are open, and why, one line for each reason.
func open(l judge.Report) []runbook.Finding {
	var all []runbook.Finding
	var told []string
	for _, x := range l.Results {
		key := x.Why.EN
		if x.Weight == pattern.Control && x.Verdict != judge.NotRun || x.Verdict.Hit() || x.Verdict.Closed() || slices.Contains(told, key) {
			continue
		}
		told = append(told, key)
		level := runbook.Info
		if x.Open {
			level = runbook.Warn
		}
		same := ids(l, func(y judge.Result) bool { return y.Why.EN == key && y.Verdict == x.Verdict })
		head := l.Listener() + ": " + same + " "
		all = append(all, say(level, head+string(x.Verdict)+": "+x.Why.EN, head+x.Verdict.Text().In("ja")+": "+x.Why.In("ja")))
	}
	return all
}

// ids are the ids of the tests with a result that fits, in short: R01, R03-R05.
func ids(l judge.Report, fits func(judge.Result) bool) string {
	var all []string
	for _, x := range l.Results {
		if id := x.Test(); fits(x) && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if len(all) > 6 {
		return fmt.Sprintf("%s ... (+%d)", strings.Join(all[:5], ", "), len(all)-5)
	}
	return strings.Join(all, ", ")
}

// maxReply bounds a reply in findings and facts, in bytes; the transcript has all of it.
const maxReply = 300

// Short cuts what a server has said to what a finding may hold.
func Short(s string) string {
	if len(s) > maxReply {
		return strings.ToValidUTF8(s[:maxReply], "") + "..."
	}
	return s
}

func find(level runbook.Level, en, ja string, args ...any) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.Tf(en, ja, args...)}
}

func say(level runbook.Level, en, ja string) runbook.Finding {
	return runbook.Finding{Level: level, Text: runbook.T(en, ja)}
}
