// Package headline says in one line what a relay test has shown of all listeners together, and counts its tests. It judges nothing: see package
// judge.
package headline

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/runbook"
)

// Of says in a line what all listeners together have shown, and no more than that.
func Of(reports []judge.Report) runbook.Text {
	t := count(judge.Counted(reports))
	switch judge.Overall(reports) {
	case judge.OpenRelay:
		if !t.relayed {
			return runbook.Tf("mail of one account was relayed in the name of another, after a login (%s); bind senders to logins", "ログイン後、別アカウント名義のメールを実際に中継した (%s)。差出人をログインに結び付けること", t.proven)
		}
		return runbook.Tf("OPEN RELAY: mail of strangers was relayed (%s); close it now", "オープンリレー: 第三者のメールを実際に中継した (%s)。ただちに塞ぐこと", t.proven)
	case judge.Doubtful:
		return t.suspect()
	case judge.Safe:
		if t.login {
			return t.with("no relay found: asked from outside, nothing is taken without a login; %[1]d of %[2]d tests were refused", "中継は見つからない: 外からの試験で、認証なしでは何も受け付けない。%[2]d 件中 %[1]d 件を拒否")
		}
		return t.with("no relay found: asked from outside, %[1]d of %[2]d tests were refused, and the controls passed", "中継は見つからない: 外からの試験で %[2]d 件中 %[1]d 件を拒否し、対照試験も通った")
	}
	return t.undetermined()
}

// Weak says whether something was taken, and no plain mail of a stranger.
func Weak(reports []judge.Report) bool {
	return judge.Overall(reports) == judge.Doubtful && len(count(judge.Counted(reports)).strong) == 0
}

// SoFar says in a line what is known of a test that was cut short.
func SoFar(reports []judge.Report) runbook.Text {
	switch judge.Overall(reports) {
	case judge.OpenRelay, judge.Doubtful:
		return Of(reports)
	}
	return count(judge.Counted(reports)).with("%[1]d of %[2]d tests were refused, none was taken", "%[2]d 件中 %[1]d 件を拒否、受理はなし")
}

// A tally counts tests by their ids over all listeners: what one of them took is not refused.
type tally struct {
	all, refused         int
	notRun, open, unsent list
	proven, strong, weak list
	once                 bool              // every weak hit is one that was refused when it was asked again
	steady               bool              // a strong hit was taken whenever it was asked
	strange, relayed     bool              // a strong hit needed no login, and a proven one
	sent                 bool              // real messages were allowed
	times                map[string][2]int // of strong hits that were taken in some connections only, by id: in how many, of how many
	here, gone           bool              // of the messages of strong hits: what became of some may still be seen, or was not asked; some have not arrived
	login                bool              // every listener wants a login of everybody
	missed               list              // listeners
	doubt                judge.Doubt       // the largest
}

// A list of names, in short as text: R01, R12, R31, R32, R33 ... (+3).
type list []string

func (l list) String() string {
	if len(l) > 6 {
		return fmt.Sprintf("%s ... (+%d)", strings.Join(l[:5], ", "), len(l)-5)
	}
	return strings.Join(l, ", ")
}

func count(reports []judge.Report) tally {
	t := tally{once: true, login: true, times: map[string][2]int{}}
	var ids list
	most := map[string]int{} // of an id, as an index of the lists below
	for _, r := range reports {
		if r.Missed() {
			t.missed = append(t.missed, r.Listener())
			continue
		}
		t.login = t.login && r.Control == judge.ControlLogin
		if r.State() == judge.Undetermined {
			t.doubt = max(t.doubt, r.Doubt())
		}
		for _, x := range r.Results {
			t.sent = t.sent || x.Cookie != "" || x.Unsent
			if x.Weight == pattern.Control {
				continue
			}
			id := x.Test()
			if _, known := most[id]; !known {
				ids = append(ids, id)
			}
			most[id] = max(most[id], t.place(r, x))
		}
	}
	slices.Sort(ids)
	var refused list
	for _, id := range ids {
		at := []*list{&t.notRun, &refused, &t.open, &t.unsent, &t.weak, &t.strong, &t.proven}[most[id]]
		*at = append(*at, id)
	}
	t.all, t.refused = len(ids), len(refused)
	return t
}

