package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"testing"
	"time"

	"hikeshi/runbook"
)

// A sample is one way of using a kind, in a yard in which it has something to do.
type sample struct {
	kind, name string
	with       map[string]any
	prepare    func(y *yard, with map[string]any) // may complete with
	endless    bool                               // is never done already, and nothing of it can be taken back
	final      bool                               // cannot be undone
}

func stopped(y *yard, _ map[string]any) { y.do("service.stop", nil) }

// asideThere stops the services and sets the queue aside.
func asideThere(strategy string) func(*yard, map[string]any) {
	return func(y *yard, with map[string]any) {
		y.do("service.stop", nil)
		with["incident"] = y.do("queue.quarantine", map[string]any{"strategy": strategy})
	}
}

func deniedThere(y *yard, _ map[string]any) {
	y.do("relay.deny", map[string]any{"targets": []string{"203.0.113.9", "198.51.100.0/24", "spam.example.com"}})
}

// cutThere has denials in the deny file and in the tables.
func cutThere(y *yard, with map[string]any) {
	deniedThere(y, with)
	tableThere(y, with)
	y.do("relay.hard", map[string]any{"targets": []string{"203.0.113.9", "203.0.113.10"}})
}

// taro is the account that was abused.
var taro = map[string]any{"accounts": []string{"taro@example.jp"}}

func renamedThere(y *yard, _ map[string]any) { y.do("account.rename", taro) }

func openLineThere(y *yard, _ map[string]any) {
	fine(y.t, os.WriteFile(y.deny(), []byte("#<> default\r\n#blank false\nexample.jp true\n"), 0o640))
}

// loggedThere has one login and one message in the logs.
func loggedThere(y *yard, _ map[string]any) {
	y.put("acceptlog/mail1/261121.log", "[21/Nov/2026:02:00:00], (example.jp), 203.0.113.9[203.0.113.9], AUTH-LOGIN:taro@example.jp [success],<B0000000001>,ok\n")
	y.put("inlog/mail1/261121.log", "<B0000000001@mail.example.jp> [21/Nov/2026:02:00:00] 203.0.113.9 pc taro@example.jp a@example.com b@example.com\n")
}

// refusedThere makes a refusal that names a list.
func refusedThere(y *yard, _ map[string]any) {
	y.put("faillog/mail1/261121.log", "B0000000001@mail.example.jp send fail on [21/Nov/2026:02:00:00] from taro@example.jp to a@example.com [550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org]\n")
}

// complaintThere has a complaint about the message of loggedThere.
func complaintThere(y *yard, with map[string]any) {
	loggedThere(y, with)
	file := filepath.Join(y.dir, "complaint.eml")
	fine(y.t, os.WriteFile(file, []byte(complaint), 0o600))
	with["file"] = file
}

// complaint has the message of an account attached, as it came to another server.
const complaint = "From: angry@example.com\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n" +
	"Received: from mail.example.jp (mail.example.jp [192.0.2.25]) by mx.example.com (Postfix) with ESMTP id 8F3D21A0042;\n\tSat, 21 Nov 2026 02:00:02 +0000\n" +
	"Received: from pc (unverified [203.0.113.9]) by mail.example.jp\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail.example.jp>;\n\tSat, 21 Nov 2026 02:00:00 +0000\n" +
	"From: taro@example.jp\nSubject: win\n\nbuy\n--b--\n"

// tableThere makes two tables of the hard cut, that of the receiver with a row that allows, for which the services have to be stopped.
func tableThere(y *yard, with map[string]any) {
	for name, rows := range map[string]string{"smtp": "203.0.113.9\ttrue\n192.0.2.25\ttrue\n", "pop": "192.0.2.25\ttrue\n"} {
		fine(y.t, os.WriteFile(filepath.Join(y.program(), "reject"+name+"ip.dat"), []byte(rows), 0o640))
	}
	stopped(y, with)
}

