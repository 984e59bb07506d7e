package book

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/mattn/go-runewidth"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
	"hikeshi/templates"
)

func builtin(t *testing.T, name string) *runbook.Runbook {
	t.Helper()
	data, err := templates.Runbook(name)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Load(name+".yaml", data, kinds())
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

var cells = &runewidth.Condition{StrictEmojiNeutral: true}

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
			got = append(got, "gate")
		}
	}
	want := []string{
		"service.status", "queue.scan", "relay.lint", // look
		"service.stop", "queue.quarantine", "relay.deny", "relay.deny",
		"queue.check", "relay.denied", "relay.denied", "gate", "gate",
		"queue.release", "service.start", "service.start", "service.status", "queue.scan",
	}
	if !slices.Equal(got, want) {
		t.Errorf("steps: %v\nwant   %v", got, want)
	}
	manual := ids(b, func(s runbook.Step) bool { return s.Manual != nil })
	if want := []string{"ours", "evidence", "cause", "name_sources", "account", "hole", "start_by_hand", "release_rest", "blocklists", "mailbox_read", "notices", "report", "later"}; !slices.Equal(manual, want) {
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
	if want := []string{"services", "backlog", "relay_file", "release", "verify_services", "verify_backlog"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestMailAbuseInputs(t *testing.T) {
	b := builtin(t, "mail-abuse")
	values, err := Bind(b, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "map[accounts:[] cause: release:own-domains settle:5m0s sources:[] strategy:auto]"
	if got := fmt.Sprint(values); got != want {
		t.Errorf("defaults %s, want %s", got, want)
	}
	_, err = Bind(b, []string{"cause=h", "settle=2s", "accounts=a@example.jp,b@example.jp", "sources=192.0.2.1", "strategy=rename", "release=clean"})
	if err != nil {
		t.Error(err)
	}
}

// conditions returns which steps are done, and what the gates and the denied sources are, with these inputs and facts.
func conditions(t *testing.T, set []string, facts map[string]any) (done []string, targets map[string]any, open map[string]bool) {
	t.Helper()
	b := builtin(t, "mail-abuse")
	inputs, err := Bind(b, set)
	if err != nil {
		t.Fatal(err)
	}
	v := expression.Values{Inputs: inputs, Facts: facts}
	targets, open = map[string]any{}, map[string]bool{}
	for _, s := range b.Steps {
		if s.When != nil {
			if yes, err := s.When.Eval(v); err != nil || yes != true {
				continue
			}
		}
		done = append(done, s.ID)
		if x := s.With["targets"].Expr; x != nil {
			if targets[s.ID], err = x.Eval(v); err != nil {
				t.Errorf("targets of %s: %v", s.ID, err)
			}
		}
		for i, g := range s.Gate {
			holds, err := g.That.Eval(v)
			open[s.ID] = err == nil && holds == true && (i == 0 || open[s.ID])
		}
	}
	return done, targets, open
}

func TestMailAbuseWithSources(t *testing.T) {
	facts := map[string]any{
		"stop": stopFacts{Units: []string{"epstdd.service", "epstrd.service"}, FoundRunning: []string{"epstdd.service", "epstrd.service"}}, "backlog": scanFacts{Messages: 600}, "check_queue": checkFacts{Whole: true, SetAside: true}, "check_denied": deniedFacts{Denied: true},
	}
	done, targets, open := conditions(t, []string{"sources=192.0.2.1,198.51.100.0/24", "cause=c"}, facts)
	for _, id := range []string{"cause", "name_sources", "deny_named", "check_named", "closed_named", "account", "start_by_hand"} {
		if slices.Contains(done, id) {
			t.Errorf("%s is done", id)
		}
	}
	want := []string{"192.0.2.1", "198.51.100.0/24"}
	if !reflect.DeepEqual(targets["deny"], want) || !reflect.DeepEqual(targets["check_denied"], want) || !open["closed"] {
		t.Errorf("targets %v, gates %v", targets, open)
	}
	for name, bad := range map[string]any{"check_queue": checkFacts{}, "check_denied": deniedFacts{Open: []string{"192.0.2.1"}}} {
		worse := map[string]any{"backlog": facts["backlog"], "check_queue": facts["check_queue"], "check_denied": facts["check_denied"]}
		worse[name] = bad
		if _, _, open := conditions(t, []string{"sources=192.0.2.1"}, worse); open["closed"] {
			t.Errorf("the gate is open with %s %+v", name, bad)
		}
	}
}

func TestMailAbuseWithoutSources(t *testing.T) {
	facts := map[string]any{
		"stop": stopFacts{Units: []string{"epstdd.service", "epstrd.service"}, FoundRunning: []string{"epstrd.service"}}, "backlog": scanFacts{Messages: 600}, "check_queue": checkFacts{Whole: true, SetAside: true}, "check_named": deniedFacts{Denied: true},
		"name_sources": runbook.ManualFacts{Answer: " 192.0.2.1 ,198.51.100.0/24,, -", ByHand: true},
	}
	done, targets, open := conditions(t, nil, facts)
	for _, id := range []string{"cause", "name_sources", "deny_named", "check_named", "closed_named", "account", "start_by_hand"} {
		if !slices.Contains(done, id) {
			t.Errorf("%s is not done", id)
		}
	}
	if slices.Contains(done, "deny") || slices.Contains(done, "closed") {
		t.Error("the steps for given sources are done")
	}
	want := []string{"192.0.2.1", "198.51.100.0/24"}
	if !reflect.DeepEqual(targets["deny_named"], want) || !reflect.DeepEqual(targets["check_named"], want) || !open["closed_named"] {
		t.Errorf("targets %v, gates %v", targets, open)
	}
	delete(facts, "name_sources") // nobody answered
	b := builtin(t, "mail-abuse")
	gate, _ := b.Step("closed_named")
	if got, err := gate.Gate[len(gate.Gate)-1].That.Eval(expression.Values{Facts: facts}); err == nil {
		t.Errorf("the gate is %v though nobody named a source", got)
	}
}

// Release asks for own domains only, and only if that is wanted.
func TestMailAbuseRelease(t *testing.T) {
	for set, want := range map[string][2]bool{"release=own-domains": {true, true}, "release=clean": {false, true}, "release=none": {false, false}} {
		done, _, _ := conditions(t, []string{set}, map[string]any{"stop": stopFacts{}, "name_sources": runbook.ManualFacts{Answer: "-"}})
		if got := [2]bool{slices.Contains(done, "release"), slices.Contains(done, "release_rest")}; got != want {
			t.Errorf("%s: release, release_rest done: %v, want %v", set, got, want)
		}
	}
	step, _ := builtin(t, "mail-abuse").Step("release")
	if step.With["own_domains"].Literal != true || len(step.With) != 1 {
		t.Errorf("release: %+v", step.With)
	}
}
