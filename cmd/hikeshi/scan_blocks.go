package main

import (
	"context"
	"fmt"

	"hikeshi/actions/logs"
	"hikeshi/actions/logs/whose"
	"hikeshi/actions/queue/blocks"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/journal"
)

// whoseOf lets the queue ask the logs for its messages.
func whoseOf(env logs.Env) func(context.Context, blocks.Question) (blocks.Answer, error) {
	return func(ctx context.Context, q blocks.Question) (blocks.Answer, error) {
		found, err := whose.Find(ctx, env, whose.Question{IDs: q.IDs, From: q.From, Until: q.Until, Rec: q.Rec})
		a := blocks.Answer{Owners: map[string]blocks.Owner{}, Read: found.Read, Logins: found.Logins}
		for id, o := range found.Owners {
			a.Owners[id] = blocks.Owner(o)
		}
		return a, err
	}
}

// whoFlags are the flags of spool scan that look behind the figures.
type whoFlags struct{ who, headers bool }

// look groups a sample of the queue into blocks; nil if nobody asks for it. That headers were read is noted in the record before they are
// shown.
func (f whoFlags) look(ctx context.Context, a *app, w *world) (*blocks.Facts, error) {
	if !f.who && !f.headers {
		return nil, nil
	}
	s := a.screenOn(a.stderr)
	rec := planner.Recorder{Step: a.word("reading the logs", "ログを読んでいる"), Told: s.Progress}
	found, err := blocks.Look(ctx, blocks.Env{Server: w.server, Whose: w.host.Queue.Whose}, blocks.Options{Headers: f.headers, Rec: rec})
	s.printf("") // takes the progress away
	if err != nil {
		return nil, refusal(err)
	}
	if f.headers {
		a.noteHeaders(w, found)
	}
	return &found, nil
}

// noteHeaders notes in the record of the incident that is not done that headers were read, and says so.
func (a *app) noteHeaders(w *world, f blocks.Facts) {
	id, err := a.unfinished(w, nil)
	if err != nil {
		a.once("headers", "%s", a.word("no incident is open: that headers were read stands in no record", "対応中の事案がないため、ヘッダーを読んだことは記録されない"))
		return
	}
	if err := a.note(w, id, fmt.Sprintf("subject and sender in the headers of %s were read (spool scan --headers)", runbook.Count(int64(f.Sampled), "queued message"))); err != nil {
		a.once("headers", a.word("that headers were read is not recorded: %v", "ヘッダーを読んだことを記録できない: %v"), err)
		return
	}
	a.once("headers", a.word("noted in the record of incident %s that headers were read", "ヘッダーを読んだことを事案 %s に記録した"), id)
}

// note adds a note to the record of an incident.
func (a *app) note(w *world, incident, text string) error {
	jr, err := journal.Open(a.store(w.state), incident)
	if err != nil {
		return err
	}
	defer jr.Close()
	return jr.Append(runbook.Record{Event: runbook.Noted, Text: text})
}

// whoRow says what the blocks of a backlog document were made of. Figures are messages.
type whoRow struct {
	Sampled  int              `json:"sampled"`      // that were looked at
	Found    int              `json:"found"`        // of those, that the logs know
	Logs     bool             `json:"logs"`         // a log of this time could be read
	Told     bool             `json:"told"`         // one of them tells of logins
	Rest     int              `json:"rest"`         // in blocks that are left out
	Logins   []string         `json:"logins"`       // behind the blocks, the one with the most messages first
	Read     bool             `json:"headers_read"` // personal data was read
	Subjects []blocks.Subject `json:"subjects"`
}

func whoRowOf(f blocks.Facts) *whoRow {
	return &whoRow{Sampled: f.Sampled, Found: f.Found, Logs: f.Logs, Told: f.Told, Rest: f.Rest, Logins: f.Logins, Read: f.Read, Subjects: f.Subjects}
}

// printBlocks shows the blocks below the figures of the queue.
func (a *app) printBlocks(f *blocks.Facts) {
	if f == nil {
		return
	}
	s := a.screenOn(a.stdout)
	s.printf("\n")
	s.findings(blocks.Findings(*f))
}