var samples = []sample{
	{kind: "service.status"},
	{kind: "service.stop"},
	{kind: "service.stop", name: "one unit", with: map[string]any{"units": []string{"epstdd.service"}, "timeout": "5s"}},
	{kind: "service.start", prepare: stopped},
	{kind: "service.start", name: "delivery only", with: map[string]any{"only": "delivery"}, prepare: stopped},
	{kind: "service.restart", endless: true},
	{kind: "queue.scan", with: map[string]any{"exact": true, "watch": "10ms"}},
	{kind: "queue.check"},
	{kind: "queue.quarantine", name: "rename", with: map[string]any{"strategy": "rename"}, prepare: stopped},
	{kind: "queue.quarantine", name: "move", with: map[string]any{"strategy": "move"}, prepare: stopped},
	{kind: "queue.quarantine", name: "of a sender", with: map[string]any{"strategy": "move", "senders": []string{"taro@example.jp"}}, prepare: stopped},
	{kind: "queue.release", name: "of rename", with: map[string]any{"all": true}, prepare: asideThere("rename")},
	{kind: "queue.release", name: "of move, by sender", with: map[string]any{"senders": []string{"taro@example.jp"}}, prepare: asideThere("move")},
	{kind: "queue.purge", name: "of rename", with: map[string]any{"count": 6}, prepare: asideThere("rename"), final: true},
	{kind: "queue.purge", name: "of move", with: map[string]any{"count": 6}, prepare: asideThere("move"), final: true},
	{kind: "relay.lint"},
	{kind: "relay.denied", with: map[string]any{"targets": []string{"203.0.113.9"}}},
	{kind: "relay.deny", with: map[string]any{"targets": []string{"203.0.113.9", "198.51.100.0/24", "spam.example.com", "2001:db8:5::/48"}, "review": "24h"}},
	{kind: "relay.allow", with: map[string]any{"targets": []string{"203.0.113.9", "spam.example.com"}}, prepare: deniedThere},
	{kind: "relay.allow", name: "of the tables too", with: map[string]any{"targets": []string{"203.0.113.9"}}, prepare: cutThere},
	{kind: "relay.door"},
	{kind: "relay.fix", with: map[string]any{"lines": []string{"all"}}, prepare: openLineThere},
	{kind: "relay.fix", name: "and a last line", with: map[string]any{"lines": []string{"all"}, "add_catch_all": true}, prepare: openLineThere},
	{kind: "relay.hard", with: map[string]any{"targets": []string{"203.0.113.9", "198.51.100.0/24"}}},
	{kind: "relay.hard", name: "above a row that allows", with: map[string]any{"targets": []string{"203.0.113.9"}, "review": "24h"}, prepare: tableThere},
	{kind: "settings.show"},
	{kind: "settings.set", with: map[string]any{"values": []string{"SMTPAUTHOnly=2", "Vrfy=0"}}, prepare: stopped},
	{kind: "settings.set", name: "profile", with: map[string]any{"profile": "logs"}, prepare: stopped},
	{kind: "account.list"},
	{kind: "account.audit", with: taro},
	{kind: "account.lock", with: taro},
	{kind: "account.rename", with: taro},
	{kind: "account.restore", with: taro, prepare: renamedThere},
	{kind: "account.clean", with: taro},
	{kind: "account.check", with: map[string]any{"accounts": []string{"taro@example.jp", "jiro"}, "cause": "b"}},
	{kind: "queue.nodes"},
	{kind: "queue.blocks", with: map[string]any{"headers": true}},
	{kind: "queue.find", with: map[string]any{"what": "taro@example.jp"}, prepare: asideThere("rename")},
	{kind: "dnsbl.check", with: map[string]any{"subjects": []string{"203.0.113.9"}}},
	{kind: "dnsbl.zones"},
	{kind: "smtp.relaytest", with: map[string]any{"targets": []string{"127.0.0.1:1"}, "fast": true, "account": "taro@example.jp"}},
	{kind: "smtp.denied", with: map[string]any{"denied": []string{"203.0.113.9", "spam.example.com"}, "targets": []string{"127.0.0.1:1"}, "account": "taro@example.jp"}},
	{kind: "smtp.denied", name: "of the server itself, which is elsewhere", with: map[string]any{"denied": []string{"203.0.113.9"}}, prepare: deniedThere},
	{kind: "smtp.relaytest", name: "of the server itself, which is elsewhere"},
	{kind: "smtp.hygiene", with: map[string]any{"targets": []string{"127.0.0.1:1"}, "fast": true, "account": "taro@example.jp", "before": []string{"H03 127.0.0.1:1 bad 250/550"}}},
	{kind: "smtp.hygiene", name: "of the server itself, which is elsewhere"},
	{kind: "delist.draft", with: map[string]any{"language": "ja"}},
	{kind: "notice.draft", with: map[string]any{"about": []string{"first", "restored", "user"}, "next": "05:30", "languages": []string{"en", "ja"}}},
	{kind: "logs.sizes", prepare: loggedThere},
	{kind: "logs.suspects", prepare: loggedThere},
	{kind: "logs.logins", with: map[string]any{"since": "1h"}, prepare: loggedThere},
	{kind: "logs.timeline", with: taro, prepare: loggedThere},
	{kind: "logs.access", with: taro, prepare: loggedThere},
	{kind: "logs.refusals", prepare: refusedThere},
	{kind: "trace.received", name: "of a mail that the log tells of", prepare: complaintThere},
	{kind: "trace.received", name: "of a whole mbox", with: map[string]any{"all": true, "outer": true}, prepare: complaintThere},
	{kind: "evidence.snapshot", with: map[string]any{"limit": "500ms", "gap": "10ms"}},
	{kind: "evidence.cause", with: map[string]any{"limit": "500ms", "sample": 3}},
	{kind: "evidence.unnamed", with: map[string]any{"cause": "a", "accounts": []string{"jiro"}, "sources": []string{}, "found_accounts": []string{"taro@example.jp"}, "found_sources": []string{"203.0.113.9"}}},
	{kind: "evidence.watch", with: map[string]any{"for": "20ms"}},
	{kind: "evidence.symptoms", with: map[string]any{"limit": "500ms", "gap": "10ms"}},
}

