// Package judge says how a rehearsal went, by facts and not by steps: what the clients were promised (the ledger), what left (the
// sink), what lies where on disk, and what the receiver answers now, to the thief and to everyone else. Which questions are asked
// depends on the cause.
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
	"net/netip"
	"slices"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/lab/judge/kept"
	"hikeshi/spool/lab/names"
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
	Cause     string            // letter of the runbook: a, b, c, d, h
	Contained time.Time         // when the last service that uses the queue was down; zero if nothing was stopped
	Found     []spool.UnitState // before the run
	Now       []spool.UnitState // after it
	Boots     int               // of the machine, the first one included
	Denied    []traffic.Client  // each tries to send once more
	Attempts  Attempts
	Witnesses []traffic.Client // people who must not be refused
	Outside   netip.Addr       // of a host that nobody denied
	Before    kept.Files       // from kept.Remember, when the lab was built
	Abused    string           // name of the account that was abused; "" if none was
	Opening   string           // line of effect.dat that let the spam in; "" if none did
	Gate      string           // file that says that the form on the server is on
	Listed    []names.Listing  // entries of the server in blocklists
	Seen      []names.Listing  // those that the run has found; nil if it has not looked
	Verdicts  []Verdict        // of its steps
}

// most is how many items a judgement lists.
const most = 20

// Judge answers all questions that belong to the cause. An error means that some could not be answered.
func Judge(ctx context.Context, c Case) ([]Judgement, error) {
	if c.Contained.IsZero() && c.Cause != NotOurs {
		return nil, errors.New("judging: the time of containment is not known")
	}
	f, err := settle(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	var all []Judgement
	if c.Cause == NotOurs {
		all = c.spared(f)
	} else {
		all = c.contained(ctx, f)
	}
	all = append(all, c.senders(ctx), c.others(ctx))
	all = append(append(all, c.verdicts(OK(all[len(all)-2:]))...), c.witnesses(ctx),
		lost("legitimate messages lost", "失われた正当なメール", f.lostMail, f.mail),
		none("halves of messages in the live queue", "稼働中のキューにある片割れのファイル", f.halves), c.services(), c.boots(f), flows(f), c.lists())
	now, err := kept.Remember(c.Config) // last, when the daemons have settled
	if err != nil {
		return nil, fmt.Errorf("judging: %w", err)
	}
	k := kept.Case{Config: c.Config, Domain: c.Own[0], Abused: c.Abused, Opening: c.Opening, Was: c.Before, Now: now}
	return append(append(all, none("innocent accounts touched", "変更された無関係なアカウント", k.Innocents())), c.closed(ctx, k)...), nil
}

// NotOurs is the cause with nothing to contain: only our address is forged.
const NotOurs = "h"

// contained is asked when spam came from here.
func (c Case) contained(ctx context.Context, f facts) []Judgement {
	all := []Judgement{
		none("spam leaving after containment", "封じ込め後に外へ出た迷惑メール", f.leaving),
		none("spam accepted after containment", "封じ込め後に受理した迷惑メール", f.takenSpam),
		aside(f.asideMail),
		lost("spam messages missing as evidence", "証拠として残っていない迷惑メール", f.lostSpam, f.spam),
		none("spam in the live queue", "稼働中のキューにある迷惑メール", f.liveSpam),
	}
	if len(c.Denied) > 0 {
		all = append(all, c.denied(ctx))
	}
	if len(c.Attempts.Login) > 0 {
		all = append(all, c.login(ctx))
	}
	return all
}

// spared is asked when none did: stopping mail and setting it aside would only have done harm.
func (c Case) spared(f facts) []Judgement {
	stopped := Judgement{Name: "services stopped although the spam is not ours", NameJA: "自社の迷惑メールではないのに止めたサービス", Value: "none", Want: "none", OK: true}
	if !c.Contained.IsZero() {
		stopped.Value, stopped.OK = "stopped at "+c.Contained.UTC().Format(time.RFC3339), false
	}
	return []Judgement{stopped,
		none("spam sent through this server", "このサーバーを通った迷惑メール", append(f.leaving, f.takenSpam...)),
		none("messages set aside although they are not spam", "迷惑メールではないのに退避したメール", f.asideMail)}
}

// closed is asked of the way in, by cause.
func (c Case) closed(ctx context.Context, k kept.Case) []Judgement {
	if c.Cause == NotOurs {
		return []Judgement{none("relay rules changed", "変更された中継設定", k.RelayRules()), none("settings changed", "変更された設定", k.Settings())}
	}
	all := []Judgement{none("innocent lines of effect.dat lost", "失われた effect.dat の無関係な行", k.Lines())}
	switch c.Cause {
	case "a":
		n, faults := k.Secrets()
		all = append(all, faultless(Judgement{Name: "passwords of the abused account replaced", NameJA: "悪用されたアカウントのパスワードの変更",
			Value: fmt.Sprintf("%d of 2", n), Want: "2 of 2", Items: faults}), c.owner(ctx))
	case "b":
		of, faults := k.Mailbox()
		all = append(all, faultless(Judgement{Name: "abused account and its mailbox whole", NameJA: "悪用されたアカウントとメールボックスが揃っている",
			Value: fmt.Sprintf("%d files, %d faults", of, len(faults)), Want: fmt.Sprintf("%d files, 0 faults", of), Items: faults}))
	case "d":
		all = append(all, c.form())
	}
	return all
}

func faultless(j Judgement) Judgement {
	j.OK = len(j.Items) == 0
	return j
}

// form wants the web page that mailed to be off.
func (c Case) form() Judgement {
	j := Judgement{Name: "the form on the server", NameJA: "サーバー上のフォーム", Want: "off", Value: "off", OK: true}
	if standin.Exists(c.Gate) {
		j.Value, j.OK = "on", false
	}
	return j
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
