package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"

	"hikeshi/actions/account"
	"hikeshi/actions/evidence"
	"hikeshi/actions/logs"
	"hikeshi/actions/queue"
	nodes "hikeshi/actions/queue/place"
	"hikeshi/actions/relay"
	"hikeshi/actions/service"
	"hikeshi/actions/smtpcheck/denied"
	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/expression"
	"hikeshi/templates"
)

func builtin(t *testing.T, name string) *runbook.Runbook {
	t.Helper()
	data, err := templates.Runbook(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := book.Load(name+".yaml", data, catalogue())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// texts returns every text of a runbook with the name of its place.
func texts(b *runbook.Runbook) map[string]runbook.Text {
	all := map[string]runbook.Text{"title": b.Title, "about": b.About}
	for _, in := range b.Inputs {
		all["input "+in.Name] = in.Title
	}
	for _, s := range b.Steps {
		for key, text := range map[string]runbook.Text{"title": s.Title, "why": s.Why, "cost": s.Cost, "fails": s.Fails, "undo": s.Back} {
			all[s.ID+" "+key] = text
		}
		if s.Manual != nil {
			all[s.ID+" text"] = s.Manual.Text
			for _, c := range s.Manual.Choices {
				all[s.ID+" choice "+c.Value] = c.Title
			}
		}
		for i, g := range s.Gate {
			all[fmt.Sprintf("%s condition %d", s.ID, i+1)] = g.Title
		}
	}
	return all
}

// Every text is there in both languages, in lines that stand beside their label on 80 columns: the labels take nine.
func TestBuiltInTexts(t *testing.T) {
	for _, name := range templates.Runbooks() {
		b := builtin(t, name)
		for place, text := range texts(b) {
			if text.EN == "" || text.JA == "" {
				t.Errorf("%s: %s is not there in both languages: %+v", name, place, text)
			}
			limit := 71
			switch {
			case strings.HasSuffix(place, " title"):
				limit = 46 // beside its number, phase, incident and elapsed time
			case place == "about":
				limit = 80
			}
			for _, line := range strings.Split(text.EN+"\n"+text.JA, "\n") {
				if n := cells.StringWidth(line); n > limit {
					t.Errorf("%s: %s: %d columns, more than %d: %s", name, place, n, limit, line)
				}
			}
			language(t, place, text)
		}
	}
}

// language finds a text in the wrong place and characters whose width differs between consoles.
func language(t *testing.T, place string, text runbook.Text) {
	t.Helper()
	japanese := func(s string) bool {
		return strings.ContainsFunc(s, func(r rune) bool {
			return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han)
		})
	}
	if japanese(text.EN) || !japanese(text.JA) && !strings.HasPrefix(text.JA, "`") {
		t.Errorf("%s: the languages are mixed up: %+v", place, text)
	}
	for _, r := range text.EN + text.JA {
		if runewidth.IsAmbiguousWidth(r) {
			t.Errorf("%s: %q has another width on other consoles: %+v", place, r, text)
		}
	}
}

func ids(b *runbook.Runbook, keep func(runbook.Step) bool) []string {
	var all []string
	for _, s := range b.Steps {
		if keep(s) {
			all = append(all, s.ID)
		}
	}
	return all
}

func TestMailAbuseOrder(t *testing.T) {
	b := builtin(t, "mail-abuse")
	var got []string
	for _, s := range b.Steps {
		if s.Uses != "" {
			got = append(got, s.Uses)
		} else if s.Gate != nil {
			got = append(got, "gate "+s.ID)
		}
	}
	want := []string{
		"service.status", "evidence.symptoms", "queue.scan", "relay.lint", "smtp.hygiene", "trace.received", "evidence.snapshot", // look
		"service.stop", "notice.draft", "queue.nodes", "queue.blocks", "queue.quarantine", "logs.suspects", "logs.logins", "evidence.cause", "evidence.unnamed", // stop and keep
		"account.audit", "account.lock", "account.rename", "account.clean", "relay.fix", "relay.door", "settings.set", "relay.deny", "relay.hard", "settings.set", "settings.set", // close
		"account.check", "relay.door", "queue.check", "relay.denied", "gate closed",
		"queue.release", "queue.release", "service.start", "evidence.watch", "service.stop", "gate quiet", "service.start", // come back
		"service.status", "queue.scan", "account.check", "relay.door", "smtp.denied", "smtp.relaytest", "smtp.hygiene", "gate holds",
		"notice.draft", "logs.timeline", "logs.refusals", "dnsbl.check", "delist.draft", "logs.access", "notice.draft", // tell and learn
	}
	if !slices.Equal(got, want) {
		t.Errorf("steps: %v\nwant   %v", got, want)
	}
	manual := ids(b, func(s runbook.Step) bool { return s.Manual != nil })
	if want := []string{"ours", "first_notice", "nodes_down", "cause", "name_accounts", "name_sources", "others", "by_hand", "name_guessers", "unseen", "start_by_hand", "unwell", "release_rest", "new_passwords", "forwards", "restored_notice", "blocklists", "mailbox_read", "legal", "notices", "report", "later"}; !slices.Equal(manual, want) {
		t.Errorf("manual steps: %v\nwant          %v", manual, want)
	}
	phases := []runbook.Phase{runbook.Identify, runbook.Contain, runbook.Eradicate, runbook.Recover, runbook.Learn}
	last := 0
	for _, s := range b.Steps {
		p := slices.Index(phases, s.Phase)
		if p < last {
			t.Errorf("step %s goes back to %s", s.ID, s.Phase)
		}
		last = p
	}
}

// What only looks, or only puts good mail back, must not keep the damage from being stopped nor the services from coming back.
func TestMailAbuseGoesOnPastSmallErrors(t *testing.T) {
	b := builtin(t, "mail-abuse")
	got := ids(b, func(s runbook.Step) bool { return s.OnError == runbook.OnErrorContinue })
	want := []string{"services", "symptoms", "backlog", "relay_file", "hygiene", "traced", "snapshot", "words", "blocks", "who", "guesses", "causes", "unnamed", "door_now", "demand_login", "cut", "logs_on", "lockouts", "release", "release_all", "verify_services", "verify_backlog", "verify_accounts", "verify_door", "verify_denied", "relay_test", "hygiene_after", "words_back", "timeline", "refusals", "lists", "requests", "read_out", "reports"}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMailAbuseInputs(t *testing.T) {
	b := builtin(t, "mail-abuse")
	values, err := book.Bind(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "map[accounts:[] cause: complaint: guessers:[] nodes: release:own-domains reviewed: settle:5m0s sources:[] strategy:auto watch:5m0s]"
	if got := fmt.Sprint(values); got != want {
		t.Errorf("defaults %s, want %s", got, want)
	}
	_, err = book.Bind(b, []string{"cause=h", "settle=2s", "watch=2s", "accounts=a@example.jp,b@example.jp", "sources=192.0.2.1", "strategy=rename", "release=clean", "nodes=stopped", "reviewed=jiro: a newsletter, asked by telephone"})
	if err != nil {
		t.Error(err)
	}
}

// abuse is the runbook at work on facts that a test makes up.
type abuse struct {
	t     *testing.T
	book  *runbook.Runbook
	facts map[string]any
	set   map[string]any
}

func newAbuse(t *testing.T, cause string, set ...string) *abuse {
	t.Helper()
	a := &abuse{t: t, book: builtin(t, "mail-abuse")}
	var err error
	if a.set, err = book.Bind(a.book, append(set, "cause="+cause)); err != nil {
		t.Fatal(err)
	}
	a.facts = map[string]any{
		"ours": runbook.ManualFacts{Answer: "ours"}, "cause": runbook.ManualFacts{Answer: cause}, "name_accounts": runbook.ManualFacts{Answer: " taro , hanako@example.jp,, -"},
		"name_sources": runbook.ManualFacts{Answer: "203.0.113.9"}, "nodes_down": runbook.ManualFacts{Answer: "single"}, "by_hand": runbook.ManualFacts{Answer: "not needed"},
		"check_accounts": account.CheckFacts{Closed: true, Living: true}, "door": relay.DoorFacts{}, "check_queue": queue.CheckFacts{Whole: true, SetAside: true, Room: true},
		"check_denied": relay.DeniedFacts{Denied: true}, "backlog": queue.ScanFacts{Messages: 600}, "watch": evidence.WatchFacts{Known: true}, "audit": account.AuditFacts{},
		"unnamed": evidence.UnnamedFacts{}, "others": runbook.ManualFacts{Answer: "none"}, "door_now": relay.DoorFacts{}, "nodes": nodes.Facts{},
		"stop": service.StopFacts{FoundRunning: []string{"epstrd.service"}}, "verify_services": service.StatusFacts{Running: []string{"epstrd.service"}},
		"verify_accounts": account.CheckFacts{Closed: true}, "verify_door": relay.DoorFacts{}, "verify_denied": denied.Facts{Open: []string{}}, "relay_test": relaytest.Facts{}, "hygiene_after": hygiene.Facts{},
	}
	return a
}

func (a *abuse) step(id string) runbook.Step {
	a.t.Helper()
	s, ok := a.book.Step(id)
	if !ok {
		a.t.Fatalf("there is no step %s", id)
	}
	return s
}

func (a *abuse) eval(x *expression.Program) any {
	a.t.Helper()
	v, err := x.Eval(expression.Values{Inputs: a.set, Facts: a.facts})
	if err != nil {
		a.t.Fatalf("%s: %v", x.Source(), err)
	}
	return v
}

// done says whether a step is done at all; one that depends on a step that was not done is left open.
func (a *abuse) done(id string) bool {
	when := a.step(id).When
	if when == nil {
		return true
	}
	v, err := when.Eval(expression.Values{Inputs: a.set, Facts: a.facts})
	return err == nil && v == true
}

// shut is the first condition of a gate that does not hold, counted from 1; 0 if it opens.
func (a *abuse) shut(gate string) int {
	for i, c := range a.step(gate).Gate {
		if a.eval(c.That) != true {
			return i + 1
		}
	}
	return 0
}

// Each cause closes what it came through, and nothing else.
func TestMailAbuseBranches(t *testing.T) {
	for cause, want := range map[string]string{"a": "lock clean fix_relay", "b": "rename fix_relay", "c": "fix_relay", "d": "", "e": "", "f": "", "g": "clean", "h": ""} {
		a := newAbuse(t, cause)
		var done []string
		for _, id := range []string{"lock", "rename", "clean", "fix_relay"} {
			if a.done(id) {
				done = append(done, id)
			}
		}
		if got := strings.Join(done, " "); got != want {
			t.Errorf("cause %s: %s, want %s", cause, got, want)
		}
		for _, id := range []string{"audit", "lock", "rename", "clean", "check_accounts"} {
			if got := fmt.Sprint(a.eval(a.step(id).With["accounts"].Expr)); got != "[taro hanako@example.jp]" {
				t.Errorf("cause %s, step %s: accounts %s", cause, id, got)
			}
		}
		if a.done("release") == (cause == "h") || a.done("release_all") != (cause == "h") {
			t.Errorf("cause %s: releases %v %v", cause, a.done("release"), a.done("release_all"))
		}
		byHand := a.eval(a.step("by_hand").Manual.Given) == ""
		if byHand != strings.Contains("defg", cause) {
			t.Errorf("cause %s: asked for deeds by hand: %v", cause, byHand)
		}
	}
	a := newAbuse(t, "b")
	a.facts["audit"] = account.AuditFacts{Manual: []string{"taro@example.jp"}}
	if a.eval(a.step("by_hand").Manual.Given) != "" {
		t.Error("an account that only the console can rename is not asked for")
	}
}

// The gate holds back whatever is missing, one condition each.
func TestMailAbuseGate(t *testing.T) {
	if n := newAbuse(t, "a").shut("closed"); n != 0 {
		t.Fatalf("condition %d does not hold", n)
	}
	for want, missing := range map[int]map[string]any{
		1:  {"cause": runbook.ManualFacts{}},
		2:  {"check_accounts": account.CheckFacts{Closed: false, Living: true}},
		3:  {"others": runbook.ManualFacts{}, "unnamed": evidence.UnnamedFacts{Sources: []string{"203.0.113.9"}, Count: 1}},
		4:  {"door": relay.DoorFacts{Open: true}},
		5:  {"by_hand": runbook.ManualFacts{}},
		6:  {"check_denied": relay.DeniedFacts{}},
		7:  {"check_queue": queue.CheckFacts{SetAside: true, Room: true}},
		8:  {"check_queue": queue.CheckFacts{Whole: true, Room: true}},
		9:  {"check_queue": queue.CheckFacts{Whole: true, SetAside: true}},
		10: {"nodes_down": runbook.ManualFacts{}},
	} {
		a := newAbuse(t, "a")
		for id, f := range missing {
			a.facts[id] = f
		}
		if got := a.shut("closed"); got != want {
			t.Errorf("%+v: condition %d shuts the gate, want %d", missing, got, want)
		}
	}
	a := newAbuse(t, "b") // nobody was named
	a.facts["check_accounts"] = account.CheckFacts{Closed: true}
	if got := a.shut("closed"); got != 2 {
		t.Errorf("no account named: condition %d", got)
	}
	for _, f := range []evidence.WatchFacts{{Known: false}, {Known: true, Outside: 1}} {
		a.facts["watch"], a.facts["unseen"] = f, runbook.ManualFacts{}
		if a.shut("quiet") != 1 || a.done("stop_again") != (f.Outside > 0) {
			t.Errorf("watch %+v: the gate opens, or delivery goes on", f)
		}
		a.facts["unseen"] = runbook.ManualFacts{Answer: "looked at outlog for ten minutes"}
		if opens := a.shut("quiet") == 0; opens != (f.Outside == 0) || (a.eval(a.step("unseen").Manual.Given) == "") == f.Known {
			t.Errorf("watch %+v, and somebody has looked: opens %v", f, opens)
		}
	}
	a.facts["stop"] = service.StopFacts{Units: []string{"epstdd.service"}, FoundRunning: []string{}}
	if a.done("watch") || a.done("quiet") {
		t.Error("watched though nothing ran before, and nothing was started")
	}
	a.facts["stop"] = service.StopFacts{} // nobody can tell
	if !a.done("watch") || !a.done("quiet") {
		t.Error("not watched where nobody can tell what ran")
	}
}

// Who stands out and was not named has to be answered for, by an input or by the responder; an answer is not asked for without need.
func TestMailAbuseOthers(t *testing.T) {
	a := newAbuse(t, "a")
	if got := a.eval(a.step("others").Manual.Given); got != "none" {
		t.Errorf("nobody stands out: %q", got)
	}
	a.facts["unnamed"] = evidence.UnnamedFacts{Accounts: []string{"jiro@example.jp"}, Count: 1}
	if got := a.eval(a.step("others").Manual.Given); got != "" {
		t.Errorf("jiro stands out: %q", got)
	}
	a = newAbuse(t, "a", "reviewed=jiro: a newsletter")
	delete(a.facts, "unnamed")
	if got := a.eval(a.step("others").Manual.Given); got != "jiro: a newsletter" {
		t.Errorf("answered for: %q", got)
	}
}

// The cause is weighed with the passwords that the step before has found guessed, and with no other count of failures.
func TestMailAbuseGuessed(t *testing.T) {
	a := newAbuse(t, "a")
	a.facts["guesses"] = logs.LoginsFacts{FoundNames: []string{"hana@example.jp"}}
	if got := fmt.Sprint(a.eval(a.step("causes").With["guessed"].Expr)); got != "[hana@example.jp]" {
		t.Errorf("guessed: %s", got)
	}
}

// Nodes that were answered for at the start are not asked about.
func TestMailAbuseNodes(t *testing.T) {
	for set, want := range map[string]string{"nodes=stopped": "stopped", "nodes=single": "single", "watch=1s": ""} {
		a := newAbuse(t, "a", set)
		a.facts["nodes"] = nodes.Facts{Shared: true}
		if got := a.eval(a.step("nodes_down").Manual.Given); got != want {
			t.Errorf("%s: %q, want %q", set, got, want)
		}
	}
}

// The settings are offered where they alone let strangers in.
func TestMailAbuseDemandsALogin(t *testing.T) {
	for cause, want := range map[string]bool{"a": true, "b": true, "d": true, "h": false} {
		a := newAbuse(t, cause)
		if a.done("demand_login") {
			t.Errorf("cause %s: done without need", cause)
		}
		a.facts["door_now"] = relay.DoorFacts{Open: true, Undemanded: true}
		if a.done("demand_login") != want {
			t.Errorf("cause %s: done %v", cause, !want)
		}
	}
}

// What is not well in the end stops the run, unless the responder answers for it.
func TestMailAbuseHolds(t *testing.T) {
	for want, bad := range map[int]map[string]any{
		0: {},
		1: {"verify_accounts": account.CheckFacts{}},
		2: {"verify_door": relay.DoorFacts{Open: true}},
		3: {"verify_denied": denied.Facts{Open: []string{"203.0.113.9"}}},
		4: {"relay_test": relaytest.Facts{Strangers: 1}},
		5: {"verify_services": service.StatusFacts{Running: []string{"epstdd.service"}}},
	} {
		a := newAbuse(t, "a")
		for id, f := range bad {
			a.facts[id] = f
		}
		if asked := a.eval(a.step("unwell").Manual.Given) == ""; asked != (want > 0) {
			t.Errorf("%+v: asked %v", bad, asked)
		}
		a.facts["unwell"] = runbook.ManualFacts{}
		if got := a.shut("holds"); got != want {
			t.Errorf("%+v: condition %d shuts the gate, want %d", bad, got, want)
		}
		a.facts["unwell"] = runbook.ManualFacts{Answer: "a test account"}
		if got := a.shut("holds"); got != 0 {
			t.Errorf("%+v: answered for, and condition %d shuts the gate", bad, got)
		}
	}
	for f, want := range map[*hygiene.Facts]bool{{Worse: 2, SideEffects: 2}: false, {Worse: 3, SideEffects: 2}: true} {
		a := newAbuse(t, "a")
		a.facts["hygiene_after"] = *f
		if asked := a.eval(a.step("unwell").Manual.Given) == ""; asked != want || a.shut("holds") != 0 {
			t.Errorf("%d of %d worse are side effects: asked %v", f.SideEffects, f.Worse, asked)
		}
	}
	a := newAbuse(t, "a") // nothing was stopped, and no manager can be asked
	a.facts["stop"] = service.StopFacts{FoundRunning: []string{}}
	delete(a.facts, "verify_services")
	delete(a.facts, "unwell")
	if got := a.shut("holds"); got != 0 || a.eval(a.step("unwell").Manual.Given) != "not needed" {
		t.Errorf("without services: condition %d", got)
	}
}

// What follows a step that is left out because it was not us is left out as well, not left open.
func TestMailAbuseForgedLeavesNothingOpen(t *testing.T) {
	a := newAbuse(t, "h")
	a.facts = map[string]any{"ours": runbook.ManualFacts{Answer: "not_us"}, "cause": runbook.ManualFacts{Answer: "h"}}
	for _, s := range a.book.Steps {
		if s.When == nil {
			continue
		}
		if v, err := s.When.Eval(expression.Values{Inputs: a.set, Facts: a.facts}); err != nil || v != false {
			t.Errorf("step %s: %v, %v", s.ID, v, err)
		}
	}
}

// Not us: nothing that changes anything is done.
func TestMailAbuseNotUs(t *testing.T) {
	a := newAbuse(t, "h")
	a.facts = map[string]any{"ours": runbook.ManualFacts{Answer: "not_us"}, "cause": runbook.ManualFacts{Answer: "h"}}
	kinds := catalogue()
	for _, s := range a.book.Steps {
		_, changes := kinds[s.Uses].Changer()
		if (changes || s.Gate != nil) && a.done(s.ID) {
			t.Errorf("step %s is done though it is not us", s.ID)
		}
	}
}

// The built-in runbooks print within 80 columns, but for long expressions.
func TestChecklistOfBuiltInsIsNarrow(t *testing.T) {
	for _, name := range templates.Runbooks() {
		b := builtin(t, name)
		for _, lang := range []string{"en", "ja"} {
			list := book.Checklist(b, lang)
			for _, line := range strings.Split(list, "\n") {
				if cells.StringWidth(line) > 80 && !strings.Contains(line, "${") && !strings.Contains(line, "facts.") && !strings.Contains(line, "inputs.") {
					t.Errorf("%s: %d columns: %s", name, cells.StringWidth(line), line)
				}
				if strings.TrimRight(line, " ") != line {
					t.Errorf("%s: blanks at the end of %q", name, line)
				}
			}
			for _, s := range b.Steps {
				if !strings.Contains(list, "  "+s.Title.In(lang)+"\n") {
					t.Errorf("%s: step %s is not in the list", name, s.ID)
				}
			}
		}
	}
}
