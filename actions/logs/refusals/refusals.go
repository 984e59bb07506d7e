// Package refusals says what the refusals of other servers say: logs.refusals. It groups the replies that faillog and its like tell by
// the domain of the recipient and by what they say, and tells which of them speak of a block, and which lists and programmes they name.
//
// Every line is one refusal: one recipient, one try. A message that waits is refused once for each of its tries, so figures are
// refusals and not messages. Whose names these are is left to whoever knows the lists.
package refusals

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/told"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Facts are the facts of logs.refusals.
type Facts struct {
	Read     told.Sources `json:"read" expr:"read"`
	Replies  []Reply      `json:"replies" expr:"replies"`   // those that speak of a block first, then the most frequent
	Cut      int          `json:"cut" expr:"cut"`           // replies that are left out of Replies
	Refusals int64        `json:"refusals" expr:"refusals"` // in all
	Blocking int64        `json:"blocking" expr:"blocking"` // of these speak of a block; both exact
	Silent   int64        `json:"silent" expr:"silent"`     // failures that bring no reply: no server was reached
	Lost     int64        `json:"lost" expr:"lost"`         // by so much the count of any reply may be too low: there were too many different ones
	Names    []string     `json:"names" expr:"names"`       // of all that speak of a block, the most frequent first
	Codes    []string     `json:"codes" expr:"codes"`       // the same
	Unknown  []string     `json:"unknown" expr:"unknown"`   // logs that would tell of refusals and do not cover this time
}

// Reply is what servers of one domain said, apart from what differs from time to time. Times are UTC.
type Reply struct {
	Domain    string          `json:"domain" expr:"domain"` // of the recipients; "" if the log does not say
	Code      int             `json:"code" expr:"code"`
	Enhanced  string          `json:"enhanced" expr:"enhanced"`   // 5.7.1, "" if there is none
	Blocking  bool            `json:"blocking" expr:"blocking"`   // it speaks of a block, a list, a reputation or spam
	Text      string          `json:"text" expr:"text"`           // in lower case; {ip}, {n} and {host} stand for what differs
	Example   string          `json:"example" expr:"example"`     // the first one; users of other servers, and keys of customers of a list, are taken out
	Names     []string        `json:"names" expr:"names"`         // hosts, zones and hosts of URLs that it names, but for our own
	Codes     []string        `json:"codes" expr:"codes"`         // enhanced codes, and marks such as S3140
	Addresses []string        `json:"addresses" expr:"addresses"` // of ours that it names
	Count     int64           `json:"count" expr:"count"`
	Final     int64           `json:"final" expr:"final"` // of these will not be tried again
	First     time.Time       `json:"first" expr:"first"`
	Last      time.Time       `json:"last" expr:"last"`
	Evidence  []desk.Evidence `json:"evidence" expr:"evidence"` // places without their text, which names the recipient
}

// Window is what is asked about when nothing else is said, before the end: a list may refuse us for days before anybody notices.
const Window = "168h"

// Params are the parameters of logs.refusals, as the catalogue shows them.
func Params() []runbook.Param {
	all := desk.Shared("since", "until", "top")
	all[0].Short = "from when on: 2026-11-21, \"2026-11-21 03:00\", 03:00 or 24h before the end, in the server's time, or 2026-11-21T03:00:00+09:00 (" + Window + ")"
	return all
}

type action struct{ env desk.Env }

// New returns the action of logs.refusals.
func New(env desk.Env) runbook.Action { return action{env} }

// Plan reads the logs once.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var err error
	if in.With, err = since(in); err != nil {
		return runbook.Outcome{}, err
	}
	env := a.env
	env.Workers = 1 // one order, one result
	r, err := env.Open(ctx, in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	r.Only(spool.EventDeferred, spool.EventBounced)
	b := newBook(env.Own, r.Span.Since, r.Span.Until)
	r.Each = b.add
	if err := r.Read(ctx, in.Rec); err != nil {
		return runbook.Outcome{}, err
	}
	f := Facts{Unknown: []string{}}
	for _, l := range r.Uncovered() {
		f.Unknown = append(f.Unknown, l.Name)
	}
	var about []runbook.Finding
	f.Read, about = told.About(ctx, r)
	for i := range f.Read.Samples {
		f.Read.Samples[i].Text = "" // may name a recipient
	}
	b.fill(ctx, r, &f)
	return runbook.Outcome{Findings: append(f.findings(r), about[1:]...), Facts: f}, nil // the first one asks who is abused
}

// since sets the window where the parameters name no beginning.
func since(in runbook.Input) (json.RawMessage, error) {
	var p desk.Params
	if err := in.Decode(&p); err != nil {
		return nil, err
	}
	if p.Since == "" {
		p.Since = Window
	}
	return json.Marshal(p)
}

// fill writes down what was counted.
func (b *book) fill(ctx context.Context, r *desk.Reading, f *Facts) {
	all := b.ranked()
	f.Refusals, f.Blocking, f.Silent, f.Lost = b.refusals, b.blocking, b.silent, b.lost
	f.Names, f.Codes = top(b.names), top(b.codes)
	f.Cut = max(0, len(all)-r.Params.Top)
	f.Replies = []Reply{}
	for _, g := range all[:len(all)-f.Cut] {
		reply := g.Reply
		reply.First, reply.Last = r.Time(g.first), r.Time(g.last)
		reply.Evidence = []desk.Evidence{}
		for _, ref := range g.refs {
			file := r.Result.Files[ref.File]
			reply.Evidence = append(reply.Evidence, desk.Evidence{Log: file.Log, File: file.Path, Offset: ref.Offset})
		}
		reply.Names, reply.Codes, reply.Addresses = slices.Clone(g.Names), slices.Clone(g.Codes), slices.Clone(g.Addresses)
		f.Replies = append(f.Replies, reply)
	}
}
