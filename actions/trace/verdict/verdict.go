// Package verdict says of one message whether it went through this server, and by whom it was handed in.
//
// Make a Case of what the lines say (package walk), and Decide it. What a trusted line or the log shows is said as a fact; what stands below
// the border, or below a hand-over on an own host, is hearsay, and the answer itself says so. "Not through this server" is said only where
// an own address is known, something in the message is known to be one's own, all lines were read, and no line speaks against it.
package verdict

import (
	"context"
	"strings"
	"time"

	"hikeshi/actions/trace/ask"
	"hikeshi/actions/trace/facts"
	"hikeshi/actions/trace/message"
	"hikeshi/actions/trace/walk"
	"hikeshi/runbook"
)

// Said is what the fields of a message say beside its Received lines. Whoever made the message wrote them.
type Said struct {
	From       string
	ReturnPath string   // without brackets
	To         []string // addresses of its recipients
	Domains    []string // all domains that it names
	Bounce     bool     // it has the form of a delivery status notification
	Delivered  bool     // above its top line stands what only the delivery to a mailbox writes
}

// A Case is what is known of one message.
type Case struct {
	Own    walk.Own
	Lines  []walk.Line
	Said   Said
	Report *message.Report // whose subject it is; nil: none
	Log    ask.Log
	Far    *int // how often the log may still be asked for another time
	Now    time.Time
}

// A Place is what the answer leaves open to whoever looks at several messages.
type Place struct {
	Handed bool   // it went out from this server to a host that is not its own
	Stays  bool   // it is known to have been for mailboxes here alone
	For    string // the recipient here whom a trusted line names

	Touches bool // a line tells of this server, be it hearsay
}

// An Outcome is what the answer rests on.
type Outcome struct {
	Place
	Way   walk.Way
	Signs []walk.Sign
}

// Decide fills in the answer, and says what it rests on.
func (c Case) Decide(ctx context.Context, t *facts.Traced) (Outcome, error) {
	j := &judge{Case: c, t: t, desk: ask.Desk{Lines: c.Lines, Senders: []string{c.Said.From, c.Said.ReturnPath}, Report: c.Report, Log: c.Log, Far: c.Far}}
	j.way = walk.Walk(c.Lines, c.Own)
	j.signs = j.way.Look(c.Lines, c.Own, c.Now)
	if err := j.decide(ctx); err != nil {
		return Outcome{}, err
	}
	if r, i := j.Report, j.way.Received; r != nil && i >= 0 && r.SourceIP.IsValid() && r.SourceIP != j.Lines[i].Hop.IP {
		j.sign("source-ip", 1, runbook.Tf("the report names another source, %s", "報告の Source-IP は異なる (%s)", r.SourceIP), i)
	}
	return Outcome{j.place(), j.way, j.signs}, nil
}

// place says where the message went, as far as trusted lines and the log tell.
func (j *judge) place() Place {
	p := Place{Handed: j.handed(), Touches: j.handed() || len(j.way.Own)+len(j.way.Claims) > 0}
	for _, i := range j.way.Own {
		if h := j.Lines[i].Hop; j.Own.Names(domain(h.For)) && (j.way.Doubt < 0 || i <= j.way.Doubt) {
			p.For = h.For
		}
	}
	switch {
	case p.Handed || len(j.way.Own) == 0:
	case j.t.Logged:
		p.Stays = !j.outside
	case j.Said.Delivered:
		p.Stays = true
	case j.way.Border >= 0:
		h := j.Lines[j.way.Border].Hop
		p.Stays = single(h.Software) && j.Own.Names(domain(h.For)) && (j.way.Doubt < 0 || j.way.Border <= j.way.Doubt)
	}
	return p
}

// A judge decides about one message.
type judge struct {
	Case
	t       *facts.Traced
	way     walk.Way
	signs   []walk.Sign
	outside bool // the log says that it was for another domain
	desk    ask.Desk
	lacks   ask.Lack // why the log does not tell
}

func (j *judge) answer(s facts.State, answer, why runbook.Text) {
	j.t.State, j.t.Answer, j.t.Why = s, answer, why
}

// unknown answers that nothing can be told, and why.
func (j *judge) unknown(because runbook.Text) {
	j.answer(facts.Unknown, Cannot(because), runbook.Text{})
}

// The beginnings of an answer that nothing can be told.
const (
	cannotEN = "cannot tell, because "
	cannotJA = "判定できない: "
)

// Cannot is the answer that nothing can be told, and why.
func Cannot(because runbook.Text) runbook.Text {
	return runbook.T(cannotEN+because.EN, cannotJA+because.JA)
}

// Why is what Cannot was given; another answer is left as it is.
func Why(answer runbook.Text) runbook.Text {
	return runbook.T(strings.TrimPrefix(answer.EN, cannotEN), strings.TrimPrefix(answer.JA, cannotJA))
}

// look asks the log.
func (j *judge) look(ctx context.Context, lines []int, fits func(ask.Find) bool) (ask.Inquiry, error) {
	q, err := j.desk.Look(ctx, lines, fits)
	j.lacks, j.t.Queue = q.Lacks, q.Queue
	return q, err
}

func (j *judge) sign(code string, weight int, text runbook.Text, at ...int) {
	j.signs = append(j.signs, walk.Sign{Code: code, Weight: weight, Text: text, Lines: at})
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