// TestEveryKindHasASample: a new kind without one is not proved by what follows.
func TestEveryKindHasASample(t *testing.T) {
	for name, kind := range catalogue() {
		if !slices.ContainsFunc(samples, func(s sample) bool { return s.kind == name }) {
			t.Errorf("kind %s has no sample", name)
		}
		if kind.Short.EN == "" || kind.Short.JA == "" {
			t.Errorf("kind %s: its sentence lacks a language", name)
		}
		if _, changes := kind.Changer(); changes != (kind.MaxRisk != "") || changes != (len(kind.Touches) > 0) {
			t.Errorf("kind %s: what it changes, touches and risks do not fit", name)
		}
		if facts := reflect.TypeOf(kind.Facts); facts != nil {
			for i := range facts.NumField() {
				if tag := facts.Field(i).Tag; tag.Get("json") == "" || tag.Get("json") != tag.Get("expr") {
					t.Errorf("kind %s: tags of %s differ", name, facts.Field(i).Name)
				}
			}
		}
	}
}

// TestConformance: every kind keeps the promises of Action and Changer.
func TestConformance(t *testing.T) {
	for _, s := range samples {
		t.Run(s.kind+" "+s.name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			with := maps.Clone(s.with)
			if with == nil {
				with = map[string]any{}
			}
			if s.prepare != nil {
				s.prepare(y, with)
			}
			c := &conformance{yard: y, sample: s, kind: y.w.kinds[s.kind], before: y.picture(), ran: y.units.states()}
			c.with = with
			c.plan()
			if changer, ok := c.kind.Changer(); ok {
				c.changer = changer
				c.change()
			}
		})
	}
}

// conformance is one sample under test.
type conformance struct {
	*yard
	sample
	kind    runbook.Kind
	changer runbook.Changer
	before  picture
	ran     map[string]string
	changes []runbook.Change
}

// measured is the time that passed between two readings, which differs each time.
var measured = regexp.MustCompile(`\b\d+ms\b|[0-9.]+ (ミリ秒|秒)`)

// plan looks twice: the same both times, and nothing is touched.
func (c *conformance) plan() {
	one, two := c.planned(c.kind, c.with), c.planned(c.kind, c.with)
	if a, b := measured.ReplaceAllString(asJSON(c.t, one), "TIME"), measured.ReplaceAllString(asJSON(c.t, two), "TIME"); a != b {
		c.t.Errorf("planned once:\n%s\nand again:\n%s", a, b)
	}
	same(c.t, "after two plans", c.before, c.picture())
	if c.kind.Facts != nil {
		back := reflect.New(reflect.TypeOf(c.kind.Facts))
		fine(c.t, json.Unmarshal([]byte(asJSON(c.t, one.Facts)), back.Interface()))
		if !reflect.DeepEqual(back.Elem().Interface(), one.Facts) {
			c.t.Errorf("the facts %#v come back as %#v", one.Facts, back.Elem().Interface())
		}
	}
	for _, f := range one.Findings {
		if f.Text.EN == "" || f.Text.JA == "" && f.Level == "" {
			c.t.Errorf("a finding without its words: %+v", f)
		}
	}
	_, changes := c.kind.Changer()
	if changes != (len(one.Changes) > 0) {
		c.t.Fatalf("%d changes are planned", len(one.Changes))
	}
	c.changes = one.Changes
}

