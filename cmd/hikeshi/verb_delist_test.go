package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/dnsbl"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

// A desk is a state folder with an incident that has ended well, and a configuration that asks no resolver.
type desk struct {
	t     *testing.T
	state string
	id    string
	now   time.Time
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, state: t.TempDir(), now: evening}
	fine(t, os.WriteFile(filepath.Join(d.state, "config.yaml"), []byte("dns: {resolvers: [\"127.0.0.1:1\"]}\ncontact:\n  organisation: {en: Example Inc., ja: 例示株式会社}\n  name: {en: Mail Desk, ja: メール担当}\n  email: desk@example.jp\n"), 0o600))
	h, _ := listedEverywhere(t)
	s := journal.Store{State: d.state, Clock: func() time.Time { return d.now }}
	o := h.Opening
	o.Root = d.state
	jr, err := journal.Create(s, o, []byte("format: 1\n"))
	fine(t, err)
	defer jr.Close()
	for _, r := range h.Records[1:] {
		d.now = r.Time
		fine(t, jr.Append(r))
	}
	d.id, d.now = jr.ID(), d.now.Add(time.Hour)
	return d
}

// run runs a command line and returns its exit code and what it wrote.
func (d *desk) run(args ...string) (code int, stdout, stderr string) {
	d.t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: func() time.Time { return d.now }, getenv: func(string) string { return "" }}
	code = a.execute(d.t.Context(), append([]string{"--config", filepath.Join(d.state, "config.yaml"), "--state", d.state, "--root", d.state, "--lang", "en"}, args...))
	return code, out.String(), errs.String()
}

func (d *desk) letters() map[string]letterRow {
	d.t.Helper()
	code, out, _ := d.run("delist", "list", d.id, "--output", "json")
	var doc lettersDocument
	if err := json.Unmarshal([]byte(out), &doc); code != exitOK || err != nil || doc.Kind != "letters" || doc.Incident != d.id {
		d.t.Fatalf("%d %v %s", code, err, out)
	}
	rows := map[string]letterRow{}
	for _, l := range doc.Letters {
		rows[l.ID] = l
	}
	return rows
}

