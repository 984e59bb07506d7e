// Package judge says how a rehearsal went, by facts and not by steps: what the clients were promised (the ledger), what left (the
// sink), what lies where on disk, and what the receiver answers now.
//
// A message is in the queue when both its parts are there and belong together for the server: body and envelope in incoming, body in
// holding with envelope in domains, both in one folder of lists. It is set aside when both lie elsewhere below the spool root, in
// folders that the server does not know; these are paired by name wherever they lie. A half is nothing.
//
// Daemons may run meanwhile: what is on its way from one folder to another is looked for again before it is called lost.
package judge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/traffic"
)

// A Judgement is one question with its answer.
type Judgement struct {
	Name   string   `json:"name"`
	NameJA string   `json:"name_ja"`
	Value  string   `json:"value"`
	Want   string   `json:"want"`
	OK     bool     `json:"ok"`
	Items  []string `json:"items,omitempty"` // ids or paths that the value counts, the first of many
}

// A Case is what there is to judge. The legitimate traffic has ended or goes on; the thief's too.
type Case struct {
	Config    standin.Config
	Ledger    string            // file of package traffic
	Own       []string          // own domains
	Contained time.Time         // when the last service that uses the queue was down
	Found     []spool.UnitState // before the run
	Now       []spool.UnitState // after it
	Boots     int               // of the machine, the first one included
	Denied    []traffic.Client  // each tries to send once more
	Witness   traffic.Client    // somebody who must not be refused
}

// most is how many items a judgement lists.
const most = 20

// Judge answers all questions. An error means that some could not be answered.
func Judge(ctx context.Context, c Case) ([]Judgement, error) {
	if c.Contained.IsZero() {
		return nil, errors.New("judging: the time of containment is not known")
	}
	f, err := settle(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	all := []Judgement{
		none("spam leaving after containment", "封じ込め後に外へ出た迷惑メール", f.leaving),
		none("spam accepted after containment", "封じ込め後に受理した迷惑メール", f.takenSpam),
		c.denied(ctx),
		c.witness(ctx),
		lost("legitimate messages lost", "失われた正当なメール", f.lostMail, f.mail),
		aside(f.asideMail),
		lost("spam messages missing as evidence", "証拠として残っていない迷惑メール", f.lostSpam, f.spam),
		none("spam in the live queue", "稼働中のキューにある迷惑メール", f.liveSpam),
		none("halves of messages in the live queue", "稼働中のキューにある片割れのファイル", f.halves),
		c.services(),
		c.boots(f),
		flows(f),
	}
	return all, nil
}

// OK says whether all of them are.
func OK(all []Judgement) bool {
	return !slices.ContainsFunc(all, func(j Judgement) bool { return !j.OK })
}

func none(name, ja string, items []string) Judgement {
	return Judgement{name, ja, fmt.Sprint(len(items)), "0", len(items) == 0, first(items)}
}

func lost(name, ja string, items []string, of int) Judgement {
	return Judgement{name, ja, fmt.Sprintf("%d of %d", len(items), of), fmt.Sprintf("0 of %d", of), len(items) == 0 && of > 0, first(items)}
}

func aside(items []string) Judgement {
	return Judgement{"legitimate messages set aside, to be released", "退避中の正当なメール(戻す対象)", fmt.Sprint(len(items)), "any", true, first(items)}
}

func first(items []string) []string { return items[:min(most, len(items))] }

// denied lets every denied client try.
func (c Case) denied(ctx context.Context) Judgement {
	j := Judgement{Name: "denied sources refused over SMTP", NameJA: "拒否した接続元からの送信が断られる", Want: fmt.Sprintf("%d of %d", len(c.Denied), len(c.Denied))}
	n := 0
	for _, client := range c.Denied {
		answer, refused := attempt(ctx, c.Config.Address(), client)
		if refused {
			n++
		} else {
			j.Items = append(j.Items, client.Peer.String()+": "+answer)
		}
	}
	j.Value = fmt.Sprintf("%d of %d", n, len(c.Denied))
	j.OK = n > 0 && n == len(c.Denied)
	return j
}

// witness is the control: without it a receiver that refuses everybody would look good.
func (c Case) witness(ctx context.Context) Judgement {
	j := Judgement{Name: "somebody else is still accepted", NameJA: "ほかの人からのメールは受け付ける", Want: "accepted", Value: "accepted", OK: true}
	if err := accepted(ctx, c.Config.Address(), c.Witness); err != nil {
		j.Value, j.OK = err.Error(), false
	}
	return j
}

// services compares what runs, what would run after a boot, and what bars it.
func (c Case) services() Judgement {
	j := Judgement{Name: "services back as found", NameJA: "サービスが元の状態に戻っている", Want: fmt.Sprintf("%d of %d", len(c.Found), len(c.Found))}
	n := 0
	for _, was := range c.Found {
		i := slices.IndexFunc(c.Now, func(s spool.UnitState) bool { return s.Unit == was.Unit })
		switch {
		case i < 0:
			j.Items = append(j.Items, was.Unit+": not looked at")
		case c.Now[i].Active != was.Active || c.Now[i].Enabled != was.Enabled || !slices.Equal(c.Now[i].DropIns, was.DropIns):
			j.Items = append(j.Items, fmt.Sprintf("%s: %s, was %s; drop-ins %v, were %v", was.Unit, c.Now[i].Active, was.Active, c.Now[i].DropIns, was.DropIns))
		default:
			n++
		}
	}
	j.Value = fmt.Sprintf("%d of %d", n, len(c.Found))
	j.OK = n > 0 && n == len(c.Found)
	return j
}

func (c Case) boots(f facts) Judgement {
	n := len(f.lostMail)
	return Judgement{Name: "a second boot in the middle loses nothing", NameJA: "途中の再起動で何も失われない",
		Value: fmt.Sprintf("%d boots, %d lost", c.Boots, n), Want: "2 boots or more, 0 lost", OK: c.Boots >= 2 && n == 0}
}

func flows(f facts) Judgement {
	return Judgement{Name: "legitimate mail flows again", NameJA: "正当なメールが再び流れている",
		Value: fmt.Sprintf("%d accepted, %d delivered", f.again, f.arrived), Want: "1 or more of each", OK: f.again > 0 && f.arrived > 0}
}
