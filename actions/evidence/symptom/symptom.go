// Package symptom looks for the symptoms by which the abuse of a mail server shows, as the vendor's procedure names them:
// evidence.symptoms. Each is measured where the machine can see it; what it cannot see is a question for the responder.
//
//	slow line                       counters of the network interfaces, twice
//	delays                          the oldest message in the queue
//	returned mail                   new mail in the administrator's mailbox, by number and time
//	swollen logs                    today's log files against those of earlier days
//	odd behaviour                   load, free space
//	complaints, upstream warning    asked
package symptom

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/runbook"
)

// Facts are the facts of evidence.symptoms. The lists hold the words line, delay, returned, logs, load, disk; complaints and upstream
// are always asked.
type Facts struct {
	Seen    []string `json:"seen" expr:"seen"`         // measured, and there
	Asked   []string `json:"asked" expr:"asked"`       // the responder has to say
	NotSeen []string `json:"not_seen" expr:"not_seen"` // could not be measured
	Barred  []string `json:"barred" expr:"barred"`     // of these, the ones that this user may not look at
}

type action struct{ env }

// env has the measurements as its methods.
type env struct{ scene.Env }

// New returns the action of evidence.symptoms.
func New(e scene.Env) runbook.Action { return action{env{e}} }

// seen is what one measurement saw.
type seen = look.Seen[Facts]

// A measure is one symptom.
type measure struct {
	word, en, ja string
	ask          runbook.Text // the question when it cannot be measured
	do           func(context.Context, time.Duration) (seen, error)
}

func (e env) measures() []measure {
	return []measure{
		{"line", "slow line", "回線の遅さ", runbook.T("is the line slow?", "回線が重くなっていないか"), e.line},
		{"delay", "delays", "配送の遅れ", runbook.T("is mail late?", "メールの遅延はないか"), e.delay},
		{"returned", "returned mail", "管理者あてのエラーメール", runbook.T("do error mails come to the administrator?", "管理者あてに大量のエラーメールが届いていないか"), e.returned},
		{"logs", "swollen logs", "ログの肥大", runbook.T("are the log files larger than usual?", "ログファイルがいつもより大きくなっていないか"), e.logs},
		{"load", "load", "サーバーの負荷", runbook.T("does the server behave oddly?", "サーバーの動作がおかしくないか"), e.load},
		{"disk", "free space", "ディスクの空き", runbook.T("is the disk full?", "ディスクが一杯になっていないか"), e.disk},
	}
}

// Plan measures everything at once. In a plan, before changes that are not made yet, it does not wait for a second reading. It
// fails only when the parameters are wrong or ctx has ended.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	limit, gap, err := scene.Bounds(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if in.Planned != nil {
		gap = 0
	}
	all := a.measures()
	var parts []look.Part[Facts]
	for _, m := range all {
		parts = append(parts, look.Part[Facts]{Name: runbook.T(m.en, m.ja), Limit: limit, Look: func(ctx context.Context) (seen, error) { return m.do(ctx, gap) }})
	}
	facts := Facts{Seen: []string{}, Asked: []string{"complaints", "upstream"}, NotSeen: []string{}, Barred: []string{}}
	results := look.Run(ctx, limit, parts)
	found, err := look.Gather(ctx, in.Rec, results, &facts)
	if err != nil {
		return runbook.Outcome{}, err
	}
	for i, r := range results {
		if barred(r.Err) {
			facts.Barred = append(facts.Barred, all[i].word)
			told := look.NotSeen(r.Part.Name, r.Err)
			if k := slices.Index(found, told); k >= 0 {
				found[k].Level = runbook.Info // not to be allowed to look says nothing of abuse
			}
		}
		if r.Err != nil {
			facts.NotSeen, facts.Asked = append(facts.NotSeen, all[i].word), append(facts.Asked, all[i].word)
			found = append(found, question(all[i].ask))
		}
	}
	found = append(found,
		question(runbook.T("do people outside complain of mail from here?", "外部から、当方発のメールについて苦情が来ていないか")),
		question(runbook.T("has the provider or another network warned?", "上位プロバイダーや他のネットワークから警告が来ていないか")))
	return runbook.Outcome{Findings: found, Facts: facts}, nil
}

// barred says whether an error, of those that are joined each, is that this user may not look.
func barred(err error) bool {
	all, joined := err.(interface{ Unwrap() []error })
	if !joined {
		return errors.Is(err, fs.ErrPermission)
	}
	return !slices.ContainsFunc(all.Unwrap(), func(one error) bool { return !barred(one) })
}

func question(t runbook.Text) runbook.Finding {
	return runbook.Finding{Level: runbook.Info, Text: runbook.T("to ask: "+t.EN, "要確認: "+t.In("ja"))}
}

// told makes a finding, and notes the symptom when it is there.
func (s *told) finding(there bool, evidence string, text runbook.Text) {
	level := runbook.OK
	if there {
		level = runbook.Warn
		s.there = true
	}
	s.Find(level, evidence, text)
}

// told is what a measurement saw of the symptom word.
type told struct {
	seen
	word  string
	there bool
}

func (s *told) done(err error) (seen, error) {
	if s.there {
		s.Facts = func(f *Facts) { f.Seen = append(f.Seen, s.word) }
	}
	return s.seen, err
}

// errNone is for what has no place here.
func errNone(en, ja string) error {
	return look.Reason{Text: runbook.T("no "+en+" is known", ja+"が見当たらない"), Err: errors.ErrUnsupported}
}
