package release

import (
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool/aside/pick"
)

// outcome is what a plan has chosen, on its way to the responder.
type outcome struct {
	p    releaseParams
	c    pick.Criteria
	rel  pick.Release
	pace pace
	base string
	out  runbook.Outcome
}

func (o outcome) outcome() (runbook.Outcome, error) {
	o.early()
	o.kept()
	o.rest()
	o.out.Facts = o.facts()
	if o.rel.Messages == 0 {
		return o.out, nil
	}
	data, v := o.pace.data(o.rel.Transfer)
	c, err := runbook.NewChange("queue.release", "release", o.base, data)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c.V = v
	if o.p.PastGate != "" || len(o.p.Suspects) > 0 {
		c.Risk = runbook.Reopening
	}
	c.Describe(o.words())
	o.out.Changes = []runbook.Change{c}
	return o.out, nil
}

func (o *outcome) facts() Facts {
	f := Facts{Messages: o.rel.Messages, Files: o.rel.Transfer.Files(), Left: o.rel.Left}
	for _, l := range o.rel.Out {
		f.LeftOut += l.Messages
	}
	return f
}

func (o *outcome) find(l runbook.Level, evidence string, text runbook.Text) {
	o.out.Findings = append(o.out.Findings, runbook.Finding{Level: l, Text: text, Evidence: evidence})
}

// reasons are how a reason is told, in the order of pick.Reason.
var reasons = [...]struct {
	why    pick.Reason
	level  runbook.Level
	en, ja string
}{
	{pick.BySender, runbook.Info, "excluded by sender", "差出人により除外"},
	{pick.ByClient, runbook.Info, "excluded by client", "接続元により除外"},
	{pick.ByTime, runbook.Info, "excluded by the time of arrival", "到着時刻により除外"},
	{pick.Unreadable, runbook.Warn, "what must be known of them cannot be read (envelope, client or time)", "判断に必要な情報 (宛先ファイル、接続元、時刻) が読めない"},
	{pick.Bounced, runbook.Info, "null sender or error mail to outside: never released as clean", "外部あての差出人空メールまたはエラーメール。clean では戻さない"},
	{pick.OfAnother, runbook.Info, "forwards, list mail or replies made from a message that does not go out", "外部へ出さないメールから作られた転送、メーリングリスト、自動応答"},
	{pick.Unknown, runbook.Warn, "forwards, list mail or replies whose original is not here, so that nobody can tell who sent it; naming the clients (except_clients) settles it", "元のメールがここになく差出人を確かめられない転送、メーリングリスト、自動応答。接続元 (except_clients) を指定すれば判断できる"},
	{pick.TooOld, runbook.Info, "arrived more than 24 hours ago and would bounce at once; name them (ids) to release them", "到着から 24 時間を超え、すぐエラーで返るおそれ。戻すなら ids で名指しする"},
	{pick.ForOwn, runbook.Info, "for own domains only; own_domains releases them", "自社あてのみ。own_domains で戻す"},
}

// early warns of mail that goes back while an incident stands at a shut gate, and of mail of those whom incidents have named.
func (o *outcome) early() {
	if n := len(o.p.Suspects); n > 0 && o.rel.Messages > 0 {
		some := strings.Join(o.p.Suspects[:min(n, 5)], ", ")
		o.find(runbook.Warn, "", runbook.Tf("named as abused and not excluded: %s (%d in all): their mail goes back too, if it is among this. --clean leaves it out, and so do --except-sender and --except-client",
			"悪用されたと名指しされ、除外されていないもの: %s (全 %d 件)。そのメールも含まれていれば戻る。--clean、または --except-sender と --except-client で除外できる", some, n))
	}
	if o.p.PastGate != "" && o.rel.Messages > 0 {
		o.find(runbook.Warn, "", runbook.Tf("a gate is shut: %s: what let the spam in is not known to be closed, and mail to outside that goes back now leaves with the spam among it. `hikeshi resume` of that incident opens the gate; mail for own domains (--own-domains) and one message (--id) may go before",
			"関門が閉じたままの事案がある: %s。侵入の経路がふさがったか確かめられていないため、いま外部あてのメールを戻すと、紛れた迷惑メールも出ていく。関門はその事案の `hikeshi resume` で開く。自社あて(--own-domains)と 1 通だけ(--id)なら先に戻せる", o.p.PastGate))
	}
}

