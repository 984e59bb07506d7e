package casefile

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
)

// record is the record of an incident in the making. Its clock goes on by a minute with every record.
type record struct {
	t     *testing.T
	heads []runbook.StepHead
	list  []runbook.Record
}

func at(minute int) time.Time { return time.Date(2026, 11, 21, 18, minute, 0, 0, time.UTC) }

func (r *record) add(rec runbook.Record) {
	rec.Time = at(len(r.list) + 1)
	r.list = append(r.list, rec)
}

// step is a step that ended; manual ones have no kind.
func (r *record) step(id, uses string, result runbook.Result, facts string) {
	r.heads = append(r.heads, runbook.StepHead{ID: id, Uses: uses, Manual: uses == ""})
	r.add(runbook.Record{Event: runbook.Ended, Step: id, Result: result, Facts: json.RawMessage(facts)})
}

func (r *record) answer(id, text string) {
	facts, err := json.Marshal(runbook.ManualFacts{Answer: text})
	if err != nil {
		r.t.Fatal(err)
	}
	r.step(id, "", runbook.ResultDone, string(facts))
}

// change is a change of a step that was made, before the step ends.
func (r *record) change(id, kind string, undo runbook.Risk) {
	r.add(runbook.Record{Event: runbook.Planned, Step: runbook.StepOf(id), Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: id, Kind: kind, Op: kind[strings.Index(kind, ".")+1:], UndoRisk: undo}}}})
	r.add(runbook.Record{Event: runbook.Intent, Change: id})
	r.add(runbook.Record{Event: runbook.Applied, Change: id, State: runbook.Done})
}