// TestDelistWorkflow: draft, edit, send, write it down, ask again: as a responder does it over days. The record proves all of it.
func TestDelistWorkflow(t *testing.T) {
	d := newDesk(t)
	code, out, errs := d.run("delist", "draft", d.id, "--no-look")
	if code != exitOK || !strings.Contains(out, "psbl@192.0.2.25: ready, values for a form (tier 2; not asked yet;") || !strings.Contains(out, "spamcop@192.0.2.25: do not write; expires by itself about") {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	for l := range strings.Lines(out) {
		if cells.StringWidth(l) > width+1 && !strings.Contains(l, d.state) {
			t.Errorf("more than %d columns: %s", width, l)
		}
	}
	letters := d.letters()
	psbl := letters["psbl@192.0.2.25"]
	if len(letters) < 20 || psbl.State != runbook.LetterReady || len(psbl.Sent) != 0 || psbl.Again != nil || letters["spamcop@192.0.2.25"].Until == nil {
		t.Fatalf("%+v", letters)
	}
	// Again without a change: nothing new lies there.
	before, err := os.ReadDir(filepath.Dir(psbl.File))
	fine(t, err)
	if code, _, _ := d.run("delist", "draft", "--no-look"); code != exitOK {
		t.Errorf("again: %d", code)
	}
	if after, err := os.ReadDir(filepath.Dir(psbl.File)); err != nil || len(after) != len(before) {
		t.Errorf("%d drafts lie there, %d before: %v", len(after), len(before), err)
	}
	// Sent as edited; the waiting time begins.
	fine(t, os.WriteFile(psbl.File, []byte("what was really sent"), 0o600))
	if code, out, errs := d.run("delist", "sent", d.id, "psbl", "--note", "by the form"); code != exitOK || !strings.Contains(out, "recorded in incident "+d.id) {
		t.Fatalf("%d %s %s", code, out, errs)
	}
	if l := d.letters()["psbl@192.0.2.25"]; len(l.Sent) != 1 || l.Again == nil || !l.Again.After(d.now) {
		t.Errorf("%+v", l)
	}
	kept, err := filepath.Glob(filepath.Join(d.state, "incidents", d.id, "evidence", "sent-psbl*"))
	if text, rerr := os.ReadFile(append(kept, "")[0]); err != nil || rerr != nil || string(text) != "what was really sent" {
		t.Errorf("what was sent is not kept: %v %v %q", err, rerr, text)
	}
	if _, out, _ = d.run("delist", "draft", d.id, "--no-look", "--only", "psbl"); !strings.Contains(strings.Join(strings.Fields(out), " "), "not again before") {
		t.Errorf("asked again within its time: %s", out)
	}
	d.now = d.now.Add(30 * 24 * time.Hour)
	if _, out, _ = d.run("delist", "draft", d.id, "--no-look", "--only", "psbl"); !strings.Contains(out, "psbl@192.0.2.25: ready") {
		t.Errorf("not asked again after its time: %s", out)
	}
	if text, err := os.ReadFile(psbl.File); err != nil || string(text) != "what was really sent" {
		t.Errorf("the edited draft was changed: %v %s", err, text)
	}
	if code, out, _ := d.run("verify", d.id); code != exitOK {
		t.Errorf("the record is not as it was written: %s", out)
	}
}

// TestDelistSentAsIs: a text with gaps was not sent as it lies there, unless the person says so; another file may have been.
func TestDelistSentAsIs(t *testing.T) {
	d := newDesk(t)
	if code, _, _ := d.run("delist", "draft", d.id, "--no-look"); code != exitOK {
		t.Fatal(code)
	}
	whole := filepath.Join(d.state, "sent.txt")
	fine(t, os.WriteFile(whole, []byte("complete"), 0o600))
	if l := d.letters()["surbl-multi@example.jp"]; l.State != runbook.LetterIncomplete {
		t.Fatalf("%+v", l)
	}
	for _, c := range []struct {
		args string
		code int
	}{{"", exitUsage}, {"--file " + whole, exitOK}, {"--as-is", exitOK}} {
		if code, _, errs := d.run(append([]string{"delist", "sent", d.id, "surbl-multi"}, strings.Fields(c.args)...)...); code != c.code {
			t.Errorf("%q: %d %s", c.args, code, errs)
		}
	}
	if _, _, errs := d.run("delist", "sent", d.id, "surbl-multi", "--as-is"); !strings.Contains(errs, "already") {
		t.Errorf("sent again within its time, and no word of it: %s", errs)
	}
}

// TestDelistRefuses: what cannot be meant is refused, with what to do, and records nothing.
func TestDelistRefuses(t *testing.T) {
	d := newDesk(t)
	if code, _, _ := d.run("delist", "draft", d.id, "--no-look"); code != exitOK {
		t.Fatal(code)
	}
	head := func() string { _, out, _ := d.run("verify", d.id, "--output", "json"); return out }
	was := head()
	for _, c := range []struct{ args, says string }{
		{"delist sent " + d.id + " spamhaus", "may be any of"}, {"delist sent " + d.id + " nobody", "no letter"}, {"delist sent " + d.id, "requires at least 2"},
		{"delist sent " + d.id + " spamcop", "nothing is to be sent"}, {"delist sent " + d.id + " psbl --at 2099-01-01T00:00:00Z", "future"}, {"delist sent " + d.id + " psbl --at noon", "no time"}, {"delist sent " + d.id + " psbl --at 2020-01-01T00:00:00Z", "before the incident"},
		{"delist sent " + d.id + " psbl sem-black --file x", "one letter"}, {"delist sent " + d.id + " psbl --file /nowhere", "reading what was sent"},
		{"delist draft " + d.id + " --in fr", "en or ja"}, {"delist draft " + d.id + " --no-look --only sorbs", "sorbs"}, {"delist draft nothing", "nothing"},
		{"delist draft a..b", "neither an address nor a domain"}, {"delist draft one two", "accepts at most 1"},
	} {
		if code, out, errs := d.run(strings.Fields(c.args)...); code != exitUsage || !strings.Contains(errs, c.says) {
			t.Errorf("%s: %d %s%s", c.args, code, out, errs)
		}
	}
	if head() != was {
		t.Error("a refusal was recorded")
	}
}

// TestDelistGateShut: while the queue is full nothing is drafted and the verb says so; forced, it is marked.
func TestDelistGateShut(t *testing.T) {
	d := newDesk(t)
	s := journal.Store{State: d.state, Clock: func() time.Time { return d.now }}
	jr, err := journal.Open(s, d.id)
	fine(t, err)
	fine(t, jr.Append(runbook.Record{Event: runbook.Looked, Kind: "queue.scan", Facts: json.RawMessage(`{"messages":1200,"over":true,"reason":"1200 messages, more than 500"}`)}))
	fine(t, jr.Close())
	code, out, _ := d.run("delist", "draft", d.id, "--no-look")
	if code != exitStopped || !strings.Contains(strings.Join(strings.Fields(out), " "), "does not hold: the queue is clean (1200 messages wait: 1200 messages, more than 500)") {
		t.Errorf("%d %s", code, out)
	}
	for id, l := range d.letters() {
		if l.State != runbook.LetterNone {
			t.Errorf("%s was drafted: %s", id, l.State)
		}
	}
	code, out, _ = d.run("delist", "draft", d.id, "--no-look", "--force", "--only", "psbl", "--output", "json")
	var doc draftsDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitOK || doc.Open || len(doc.Drafts) != 1 || doc.Drafts[0].State != runbook.LetterNotReady {
		t.Fatalf("%d %v %s", code, err, out)
	}
	if text, err := os.ReadFile(doc.Drafts[0].File); err != nil || !strings.Contains(string(text), "NOT READY TO SEND") {
		t.Errorf("%v %s", err, text)
	}
}

// TestDelistLooks: without --no-look the lists are asked anew, and what was found stands in the record; where none answers nothing is known.
func TestDelistLooks(t *testing.T) {
	d := newDesk(t)
	code, out, _ := d.run("delist", "draft", d.id)
	text := strings.Join(strings.Fields(out), " ")
	if code != exitStopped || !strings.Contains(text, "no list could be asked: whether the server is listed is unknown") || strings.Contains(text, "nothing to ask") {
		t.Errorf("%d %s", code, out)
	}
	s := journal.Store{State: d.state, Clock: time.Now}
	h, err := history(s, d.id)
	fine(t, err)
	var f dnsbl.Facts
	if len(h.Looks) != 1 || h.Looks[0].Kind != "dnsbl.check" || json.Unmarshal(h.Looks[0].Facts, &f) != nil || f.State != "untested" {
		t.Errorf("%+v", h.Looks)
	}
	// An address that no incident names has one of its own, whose record proves nothing.
	code, out, _ = d.run("delist", "draft", "192.0.2.25", "--output", "json")
	var doc draftsDocument
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != exitUndetermined || doc.Incident == d.id || doc.Open || len(doc.Drafts) != 0 || len(doc.Untested) == 0 {
		t.Errorf("%d %v %s", code, err, out)
	}
}

// TestRequestsDue: what waits for somebody is told until it is sent, comes up again after its time, and is over once the list no longer
// names the server.
func TestRequestsDue(t *testing.T) {
	d := newDesk(t)
	if code, _, _ := d.run("delist", "draft", d.id, "--no-look"); code != exitOK {
		t.Fatal(code)
	}
	s := journal.Store{State: d.state, Clock: func() time.Time { return d.now }}
	due := func(id string) string {
		t.Helper()
		h, err := history(s, d.id)
		fine(t, err)
		for _, r := range requestsOf(d.id, h) {
			if r.ID == id {
				return r.Do + " " + r.Due.Format(time.RFC3339)
			}
		}
		return ""
	}
	if got := due("psbl@192.0.2.25"); !strings.HasPrefix(got, "send ") {
		t.Errorf("drafted: %q", got)
	}
	if got := due("spamcop@192.0.2.25"); got != "look 2026-11-22T22:05:00Z" {
		t.Errorf("expires: %q", got)
	}
	d.now = d.now.Add(time.Minute)
	if code, _, errs := d.run("delist", "sent", d.id, "psbl"); code != exitOK {
		t.Fatal(errs)
	}
	if got := due("psbl@192.0.2.25"); got != "ask "+d.now.Add(72*time.Hour).UTC().Format(time.RFC3339) {
		t.Errorf("sent: %q", got)
	}
	jr, err := journal.Open(s, d.id)
	fine(t, err)
	defer jr.Close()
	for _, c := range []struct{ facts, want string }{{`{"untested":["psbl"],"clear":[]}`, "ask"}, {`{"listings":[{"list":"psbl","subject":"192.0.2.25"}]}`, "ask"}, {`{"clear":["psbl"]}`, ""}} {
		d.now = d.now.Add(time.Minute)
		fine(t, jr.Append(runbook.Record{Event: runbook.Looked, Kind: "dnsbl.check", Facts: json.RawMessage(c.facts)}))
		if got, _, _ := strings.Cut(due("psbl@192.0.2.25"), " "); got != c.want {
			t.Errorf("%s: %q, want %q", c.facts, got, c.want)
		}
	}
	report := func(lang string) string {
		_, out, _ := d.run("report", d.id, "--format", "md", "--lang", lang)
		return strings.ReplaceAll(out, `\`, "")
	}
	if text := report("en"); !strings.Contains(text, "Letters") || !strings.Contains(text, "psbl@192.0.2.25]: sent") || !strings.Contains(text, "sent: Passive Spam Block List [psbl@192.0.2.25]") {
		t.Errorf("the report does not tell of the letters:\n%s", text)
	}
	if _, out, _ := d.run("report", d.id, "--handover"); !strings.Contains(out, "spamcop@192.0.2.25 should be gone by itself at") {
		t.Errorf("the hand-over does not tell of what is due:\n%s", out)
	}
}

// TestGlances: all that is looked at before requests are written on a server is asked in a way that its kinds take.
func TestGlances(t *testing.T) {
	y := newYard(t)
	h := endedWell(t, dnsbl.Facts{})
	all := glancesFor(y.w, h, nil, evening.Add(26*time.Hour))
	var kinds []string
	for _, g := range all {
		kinds = append(kinds, g.kind)
		with, err := json.Marshal(g.with)
		fine(t, err)
		if _, err := y.w.kinds[g.kind].Action.Plan(t.Context(), runbook.Input{Incident: "x", Step: "look", With: with, Rec: y.rec}); err != nil {
			t.Errorf("%s %s: %v", g.kind, with, err)
		}
	}
	if got := strings.Join(kinds, " "); got != "queue.scan service.status logs.refusals logs.suspects logs.timeline dnsbl.check" {
		t.Errorf("looked at %s", got)
	}
}