func (c *conformance) change() {
	for i, ch := range c.changes {
		var back runbook.Change
		fine(c.t, json.Unmarshal([]byte(asJSON(c.t, ch)), &back))
		if asJSON(c.t, ch) != asJSON(c.t, back) {
			c.t.Errorf("the change\n%+v\ncomes back as\n%+v", ch, back)
		}
		c.changes[i] = back // what follows uses what came out of a journal
		if ch.Kind != c.sample.kind || ch.Op == "" || ch.Target == "" || ch.UndoRisk == "" || ch.Risk != runbook.Reversible && ch.Risk != c.kind.MaxRisk {
			c.t.Errorf("change %+v", ch)
		}
		c.newer(back)
	}
	c.verify("before it is made", runbook.None)
	c.undo(false)
	c.verify("undone before it was made", runbook.None)
	same(c.t, "after a refused change and an undo of nothing", c.before.world().timeless(), c.picture().world().timeless())
	c.apply()
	if c.sample.final {
		c.undo(true)
		return
	}
	for range 2 {
		c.undo(false)
		if !c.sample.endless {
			c.verify("after undo", runbook.None)
		}
		same(c.t, "after undo", c.before.world().timeless(), c.picture().world().timeless())
		if got := c.units.states(); !maps.Equal(got, c.ran) {
			c.t.Errorf("after undo the services are %v, they were %v", got, c.ran)
		}
	}
}

// newer refuses a change that a newer version has written, and touches nothing.
func (c *conformance) newer(ch runbook.Change) {
	c.t.Helper()
	ch.V += 100
	_, verr := c.changer.Verify(c.t.Context(), ch, c.rec)
	for what, err := range map[string]error{
		"apply": c.changer.Apply(c.t.Context(), ch, c.rec), "undo": c.changer.Undo(c.t.Context(), ch, c.rec), "verify": verr,
	} {
		if !errors.Is(err, runbook.ErrNewer) {
			c.t.Errorf("%s of a newer %s: %v", what, ch.Op, err)
		}
	}
}

// apply makes the changes, and makes them again: twice is once.
func (c *conformance) apply() {
	c.t.Helper()
	for _, ch := range c.changes {
		if err := c.changer.Apply(c.t.Context(), ch, c.rec); err != nil {
			c.t.Fatalf("%s %s: %v", ch.Op, ch.Target, err)
		}
	}
	c.verify("after it is made", runbook.Done)
	after, jobs := c.picture(), len(c.units.jobs)
	if maps.Equal(after, c.before) && maps.Equal(c.units.states(), c.ran) && !c.sample.endless {
		c.t.Error("nothing has changed")
	}
	for _, ch := range c.changes {
		if err := c.changer.Apply(c.t.Context(), ch, c.rec); err != nil {
			c.t.Errorf("a second %s of %s: %v", ch.Op, ch.Target, err)
		}
	}
	c.verify("after it is made twice", runbook.Done)
	same(c.t, "after it is made twice", after, c.picture())
	if len(c.units.jobs) != jobs {
		c.t.Errorf("made twice, it asked the service manager again: %v", c.units.jobs[jobs:])
	}
	if again := c.planned(c.kind, c.with); len(again.Changes) > 0 && !c.sample.endless {
		c.t.Errorf("planned after it was made: %+v", again.Changes)
	}
}

func (c *conformance) undo(wantError bool) {
	c.t.Helper()
	for _, ch := range slices.Backward(c.changes) {
		if err := c.changer.Undo(c.t.Context(), ch, c.rec); (err != nil) != wantError {
			c.t.Errorf("undoing %s of %s: %v", ch.Op, ch.Target, err)
		}
	}
}

func (c *conformance) verify(when string, want runbook.State) {
	c.t.Helper()
	for _, ch := range c.changes {
		if got, err := c.changer.Verify(c.t.Context(), ch, c.rec); err != nil || got != want {
			c.t.Errorf("%s %s %s is %q, %v, want %q", ch.Op, ch.Target, when, got, err, want)
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	fine(t, err)
	return string(b)
}

// TestPlanOfTheRunbookChangesNothing: every step of the runbook is planned, services included, and nothing is touched, kept or asked of the
// service manager.
func TestPlanOfTheRunbookChangesNothing(t *testing.T) {
	for _, set := range [][]string{nil, {"sources=203.0.113.9,198.51.100.0/24", "accounts=taro@example.jp", "cause=a", "strategy=rename", "release=clean"}} {
		y := newYard(t)
		before, ran := y.picture(), y.units.states()
		j, err := y.a.job(y.w, "mail-abuse", bookFlags{set: set}, changeFlags{dryRun: true})
		fine(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // the runbook watches the queue for five; a plan does not
		defer cancel()
		if code := codeOf(y.a.perform(ctx, y.w, j)); code != exitFound && code != exitUndetermined {
			t.Errorf("exit %d", code)
		}
		same(t, "after a plan", before, y.picture())
		if got := y.units.states(); !maps.Equal(got, ran) || len(y.units.jobs) > 0 {
			t.Errorf("services are %v, they were %v; jobs %v", got, ran, y.units.jobs)
		}
	}
}