func (r *record) read() Case {
	r.t.Helper()
	opening := runbook.Record{Event: runbook.Opened, Time: at(0), Opening: &runbook.Opening{Incident: "20261121-0300", Host: "mail1.example.jp", Steps: r.heads}}
	h, err := runbook.Fold(append([]runbook.Record{opening}, r.list...))
	if err != nil {
		r.t.Fatal(err)
	}
	c, err := Read(h)
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// TestNothing: of an incident that tells nothing, nothing is known, and that is never a zero that looks like a count.
func TestNothing(t *testing.T) {
	r := &record{t: t}
	want := Case{Incident: "20261121-0300", Host: "mail1.example.jp", Opened: at(0)}
	if d := cmp.Diff(want, r.read()); d != "" {
		t.Error(d)
	}
	r.step("timeline", "logs.timeline", runbook.ResultDone, `{"of":"all","messages":812,"first":"2026-11-21T01:00:00Z"}`)
	r.step("status", "service.status", runbook.ResultSkipped, `{"running":[]}`)
	r.step("name_accounts", "", runbook.ResultSkipped, `{"answer":"taro"}`)
	if d := cmp.Diff(want, r.read()); d != "" {
		t.Errorf("all mail of a server, and steps that were left out, tell of abuse: %s", d)
	}
}

// TestWhole reads all there is to read.
func TestWhole(t *testing.T) {
	r := &record{t: t}
	r.answer("cause", "a")
	r.answer("name_accounts", "taro@example.jp, hanako,taro@example.jp")
	r.answer("name_sources", "203.0.113.9,-,198.51.100.0/24")
	r.step("who", "logs.suspects", runbook.ResultDone, `{"source_names":["203.0.113.9","192.0.2.66"]}`)
	r.change("stop.1", "service.stop", runbook.Reopening) // made at 18:07
	r.step("stop", "service.stop", runbook.ResultDone, `{"units":["r","d"],"found_running":["r","d"]}`)
	r.step("aside", "queue.quarantine", runbook.ResultDone, `{"messages":2928}`)
	r.change("lock.1", "account.lock", runbook.Reopening)
	r.change("lock.2", "account.lock", runbook.Reopening)
	r.step("lock", "account.lock", runbook.ResultDone, `{"locked":["taro@example.jp","hanako@example.jp"]}`)
	r.change("deny.1", "relay.deny", runbook.Reopening)
	r.step("deny", "relay.deny", runbook.ResultDone, `{"denied":["203.0.113.9"]}`)
	r.change("lockouts.1", "settings.set", runbook.Reversible)
	r.step("lockouts", "settings.set", runbook.ResultDone, `{"set":["AuthLockOut=1"]}`)
	r.change("start.1", "service.start", runbook.Reversible)
	r.step("start", "service.start", runbook.ResultDone, `{"started":["d"]}`)
	r.step("watch", "evidence.watch", runbook.ResultDone, `{"outside":0,"known":true,"seconds":300}`)
	r.step("services", "service.status", runbook.ResultDone, `{"running":["d"],"stopped":["r"],"barred":["x"]}`)
	r.step("backlog", "queue.scan", runbook.ResultDone, `{"messages":12,"over":false,"senders":["jiro@example.jp"]}`)
	r.step("timeline", "logs.timeline", runbook.ResultDone, `{"of":"named","messages":2930,"separated":true,"first":"2026-11-21T17:25:00Z","peak":"2026-11-21T17:40:00Z","last":"2026-11-21T18:07:00Z","steps":[{"recipients":800},{"recipients":38}]}`)
	r.step("lists", "dnsbl.check", runbook.ResultDone, `{"state":"listed","named":true,"hosts":[{"address":"192.0.2.25","names":["mail1.example.jp"],"state":"fine"}],"listings":[{"list":"psbl","subject":"192.0.2.25","tier":2,"routes":[{"way":"self-service","needs":["ip"]}]}]}`)
	r.answer("mailbox_read", "unknown")
	r.add(runbook.Record{Event: runbook.Looked, Kind: "queue.scan", Facts: json.RawMessage(`{"messages":3}`)})
	c := r.read()
	n := func(x int64) *int64 { return &x }
	// What is compared by itself below is left out here.
	lists, queue := c.Lists, c.Queue
	c.Lists, c.Queue = nil, nil
	want := Case{
		Incident: "20261121-0300", Host: "mail1.example.jp", Opened: at(0), First: at(-35), Peak: at(-20), Last: at(7), Messages: n(2930), Recipients: n(838), Sources: n(3),
		Cause: "a", Accounts: []string{"taro@example.jp", "hanako"}, Stopped: at(7), Started: at(27), Aside: n(2928),
		Fixes: []Measure{{"passwords", 2, at(15)}, {"denied", 1, at(19)}}, Guards: []Measure{{"lockouts", 0, at(23)}},
		Services: &Services{Down: []string{"r"}, At: c.Services.At}, Watch: &Watch{Known: true, Seconds: 300, At: c.Watch.At}, MailboxRead: "unknown",
	}
	if d := cmp.Diff(want, c); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
	if queue.Messages != 3 || len(queue.Senders) != 0 || !queue.At.Equal(r.list[len(r.list)-1].Time) {
		t.Errorf("a later look at the queue was not taken: %+v", queue)
	}
	if lists.State != "listed" || !lists.Named || lists.Listings[0].Routes[0].Needs[0] != "ip" {
		t.Errorf("%+v", lists)
	}
}

// TestUnknownCounts: a count that the logs could not tell stays unknown, and so does one of which a part is.
func TestUnknownCounts(t *testing.T) {
	r := &record{t: t}
	r.step("timeline", "logs.timeline", runbook.ResultDone, `{"of":"named","messages":null,"first":"2026-11-21T17:25:00Z"}`)
	if c := r.read(); c.Messages != nil || !c.First.IsZero() {
		t.Errorf("%+v", c)
	}
	r.step("again", "logs.timeline", runbook.ResultDone, `{"of":"suspects","messages":3,"first":"2026-11-21T17:25:00Z","steps":[{"recipients":4},{"recipients":null}]}`)
	if c := r.read(); c.Messages == nil || c.Recipients != nil || !c.Mixed {
		t.Errorf("%+v", c)
	}
}

// TestTakenBack: what was undone closes nothing any more, and the case knows that a door was opened; starting mail again is no such door.
func TestTakenBack(t *testing.T) {
	r := &record{t: t}
	r.change("stop.1", "service.stop", runbook.Reopening)
	r.step("stop", "service.stop", runbook.ResultDone, `{"found_running":["d"]}`)
	r.change("lock.1", "account.lock", runbook.Reopening)
	r.step("lock", "account.lock", runbook.ResultDone, `{"locked":["taro"]}`)
	for _, id := range []string{"stop.1", "lock.1"} {
		r.add(runbook.Record{Event: runbook.UndoIntent, Change: id})
		r.add(runbook.Record{Event: runbook.Undone, Change: id})
		if c := r.read(); c.Reopened.IsZero() != (id == "stop.1") {
			t.Errorf("after the undoing of %s: reopened %s", id, c.Reopened)
		}
	}
	if c := r.read(); len(c.Fixes) != 0 || !c.Stopped.IsZero() {
		t.Errorf("%+v", c)
	}
}

// TestByHand: what a person did by hand counts as done, with the time at which it was said.
func TestByHand(t *testing.T) {
	r := &record{t: t}
	r.step("stop", "service.stop", runbook.ResultByHand, ``)
	r.answer("cause", "d")
	r.answer("by_hand", "the form was switched off, see ticket of customer@example.com")
	r.answer("new_passwords", "taro,hanako")
	c := r.read()
	if d := cmp.Diff([]Measure{{"hand_d", 0, at(3)}}, c.Fixes); d != "" || !c.Stopped.Equal(at(1)) {
		t.Errorf("%s %s", d, c.Stopped)
	}
	if d := cmp.Diff([]Measure{{"owners", 2, at(4)}}, c.Guards); d != "" {
		t.Error(d)
	}
	r = &record{t: t}
	r.answer("cause", "a")
	r.answer("by_hand", "not needed")
	if c := r.read(); len(c.Fixes) != 0 {
		t.Errorf("%+v", c.Fixes)
	}
}

// TestGateByWord: the last gate that was opened by a word of the responder proves nothing.
func TestGateByWord(t *testing.T) {
	for answer, want := range map[string]bool{"not needed": true, "it is meant so": false} {
		r := &record{t: t}
		r.answer("unwell", answer)
		r.step("holds", "", runbook.ResultDone, "")
		if got := !r.read().Holds.IsZero(); got != want {
			t.Errorf("%s: holds %v, want %v", answer, got, want)
		}
	}
}

// TestStillListed: an entry that was seen stays until its list answers again; a list that could not be asked has not let go.
func TestStillListed(t *testing.T) {
	r := &record{t: t}
	seen := func() (all []string) {
		for _, l := range r.read().Lists.Listings {
			all = append(all, l.List+"@"+l.Subject)
		}
		return all
	}
	r.step("lists", "dnsbl.check", runbook.ResultDone, `{"state":"listed","listings":[{"list":"zen","subject":"192.0.2.25"},{"list":"psbl","subject":"192.0.2.25"},{"list":"sem","subject":"192.0.2.25"}]}`)
	look := func(facts string) {
		r.add(runbook.Record{Event: runbook.Looked, Kind: "dnsbl.check", Facts: json.RawMessage(facts)})
	}
	look(`{"state":"listed","listings":[{"list":"sem","subject":"192.0.2.26"}],"untested":["zen"],"clear":["psbl"]}`)
	if d := cmp.Diff([]string{"sem@192.0.2.26", "zen@192.0.2.25"}, seen()); d != "" {
		t.Error(d)
	}
	look(`{"state":"untested","listings":[],"untested":["zen","sem"],"clear":[]}`)
	if c := r.read(); len(c.Lists.Listings) != 2 || c.Lists.State != "untested" {
		t.Errorf("%+v", c.Lists)
	}
	look(`{"state":"clean","listings":[],"clear":["zen","sem","psbl"]}`)
	if got := seen(); len(got) != 0 {
		t.Errorf("still listed: %v", got)
	}
}

// TestNow: what was seen since the start counts, and a later look that could not tell is no proof of what was seen before.
func TestNow(t *testing.T) {
	r := &record{t: t}
	r.change("start.1", "service.start", runbook.Reversible)
	r.step("start", "service.start", runbook.ResultDone, `{}`)
	r.step("verify_services", "service.status", runbook.ResultDone, `{"running":["d"]}`)
	r.step("verify_backlog", "queue.scan", runbook.ResultDone, `{"messages":10}`)
	if c := r.read(); c.Queue.Unknown || c.Services.Unknown || c.Queue.Before != nil {
		t.Fatalf("%+v %+v", c.Queue, c.Services)
	}
	r.add(runbook.Record{Event: runbook.Looked, Kind: "service.status", Text: "no service manager"})
	r.add(runbook.Record{Event: runbook.Looked, Kind: "queue.scan", Facts: json.RawMessage(`{"messages":310}`)})
	r.add(runbook.Record{Event: runbook.Looked, Kind: "logs.suspects", Facts: json.RawMessage(`{"accounts":[{"name":"newthief","level":"suspect","last":"2026-11-21T19:30:00Z"},
		{"name":"before","level":"suspect","last":"2026-11-21T17:30:00Z"},{"name":"perhaps","level":"hint","last":"2026-11-21T19:30:00Z"}]}`)})
	c := r.read()
	if !c.Services.Unknown || c.Queue.Messages != 310 || c.Queue.Before == nil || *c.Queue.Before != 10 {
		t.Errorf("%+v %+v", c.Queue, c.Services)
	}
	if len(c.Suspects) != 1 || c.Suspects[0].Name != "newthief" {
		t.Errorf("%+v", c.Suspects)
	}
	r.add(runbook.Record{Event: runbook.Looked, Kind: "queue.scan", Error: "no permission"})
	if c := r.read(); !c.Queue.Unknown {
		t.Errorf("%+v", c.Queue)
	}
}

// TestTightened: a rule that was added to the relay settings confesses no open line.
func TestTightened(t *testing.T) {
	for fixed, want := range map[string]string{`{"fixed":0}`: "tightened", `{"fixed":2}`: "relay"} {
		r := &record{t: t}
		r.change("fix_relay.1", "relay.fix", runbook.Reopening)
		r.step("fix_relay", "relay.fix", runbook.ResultDone, fixed)
		if c := r.read(); len(c.Fixes) != 1 || c.Fixes[0].What != want {
			t.Errorf("%s: %+v", fixed, c.Fixes)
		}
	}
}

// TestStrange: facts that make no sense are an error, not a guess.
func TestStrange(t *testing.T) {
	r := &record{t: t}
	r.step("lists", "dnsbl.check", runbook.ResultDone, `{"listings":7}`)
	h, err := runbook.Fold(append([]runbook.Record{{Event: runbook.Opened, Opening: &runbook.Opening{Steps: r.heads}}}, r.list...))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := Read(h); err == nil || c.Lists != nil {
		t.Errorf("%v %+v", err, c.Lists)
	}
}

func TestStamp(t *testing.T) {
	tokyo := time.FixedZone("JST", 9*3600)
	for _, c := range []struct {
		hour int
		zone *time.Location
		want string
	}{{18, tokyo, "2026-11-22 03:00 JST (2026-11-21 18:00 UTC)"}, {2, tokyo, "2026-11-21 11:00 JST (02:00 UTC)"}, {2, time.UTC, "2026-11-21 02:00 UTC"}} {
		if got := Stamp(time.Date(2026, 11, 21, c.hour, 0, 0, 0, time.UTC), c.zone); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
