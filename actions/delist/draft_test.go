package delist

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

var night = time.Date(2026, 11, 21, 18, 0, 0, 0, time.UTC)

// A record is one incident in the making; its clock goes on by a minute with every record.
type record struct {
	runbook.Recorder
	heads []runbook.StepHead
	list  []runbook.Record
	texts map[string]string // of letters, by id
}

func (r *record) add(rec runbook.Record) {
	rec.Time = night.Add(time.Duration(len(r.list)+1) * time.Minute)
	r.list = append(r.list, rec)
}

func (r *record) step(id, uses, facts string) {
	r.heads = append(r.heads, runbook.StepHead{ID: id, Uses: uses})
	r.add(runbook.Record{Event: runbook.Ended, Step: id, Result: runbook.ResultDone, Facts: json.RawMessage(facts)})
}

func (r *record) change(id, kind string) {
	r.add(runbook.Record{Event: runbook.Planned, Step: runbook.StepOf(id), Plan: &runbook.StepPlan{Changes: []runbook.Change{{ID: id, Kind: kind, Op: kind[strings.Index(kind, ".")+1:]}}}})
	r.add(runbook.Record{Event: runbook.Intent, Change: id})
	r.add(runbook.Record{Event: runbook.Applied, Change: id, State: runbook.Done})
}