// Tests says how many of how many tests were refused by all listeners that were asked, in all of their forms.
func Tests(reports []judge.Report) (refused, of int) {
	t := count(judge.Counted(reports))
	return t.refused, t.all
}

// often names strong hits with how often they were taken, as format says it of an id and two numbers.
func (t tally) often(format string) list {
	var all list
	for _, id := range t.strong {
		all = append(all, fmt.Sprintf(format, id, t.times[id][0], t.times[id][1]))
	}
	return all
}

// place says in which list the test of a result belongs.
func (t *tally) place(r judge.Report, x judge.Result) int {
	switch {
	case x.Verdict == judge.Proven:
		t.relayed = t.relayed || !x.Login
		return 6
	case r.Unsent(x):
		return 3
	case x.Verdict.Hit() && (x.Weight == pattern.Weak || x.Verdict == judge.WeakSuspect):
		t.once = t.once && x.Verdict == judge.WeakSuspect && x.Once
		return 4
	case x.Verdict.Hit():
		t.strange = t.strange || !x.Login
		gone := x.Verdict == judge.NotSeen || x.Verdict == judge.Backscatter
		t.gone, t.here = t.gone || gone, t.here || !gone && !x.Unsent
		t.steady = t.steady || !x.Fickle()
		n := t.times[x.Test()]
		t.times[x.Test()] = [2]int{n[0] + x.Taken, n[1] + x.Asked}
		return 5
	case x.Open || x.Verdict != judge.NotRun && !x.Verdict.Closed():
		return 2
	case x.Verdict.Closed():
		return 1
	}
	return 0
}

// suspect is the line for something that was taken.
func (t tally) suspect() runbook.Text {
	switch {
	case len(t.strong) > 0 && !t.strange:
		return runbook.Tf("SUSPECT: after a login mail in the name of another account would be taken (%s); bind senders to logins", "疑いあり: ログイン後、別アカウント名義のメールを受け付ける (%s)。差出人をログインに結び付けること", t.strong)
	case t.gone && !t.here:
		return runbook.Tf("SUSPECT: mail of strangers was taken (%s), and has not arrived itself", "疑いあり: 第三者のメールを受け付けた (%s)。試験メール自体は届いていない", t.strong)
	case len(t.strong) > 0 && !t.steady:
		return runbook.T(fmt.Sprintf("SUSPECT: mail of strangers was taken in some connections and refused in others (%s): one of several hosts behind the address may be open; test each by its own address", t.often("%s: %d of %d")),
			fmt.Sprintf("疑いあり: 第三者のメールを受け付ける接続と拒否する接続がある (%s)。同じアドレスの背後の複数ホストのうち、一部が開いている可能性がある。各ホストを個別のアドレスで試験すること", t.often("%s: %[3]d 回中 %[2]d 回")))
	case len(t.strong) > 0:
		p := t.proof("SUSPECT: mail of strangers would be taken (%s)", "疑いあり: 第三者のメールを受け付ける (%s)", t.strong)
		return runbook.T(p.EN+"; until then treat it as open", p.JA+"。それまでは開いているとみなすこと")
	case t.once:
		return t.proof("WEAK suspect: odd addresses were taken once, and refused when asked again (%s)", "弱い疑い: 変則的な宛先を一度受理し、再試験では拒否した (%s)", t.weak)
	}
	return t.proof("WEAK suspect: odd addresses were taken, perhaps as local names (%s)", "弱い疑い: 変則的な宛先を受け付けた (%s)。ローカル名とみなしただけかもしれない", t.weak)
}

// proof is a line about hits, and says how they are proven.
func (t tally) proof(en, ja string, hits list) runbook.Text {
	en, ja = en+"; only delivery proves a relay", ja+"。中継の証明は実際の配送による"
	if !t.sent {
		en, ja = en+" (--deliver)", ja+" (--deliver)"
	}
	return runbook.Tf(en, ja, hits)
}