// kept tells what was asked for and stays, and why.
func (o *outcome) kept() {
	if o.c.Clean && o.c.Except.Empty() {
		o.find(runbook.Warn, "", runbook.T("no suspect is named (except_senders, except_clients, except_since): spam to outside counts as clean", "除外する差出人、接続元、時間帯の指定がない (except_senders, except_clients, except_since)。外部あての迷惑メールも clean とみなされる"))
	}
	for _, r := range reasons {
		if l := o.rel.Out[r.why]; l.Messages > 0 {
			n := int64(l.Messages)
			o.find(r.level, words.Of(l.Examples, l.Messages), runbook.T(fmt.Sprintf("kept back, %s: %s", runbook.Count(n, "message"), r.en), fmt.Sprintf("戻さない %s 通: %s", words.Number(n), r.ja)))
		}
	}
}

// rest tells what else stays, and how fast the others go.
func (o *outcome) rest() {
	if n := len(o.rel.Taken); n > 0 {
		o.find(runbook.Warn, words.Examples(o.rel.Taken), runbook.Tf("%s messages stay: their names are taken in the queue", "%s 通は戻さない。同じ名前がキューにある", words.Number(int64(n))))
	}
	if n := len(o.rel.Halves); n > 0 {
		o.find(runbook.Warn, words.Examples(o.rel.Halves), runbook.Tf("%s files stay: they are no pair of one body and one envelope, and the server would delete them", "%s ファイルは戻さない。本文と宛先ファイルの組にならず、サーバーが消してしまう", words.Number(int64(n))))
	}
	if o.rel.More {
		o.find(runbook.Warn, "", runbook.Tf("only the first %s messages are brought back at once; release again for the rest, or undo the setting aside to bring back everything", "一度に戻すのは %s 通まで。残りはもう一度 release するか、退避の取り消し(undo)ですべて戻す", words.Number(int64(o.rel.Messages))))
	}
	if o.rel.Left > 0 {
		o.find(runbook.Info, "", runbook.T(stays(o.rel.Left), words.Number(int64(o.rel.Left))+" 通は退避したまま残る"))
	}
	if n, ok := o.lots(); ok {
		least := time.Duration(n-1) * o.pace.every
		o.find(runbook.Info, "", runbook.Tf("%d lots, one every %s while delivery keeps up: %s, at most twice that", "%d 回に分け、配送が追いつく間は %s ごとに戻す: 所要 %s、最長でその 2 倍", n, o.pace.every, least))
	}
}

// lots is how many there are; ok is false if everything goes at once.
func (o *outcome) lots() (n int, ok bool) {
	if o.pace.lot == 0 || o.rel.Messages <= o.pace.lot {
		return 1, false
	}
	return (o.rel.Messages + o.pace.lot - 1) / o.pace.lot, true
}

// words say for people what is set aside before a release, and what of it after one.
func (o *outcome) words() (before, after runbook.Text) {
	n, files := int64(o.rel.Messages), int64(o.rel.Transfer.Files())
	before = runbook.T(runbook.Count(n, "message")+" set aside by incident "+o.p.Incident, fmt.Sprintf("事案 %s で %s 通を退避中", o.p.Incident, words.Number(n)))
	after = runbook.T(fmt.Sprintf("%s (%s) in the queue again", runbook.Count(n, "message"), runbook.Count(files, "file")),
		fmt.Sprintf("%s 通 (%s ファイル) をキューに戻す", words.Number(n), words.Number(files)))
	if lots, ok := o.lots(); ok {
		after = runbook.T(fmt.Sprintf("%s, in %d lots, one every %s", after.EN, lots, o.pace.every), fmt.Sprintf("%s (%d 回に分けて %s ごと)", after.JA, lots, o.pace.every))
	}
	if o.rel.Left > 0 {
		left := words.Number(int64(o.rel.Left))
		after = runbook.T(after.EN+"; "+stays(o.rel.Left), after.JA+"。"+left+" 通は退避したまま残る")
	}
	return before, after
}

// stays says in English that messages stay where they are, or parts of them.
func stays(n int) string {
	if n == 1 {
		return "1 message stays set aside, in whole or in part"
	}
	return words.Number(int64(n)) + " messages stay set aside, in whole or in part"
}