func (r *record) history(t *testing.T) *runbook.History {
	t.Helper()
	opening := runbook.Record{Event: runbook.Opened, Time: night, Opening: &runbook.Opening{Incident: "20261121-1800", Host: "mail1.example.jp", Steps: r.heads}}
	h, err := runbook.Fold(append([]runbook.Record{opening}, r.list...))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Draft is as a journal writes letters down.
func (r *record) Draft(l runbook.Letter, name string, text []byte) error {
	if r.texts == nil {
		r.texts = map[string]string{}
	}
	r.texts[l.ID] = string(text)
	l.Name = "drafts/" + name
	r.add(runbook.Record{Event: runbook.Drafted, Letter: &l, Evidence: &runbook.EvidenceRef{Name: "evidence/" + name, SHA256: hash(text)}})
	return nil
}

const listed = `{"state":"listed","named":true,"helo":"mail1.example.jp","hosts":[{"address":"192.0.2.25","names":["mail1.example.jp"],"state":"fine"}],"listings":[
 {"subject":"192.0.2.25","list":"psbl","name":"PSBL","zone":"psbl.example","tier":2,"answers":["127.0.0.2"],"text":"a trap \u001b[31mwas hit","at":"2026-11-21T18:20:00Z","health":"healthy",
  "routes":[{"answers":["127.0.0.2"],"way":"self-service","url":"https://psbl.example/<IP>","unverified":true,"needs":["ip","cause","fix"],"again":86400}]},
 {"subject":"192.0.2.25","list":"post","name":"Post","zone":"post.example","tier":2,"answers":["127.0.0.2"],"at":"2026-11-21T18:20:00Z","health":"healthy",
  "routes":[{"answers":["127.0.0.2"],"way":"email","email":["desk@post.example"],"language":"en","needs":["ip","cause","fix","prevention","contact"]}]},
 {"subject":"192.0.2.25","list":"lapse","name":"Lapse","zone":"lapse.example","tier":1,"answers":["127.0.0.2"],"at":"2026-11-21T18:20:00Z","health":"healthy",
  "routes":[{"answers":["127.0.0.2"],"way":"wait","expires":{"seconds":86400,"text":{"en":"24 hours after the last report"}}}]},
 {"subject":"192.0.2.25","list":"net","name":"Net","zone":"net.example","tier":2,"network":true,"answers":["127.0.0.2"],"at":"2026-11-21T18:20:00Z","health":"healthy",
  "routes":[{"answers":["127.0.0.2"],"way":"form","needs":["ip","fix"]}]},
 {"subject":"192.0.2.25","list":"far","name":"Far","zone":"far.example","tier":3,"answers":["127.0.0.2"],"at":"2026-11-21T18:20:00Z","health":"healthy","routes":[{"answers":["127.0.0.2"],"way":"form","needs":["ip"]}]}]}`

// ended is an incident that has ended well, with a queue as given.
func ended(queue string) *record {
	r := &record{}
	r.step("cause", "", `{"answer":"a"}`)
	r.step("name_accounts", "", `{"answer":"taro@example.jp"}`)
	r.change("stop.1", "service.stop")
	r.step("stop", "service.stop", `{"found_running":["d"]}`)
	r.change("lock.1", "account.lock")
	r.step("lock", "account.lock", `{"locked":["taro@example.jp"]}`)
	r.change("start.1", "service.start")
	r.step("start", "service.start", `{}`)
	r.step("watch", "evidence.watch", `{"known":true,"seconds":300}`)
	r.step("verify_services", "service.status", `{"running":["d"]}`)
	r.step("verify_backlog", "queue.scan", queue)
	r.step("holds", "", `null`)
	r.step("lists", "dnsbl.check", listed)
	return r
}

func env(t *testing.T) Env {
	t.Helper()
	programmes, err := os.ReadFile("../../templates/programmes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return Env{Words: os.DirFS("../../templates/letters"), Programmes: programmes, Clock: func() time.Time { return night.Add(2 * time.Hour) },
		Writer: casefile.Writer{Organisation: runbook.T("Example Inc.", "例示株式会社"), Name: runbook.T("A. Admin", "メール担当"), Email: "admin@example.jp", Domains: []string{"example.jp"}}}
}

func drafted(t *testing.T, e Env, r *record, w Wish) Result {
	t.Helper()
	res, err := e.Draft(r.history(t), w)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Keep(r); err != nil {
		t.Fatal(err)
	}
	return res
}

// TestGate: with spam in the queue no request is written, and why is said; what is forced is marked; what wants no request is told anyway.
func TestGate(t *testing.T) {
	r := ended(`{"messages":812,"over":true,"reason":"more than 500"}`)
	res := drafted(t, env(t), r, Wish{})
	f := res.Facts()
	if f.Open || len(f.Ready)+len(f.Incomplete)+len(f.NotReady) > 0 || len(f.Held) != 4 || len(r.texts) != 1 || r.texts["lapse@192.0.2.25"] == "" {
		t.Fatalf("%+v\n%v", f, r.texts)
	}
	text := fmt.Sprint(res.Findings(time.UTC))
	if !strings.Contains(text, "812 messages wait: more than 500") {
		t.Errorf("why it is shut is not said: %s", text)
	}
	f = drafted(t, env(t), r, Wish{Force: true, Language: "en"}).Facts()
	if d := cmp.Diff([]string{"psbl@192.0.2.25", "post@192.0.2.25", "net@192.0.2.25", "far@192.0.2.25"}, f.NotReady); d != "" {
		t.Error(d)
	}
	for id, text := range r.texts {
		if marked := strings.Contains(text, "NOT READY TO SEND"); marked != (id != "lapse@192.0.2.25") {
			t.Errorf("%s: marked %v\n%s", id, marked, text)
		}
		if strings.Contains(text, "The cause has been found and removed") {
			t.Errorf("%s claims what does not hold:\n%s", id, text)
		}
	}
}

// TestDrafts: each operator gets what it wants, in its own form; nothing that a draft must not hold is in it.
func TestDrafts(t *testing.T) {
	r := ended(`{"messages":12}`)
	res := drafted(t, env(t), r, Wish{})
	want := Facts{Known: true, Open: true, Ready: []string{"psbl@192.0.2.25"}, Incomplete: []string{"post@192.0.2.25", "net@192.0.2.25"}, NotReady: []string{}, Held: []string{"far@192.0.2.25"},
		Wait: []string{"lapse@192.0.2.25"}, Untested: []string{}, Due: []Due{{"lapse@192.0.2.25", night.Add(24*time.Hour + 5*time.Minute), "look"}}}
	if d := cmp.Diff(want, res.Facts()); d != "" {
		t.Error(d)
	}
	for id, parts := range map[string][]string{
		"psbl@192.0.2.25":  {"https://psbl.example/192.0.2.25\n", "nobody has checked this address", "127.0.0.2, 2026-11-21 18:20 UTC", "a trap ?[31mwas hit", "# IP address\n192.0.2.25\n", "password", "hikeshi delist sent 20261121-1800 psbl@192.0.2.25"},
		"post@192.0.2.25":  {"To: <desk@post.example>", "From: <admin@example.jp>", "X-Unsent: 1", "Subject: Request for removal of 192.0.2.25 from Post", "The cause has been found and removed.", "A. Admin", "[[FILL IN:"},
		"lapse@192.0.2.25": {"do not write about 192.0.2.25", "It should be gone by itself about 2026-11-22 18:05 UTC", "24 hours after the last report"},
		"net@192.0.2.25":   {"Subject: 192.0.2.25 is listed by Net: please ask for its removal", "owner of the network", "[[FILL IN: owner of the network]]"},
	} {
		for _, part := range parts {
			if !strings.Contains(strings.ReplaceAll(r.texts[id], "\r\n", "\n"), part) {
				t.Errorf("%s: no %q in\n%s", id, part, r.texts[id])
			}
		}
	}
	for id, text := range r.texts {
		for _, no := range []string{"taro", "/var/", "/usr/", "<no value>", "0001-", "\x1b"} {
			if strings.Contains(text, no) {
				t.Errorf("%s holds %q:\n%s", id, no, text)
			}
		}
	}
}

// TestAgain: a draft that says the same is not written again; what was sent is not asked again within its time, and is after it.
func TestAgain(t *testing.T) {
	e, r := env(t), ended(`{"messages":12}`)
	drafted(t, e, r, Wish{})
	n := len(r.list)
	if drafted(t, e, r, Wish{}); len(r.list) != n {
		t.Errorf("%d letters were written again", len(r.list)-n)
	}
	sent := night.Add(time.Hour)
	r.add(runbook.Record{Event: runbook.Sent, Letter: &runbook.Letter{ID: "psbl@192.0.2.25"}, At: &sent})
	f := drafted(t, e, r, Wish{}).Facts()
	if !slices.Contains(f.Held, "psbl@192.0.2.25") || !slices.Contains(f.Due, Due{"psbl@192.0.2.25", sent.Add(24 * time.Hour), "ask"}) {
		t.Errorf("%+v", f)
	}
	e.Clock = func() time.Time { return sent.Add(25 * time.Hour) }
	if f := drafted(t, e, r, Wish{}).Facts(); !slices.Contains(f.Ready, "psbl@192.0.2.25") {
		t.Errorf("after its time: %+v", f)
	}
}

// Withhold is as a journal does it.
func (r *record) Withhold(id, why string) error {
	r.add(runbook.Record{Event: runbook.Held, Letter: &runbook.Letter{ID: id}, Text: why})
	return nil
}

// TestHeldBack: what was drafted and may not be sent any more is held back, since the gate shut or the list let go, and comes back when it
// may be sent.
func TestHeldBack(t *testing.T) {
	e, r := env(t), ended(`{"messages":12}`)
	drafted(t, e, r, Wish{})
	state := func(id string) runbook.LetterState { return r.history(t).Letter(id).State }
	r.step("again", "queue.scan", `{"messages":900,"over":true,"reason":"more than 500"}`)
	drafted(t, e, r, Wish{Only: []string{"psbl"}})
	if state("psbl@192.0.2.25") != runbook.LetterHeld || state("post@192.0.2.25") != runbook.LetterIncomplete {
		t.Errorf("psbl %s, post %s", state("psbl@192.0.2.25"), state("post@192.0.2.25"))
	}
	if why := r.history(t).Letter("psbl@192.0.2.25").Why; !strings.Contains(why, "more than 500") {
		t.Errorf("held back since %q", why)
	}
	r.step("calm", "queue.scan", `{"messages":12}`)
	drafted(t, e, r, Wish{})
	if state("psbl@192.0.2.25") != runbook.LetterReady {
		t.Errorf("not drafted again: %s", state("psbl@192.0.2.25"))
	}
	r.step("gone", "dnsbl.check", `{"state":"clean","listings":[],"named":true,"hosts":[{"address":"192.0.2.25","state":"fine"}],"clear":["psbl","post","lapse","net","far"]}`)
	drafted(t, e, r, Wish{})
	if l := r.history(t).Letter("psbl@192.0.2.25"); l.State != runbook.LetterHeld || !strings.Contains(l.Why, "not listed there any more") {
		t.Errorf("%+v", l)
	}
}

// TestAskedElsewhere: what was sent in another incident is not asked again within its time.
func TestAskedElsewhere(t *testing.T) {
	e, r := env(t), ended(`{"messages":12}`)
	e.Asked = func(incident string) ([]*runbook.LetterHistory, error) {
		if incident != "20261121-1800" {
			t.Errorf("asked for others than %q", incident)
		}
		return []*runbook.LetterHistory{{Letter: runbook.Letter{ID: "psbl@192.0.2.25", Wait: 86400}, Sent: []runbook.Sending{{At: night.Add(time.Hour)}}}}, nil
	}
	if f := drafted(t, e, r, Wish{}).Facts(); !slices.Contains(f.Held, "psbl@192.0.2.25") {
		t.Errorf("%+v", f)
	}
}

// TestOnly: what is named is written, and a name that stands for nothing is refused.
func TestOnly(t *testing.T) {
	r := ended(`{"messages":12}`)
	if f := drafted(t, env(t), r, Wish{Only: []string{"psb", "post"}}).Facts(); len(f.Ready)+len(f.Incomplete) != 2 || len(f.Wait) != 0 {
		t.Errorf("%+v", f)
	}
	if _, err := env(t).Draft(r.history(t), Wish{Only: []string{"psbl", "sorbs"}}); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "sorbs") {
		t.Errorf("%v", err)
	}
	r.step("more", "dnsbl.check", `{"state":"partly","listings":[],"untested":["zen"],"clear":["sem"]}`)
	for id, says := range map[string]string{"zen": "could not be asked", "sem@192.0.2.25": "does not list", "nobody": "there is no request"} {
		if _, err := env(t).Draft(r.history(t), Wish{Only: []string{id}}); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// TestProgrammes: a refusal that points to a programme makes a request of it; one that speaks of no block makes none.
func TestProgrammes(t *testing.T) {
	r := ended(`{"messages":12}`)
	reply := func(blocking bool) string {
		return fmt.Sprintf(`{"replies":[{"domain":"example.com","example":"550 5.7.606 Access denied, banned sending IP [192.0.2.25]","codes":["5.7.606"],"names":[],"blocking":%v,"count":7,"first":"2026-11-21T18:01:00Z","last":"2026-11-21T18:04:00Z"}]}`, blocking)
	}
	r.step("refusals", "logs.refusals", reply(false))
	if f := drafted(t, env(t), r, Wish{}).Facts(); slices.ContainsFunc(f.Ready, func(id string) bool { return strings.HasPrefix(id, "microsoft") }) {
		t.Errorf("%+v", f)
	}
	r.step("refusals2", "logs.refusals", reply(true))
	drafted(t, env(t), r, Wish{})
	text := r.texts["microsoft-365@192.0.2.25"]
	for _, want := range []string{"https://sender.office.com/", "550 5.7.606 Access denied", "admin@example.jp"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestKind: in a plan nothing is known yet, in a run the record is read; a shut gate leaves the step open.
func TestKind(t *testing.T) {
	e := env(t)
	plan := func(in runbook.Input) (runbook.Outcome, error) {
		kinds := Kinds(e)
		i := slices.IndexFunc(kinds, func(k runbook.Kind) bool { return k.Name == "delist.draft" })
		return kinds[i].Action.Plan(t.Context(), in)
	}
	out, err := plan(runbook.Input{Planned: []runbook.Change{}, Rec: &record{}})
	if err != nil || len(out.Findings) != 1 || !out.ByHand.IsZero() {
		t.Errorf("%+v %v", out, err)
	}
	r := ended(`{"messages":812,"over":true}`)
	e.History = func(id string) (*runbook.History, error) {
		if id != "20261121-1800" {
			return nil, fs.ErrNotExist
		}
		return r.history(t), nil
	}
	if out, err = plan(runbook.Input{Incident: "20261121-1800", Rec: r}); err != nil || out.ByHand.IsZero() || out.Facts.(Facts).Open {
		t.Errorf("%+v %v", out, err)
	}
	r = ended(`{"messages":12}`)
	if out, err = plan(runbook.Input{Incident: "20261121-1800", With: json.RawMessage(`{"only":["psbl"],"language":"ja"}`), Rec: r}); err != nil || !out.ByHand.IsZero() || len(out.Facts.(Facts).Ready) != 1 {
		t.Errorf("%+v %v", out, err)
	}
	if text := r.texts["psbl@192.0.2.25"]; !strings.Contains(text, "パスワード") {
		t.Errorf("not in Japanese:\n%s", text)
	}
	e.History = func(string) (*runbook.History, error) { return nil, errors.New("torn") }
	if _, err = plan(runbook.Input{Rec: r}); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("%v", err)
	}
}

// TestNothing: nobody on a list, and nobody asked, are two things.
func TestNothing(t *testing.T) {
	r := &record{}
	last := func() runbook.Finding {
		f := drafted(t, env(t), r, Wish{}).Findings(time.UTC)
		return f[len(f)-1]
	}
	if f := last(); f.Level != runbook.Warn || !strings.Contains(f.Text.EN, "nobody has asked") {
		t.Errorf("%+v", f)
	}
	r.step("lists", "dnsbl.check", `{"state":"clean","listings":[]}`)
	if f := last(); f.Level != runbook.OK || !drafted(t, env(t), r, Wish{}).Facts().Clean {
		t.Errorf("%+v", f)
	}
	for _, c := range []struct{ facts, says string }{{`{"state":"partly","listings":[],"untested":["spamhaus-zen"]}`, "spamhaus-zen"}, {`{"state":"untested","listings":[],"untested":["spamhaus-zen"]}`, "no list could be asked"}} {
		r.step("more"+fmt.Sprint(len(r.list)), "dnsbl.check", c.facts)
		if f := last(); f.Level != runbook.Warn || !strings.Contains(f.Text.EN, c.says) || drafted(t, env(t), r, Wish{}).Facts().Clean {
			t.Errorf("%s: %+v", c.facts, f)
		}
	}
}

// TestNamedProgramme: a programme that the responder names is asked without a refusal in the logs; what is none, or takes no requests, is refused.
func TestNamedProgramme(t *testing.T) {
	r := ended(`{"messages":12}`)
	f := drafted(t, env(t), r, Wish{Programmes: []string{"cloudmark", "docomo", "kddi"}}).Facts()
	if !slices.Contains(f.Incomplete, "cloudmark@192.0.2.25") || !slices.Contains(f.Incomplete, "docomo@192.0.2.25") || !slices.Contains(f.Wait, "kddi@192.0.2.25") {
		t.Errorf("%+v", f)
	}
	if text := r.texts["docomo@192.0.2.25"]; strings.Contains(text, "listed") || !strings.Contains(text, "refuses mail from 192.0.2.25") {
		t.Errorf("docomo lists nobody:\n%s", text)
	}
	for _, id := range []string{"sorbs", "microsoft-snds"} {
		if _, err := env(t).Draft(r.history(t), Wish{Programmes: []string{id}}); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "cloudmark") {
			t.Errorf("%s: %v", id, err)
		}
	}
}