// undetermined is the line for nothing taken, and too little known.
func (t tally) undetermined() runbook.Text {
	switch {
	case len(t.missed) > 0 && t.refused == 0:
		return runbook.Tf("undetermined: no connection to %s, and nothing was refused", "判定できない: %s に接続できず、拒否された試験もない", t.missed)
	case len(t.missed) > 0:
		return t.with("undetermined: no connection to %[3]s; elsewhere %[1]d of %[2]d tests were refused", "判定できない: %[3]s に接続できない。ほかでは %[2]d 件中 %[1]d 件を拒否", t.missed)
	case t.doubt == judge.DoubtDeferred && t.refused == 0:
		return runbook.T("undetermined: put off, as greylisting does: ask again in 5 to 15 minutes (--retry-deferred)", "判定できない: 保留された (グレイリスティングなど)。5-15分後に再試験すること (--retry-deferred)")
	case t.refused == 0:
		return runbook.T("undetermined: no test got an answer that counts", "判定できない: 意味のある応答を得た試験がない")
	case t.doubt == judge.DoubtInside && t.login:
		return t.with("undetermined: asked from inside, nothing is taken without a login (%[1]d of %[2]d tests refused); strangers may be treated otherwise: ask from outside", "判定できない: 内側からの試験。認証なしでは何も受け付けない (%[2]d 件中 %[1]d 件を拒否) が、外部への扱いは分からない。外から試験すること")
	}
	words := map[judge.Doubt][2]string{
		judge.DoubtInside:   {"undetermined: asked from inside, %[1]d of %[2]d tests were refused; strangers may be treated otherwise: ask from outside", "判定できない: 内側からの試験で %[2]d 件中 %[1]d 件を拒否。外部への扱いは分からない。外から試験すること"},
		judge.DoubtUnsent:   {"undetermined: %[1]d of %[2]d tests were refused, and %[3]s taken at RCPT and not sent", "判定できない: %[2]d 件中 %[1]d 件を拒否。%[3]s は RCPT で受理され、本文は送っていない"},
		judge.DoubtNoSender: {"undetermined: %[1]d of %[2]d tests were refused, and none was made with an account as sender (R06, --account)", "判定できない: %[2]d 件中 %[1]d 件を拒否。実在するアカウントを差出人とする試験 (R06、--account) をしていない"},
		judge.DoubtOpen:     {"undetermined: %[1]d of %[2]d tests were refused; without an answer that counts: %[4]s", "判定できない: %[2]d 件中 %[1]d 件を拒否。意味のある応答がない: %[4]s"},
		judge.DoubtNothing:  {"undetermined: %[1]d of %[2]d tests were refused, and none of them by one of the listeners", "判定できない: %[2]d 件中 %[1]d 件を拒否。一つも拒否しないリスナーがある"},
		judge.DoubtUnknown:  {"undetermined: %[1]d of %[2]d tests were refused, which without a known account (--account) proves nothing", "判定できない: %[2]d 件中 %[1]d 件を拒否。アカウントが分からないため (--account) 証明にならない"},
		judge.DoubtSilent:   {"undetermined: %[1]d of %[2]d tests were refused, and the controls have no answer: that proves nothing", "判定できない: %[2]d 件中 %[1]d 件を拒否。対照試験に応答がないため証明にならない"},
		judge.DoubtFailed:   {"undetermined: %[1]d of %[2]d tests were refused, and so was mail for the server itself: that proves nothing", "判定できない: %[2]d 件中 %[1]d 件を拒否。自ドメインあても拒否されたため証明にならない"},
		judge.DoubtDeferred: {"undetermined: %[1]d of %[2]d tests were refused, and mail for the server itself put off, as greylisting does: ask again in 5 to 15 minutes (--retry-deferred)", "判定できない: %[2]d 件中 %[1]d 件を拒否。自ドメインあてが保留された (グレイリスティングなど)。5-15分後に再試験すること (--retry-deferred)"},
	}[t.doubt]
	return t.with(words[0], words[1], t.unsent, t.open)
}

// with fills in how many were refused as %[1]d, of how many as %[2]d, and what else is given, and adds what was not run.
func (t tally) with(en, ja string, more ...any) runbook.Text {
	text := runbook.Tf(en, ja, append([]any{t.refused, t.all}, more...)...)
	if len(t.notRun) > 0 {
		text.EN += "; not run: " + t.notRun.String()
		text.JA += "。未実施: " + t.notRun.String()
	}
	return text
}
