package book

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
)

const whole = `format: 1
name: our-book
title: {en: Our book, ja: 手順書}
about:
  en: |
    Two
    lines.
inputs:
  - name: sources
    type: strings
    title: {en: whom}
  - {name: settle, type: duration, default: 5m, title: {en: how long}}
  - {name: strategy, type: choice, choices: [auto, move], default: auto, title: {en: how}}
  - {name: limit, type: int, default: 3, title: {en: how many}}
  - {name: force, type: bool, default: false, title: {en: force}}
  - {name: cause, type: choice, choices: [a, b], title: {en: why}}
steps:
  - id: look
    phase: identify
    title: {en: look, ja: 見る}
    why: {en: to know}
    cost: {en: nothing}
    fails: {en: never}
    undo: {en: nothing to undo}
    uses: queue.scan
    with: {exact: true, watch: "${inputs.settle}"}
    timeout: 90s
    retries: 2
    on_error: ask
  - id: ours
    title: {en: ours}
    manual: {text: {en: is it us}, ask: choice, required: true, choices: [{value: yes_it_is, title: {en: ours}}, {value: no_it_is, title: {en: not ours}}]}
  - id: aside
    phase: contain
    title: {en: set aside}
    when: facts.look.over and facts.ours.answer == "yes_it_is"
    uses: queue.quarantine
    with:
      strategy: ${inputs.strategy}
      senders: ${facts.look.senders}
      limit: 5
  - id: deny
    title: {en: refuse}
    for_each: inputs.sources
    confirm: each
    uses: relay.deny
    with: {targets: "${[item]}", review: 720h}
  - id: closed
    title: {en: closed}
    gate:
      - {title: {en: all added}, that: "all(facts.deny, .added > 0)"}
  - id: done
    title: {en: done}
    uses: relay.denied
    with: {targets: [192.0.2.1, "198.51.100.0/24"]}
`

func TestLoad(t *testing.T) {
	b, err := Load("our.yaml", []byte(whole), kinds())
	if err != nil {
		t.Fatal(err)
	}
	if b.Name != "our-book" || b.Title != runbook.T("Our book", "手順書") || b.About != runbook.T("Two\nlines.", "") || string(b.Source) != whole || b.Format != 1 {
		t.Errorf("head: %+v", b)
	}
	wantInputs := []runbook.InputDef{
		{Name: "sources", Type: runbook.Strings, Title: runbook.T("whom", "")},
		{Name: "settle", Type: runbook.Duration, Default: 5 * time.Minute, Title: runbook.T("how long", "")},
		{Name: "strategy", Type: runbook.Choice, Choices: []string{"auto", "move"}, Default: "auto", Title: runbook.T("how", "")},
		{Name: "limit", Type: runbook.Int, Default: 3, Title: runbook.T("how many", "")},
		{Name: "force", Type: runbook.Bool, Default: false, Title: runbook.T("force", "")},
		{Name: "cause", Type: runbook.Choice, Choices: []string{"a", "b"}, Title: runbook.T("why", "")},
	}
	if diff := cmp.Diff(wantInputs, b.Inputs); diff != "" {
		t.Error(diff)
	}
	if len(b.Steps) != 6 {
		t.Fatalf("%d steps", len(b.Steps))
	}
	look := b.Steps[0]
	if look.Timeout != 90*time.Second || look.Retries != 2 || look.OnError != runbook.OnErrorAsk || look.Phase != runbook.Identify || look.With["exact"].Literal != true {
		t.Errorf("look: %+v", look)
	}
	if look.Why.EN+look.Cost.EN+look.Fails.EN+look.Back.EN != "to knownothingnevernothing to undo" || look.Title.JA != "見る" {
		t.Errorf("texts: %+v", look)
	}
	if m := b.Steps[1].Manual; m == nil || m.Ask != runbook.AskChoice || !m.Required || len(m.Choices) != 2 || m.Choices[1].Value != "no_it_is" {
		t.Errorf("manual: %+v", m)
	}
	aside, deny := b.Steps[2], b.Steps[3]
	if !reflect.DeepEqual(aside.When.Steps(), []string{"look", "ours"}) || aside.OnError != runbook.OnErrorStop || aside.Confirm != runbook.ConfirmOnce || aside.With["limit"].Literal != 5 {
		t.Errorf("aside: %+v", aside)
	}
	if deny.Confirm != runbook.ConfirmEach || deny.With["review"].Literal != "720h0m0s" || deny.ForEach == nil {
		t.Errorf("deny: %+v", deny)
	}
	if got := b.Steps[5].With["targets"].Literal; !reflect.DeepEqual(got, []string{"192.0.2.1", "198.51.100.0/24"}) {
		t.Errorf("targets: %v", got)
	}
}

// The programs of a loaded runbook work on the values of Bind and the facts of its kinds.
func TestProgramsOfALoadedRunbook(t *testing.T) {
	b, err := Load("our.yaml", []byte(whole), kinds())
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := Bind(b, []string{"sources=192.0.2.1,192.0.2.2"})
	if err != nil {
		t.Fatal(err)
	}
	v := expression.Values{Inputs: inputs, Item: "192.0.2.9", Facts: map[string]any{
		"look": scanFacts{Over: true, Senders: []string{"a"}}, "ours": runbook.ManualFacts{Answer: "yes_it_is"}, "deny": []denyFacts{{Added: 1}, {Added: 0}},
	}}
	for _, c := range []struct {
		program *expression.Program
		want    any
	}{
		{b.Steps[0].With["watch"].Expr, "5m0s"},
		{b.Steps[2].When, true},
		{b.Steps[2].With["strategy"].Expr, "auto"},
		{b.Steps[2].With["senders"].Expr, []string{"a"}},
		{b.Steps[3].ForEach, []string{"192.0.2.1", "192.0.2.2"}},
		{b.Steps[3].With["targets"].Expr, []string{"192.0.2.9"}},
		{b.Steps[4].Gate[0].That, false},
	} {
		if got, err := c.program.Eval(v); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s = %v, %v, want %v", c.program.Source(), got, err, c.want)
		}
	}
}

// mistakes returns line: text of everything wrong in text.
func mistakes(t *testing.T, text string) []string {
	t.Helper()
	_, err := Load("f.yaml", []byte(text), kinds())
	if err == nil {
		return nil
	}
	var m *Mistakes
	if !errors.As(err, &m) {
		t.Fatalf("%v is no *Mistakes", err)
	}
	lines := strings.Split(text, "\n")
	var all []string
	for _, x := range m.List {
		if x.Line > 0 && !strings.HasPrefix(lines[x.Line-1], strings.TrimSuffix(x.Excerpt, "...")) {
			t.Errorf("excerpt %q is not line %d", x.Excerpt, x.Line)
		}
		all = append(all, fmt.Sprintf("%d: %s", x.Line, x.Text))
	}
	return all
}

// compare checks that got are the mistakes wanted, each once, by the beginning of their text.
func compare(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("missing: %s", want[i])
		case i >= len(want):
			t.Errorf("too much: %s", got[i])
		case !strings.HasPrefix(got[i], want[i]):
			t.Errorf("got  %s\nwant %s", got[i], want[i])
		}
	}
}

func TestTenDifferentMistakes(t *testing.T) {
	const text = `format: 1
name: Bad Name
title: {ja: 題}
inputs:
  - {name: settle, type: duration, default: soon, title: {en: how long}}
steps:
  - id: look
    tilte: {en: look}
    title: {en: look}
    uses: queue.scann
  - id: deny
    title: {en: refuse}
    uses: relay.deny
    with: {targts: [192.0.2.1], targets: 192.0.2.1}
  - id: deny
    title: {en: again}
    when: facts.aside.messages > 0
    uses: service.stop
    with: {timeout: "5"}
  - id: aside
    title: {en: aside}
    uses: queue.quarantine
    with: {strategy: "${inputs.settle}"}
  - id: gate
    title: {en: gate}
    gate:
      - {title: {en: holds}, that: facts.aside.messages}
`
	want := []string{
		`2: name "Bad Name" must match`,
		`3: en is missing; write en: and the English text`,
		`5: default: a duration such as 90s, 5m or 720h (units: s, m, h; no days) is wanted, and here is the text "soon"`,
		`8: unknown key "tilte"; did you mean "title"?`,
		`10: there is no kind "queue.scann"; did you mean "queue.scan"?`,
		`14: relay.deny has no parameter "targts"; did you mean "targets"?`,
		`14: targets: a list of texts is wanted, and here is the text "192.0.2.1"`,
		`15: id "deny" stands here again; it stands first in line 11`,
		`17: step "aside" comes later`,
		`19: timeout: a duration such as`,
		`23: strategy: this gives a duration where a text is wanted`,
		`27: this gives a whole number where true or false is wanted`,
	}
	compare(t, mistakes(t, text), want)
}

// changed returns whole with one text replaced.
func changed(t *testing.T, old, new string) string {
	t.Helper()
	if strings.Count(whole, old) != 1 {
		t.Fatalf("%q stands %d times in the runbook", old, strings.Count(whole, old))
	}
	return strings.Replace(whole, old, new, 1)
}

func TestEachMistake(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"no format", "format: 1\n", "", []string{`1: format is missing; write format: 1`}},
		{"newer format", "format: 1", "format: 2", []string{`1: format 2 is newer than this version of hikeshi, which reads 1`}},
		{"format 0", "format: 1", "format: 0", []string{`1: there is no format 0`}},
		{"no name", "name: our-book\n", "", []string{`1: name is missing`}},
		{"name of a number", "name: our-book", "name: 5", []string{`2: a text is wanted, and here is the number 5`}},
		{"no title", "title: {en: Our book, ja: 手順書}\n", "", []string{`1: title is missing`}},
		{"title without keys", "title: {en: Our book, ja: 手順書}", "title: Our book", []string{`3: keys with values are wanted, and here is the text "Our book"`}},
		{"title in another language", "title: {en: Our book, ja: 手順書}", "title: {en: Our book, fr: Livre}", []string{`3: unknown key "fr"; there are en, ja`}},
		{"title of two lines", "title: {en: Our book, ja: 手順書}", `title: {en: "Our\nbook"}`, []string{`3: a title is one line`}},
		{"title of a choice of two lines", "{en: not ours}", `{en: not ours, ja: "a\nb"}`, []string{`32: a title is one line`}},
		{"choice of two words", "choices: [a, b]", `choices: [a b, ""]`, []string{`16: choice "a b" is not one word`, `16: choice "" is not one word`}},
		{"empty English", "title: {en: Our book, ja: 手順書}", `title: {en: " "}`, []string{`3: the English text is empty`}},
		{"unknown key", "about:", "abaut:", []string{`4: unknown key "abaut"; did you mean "about"?`}},
		{"no steps", "", "", nil},

		{"input without a type", "    type: strings\n", "", []string{`9: type is missing`}},
		{"input of an unknown type", "type: strings", "type: list", []string{`10: type "list" is none of string, strings, bool, int, duration, choice`}},
		{"input twice", "name: settle", "name: sources", []string{`12: input "sources" stands here again; it stands first in line 9`, `26: watch: there is no input "settle"`}},
		{"input with a bad name", "name: limit", "name: Limit", []string{`14: name "Limit" must match`}},
		{"int without default", "type: int, default: 3", "type: int", []string{`14: default is missing`}},
		{"bool default", "default: false", "default: no", []string{`15: default: true or false is wanted, and here is the text "no"`}},
		{"int default", "default: 3", `default: "3"`, []string{`14: default: a whole number is wanted, and here is the text "3"`}},
		{"choice default", "default: auto", "default: autp", []string{`13: default: "autp" is none of auto, move; did you mean "auto"?`}},
		{"default with an expression", "type: int, default: 3", `type: string, default: "${inputs.cause}"`, []string{`14: default: there can be no ${…} here`}},
		{"choice without choices", "choices: [a, b], title", "title", []string{`16: choices is missing`}},
		{"no choices", "choices: [a, b]", "choices: []", []string{`16: there are no choices`}},
		{"choice twice", "choices: [a, b]", "choices: [a, a]", []string{`16: choice "a" stands here again; it stands first in line 16`}},
		{"choices of an int", "type: int, default: 3", "type: int, default: 3, choices: [a]", []string{`14: only an input of type choice has choices`}},
		{"choices of numbers", "choices: [a, b]", "choices: [1, b]", []string{`16: a text is wanted, and here is the number 1`}},

		{"no id", "  - id: look\n    phase", "  - phase", []string{`18: id is missing`, `35: there is no earlier step "look"`, `39: senders: there is no earlier step "look"`}},
		{"bad id", "id: closed", "id: closed-now", []string{`48: id "closed-now" must match`}},
		{"bad id that is used", "id: look", "id: Look", []string{`18: id "Look" must match`, `36: there is no earlier step "look"`, `40: senders: there is`}},
		{"id twice", "id: done", "id: look", []string{`52: id "look" stands here again; it stands first in line 18`}},
		{"unknown phase", "phase: contain", "phase: contian", []string{`34: phase "contian" is none of identify, contain, eradicate, recover, learn; did you mean "contain"?`}},
		{"no title of a step", "    title: {en: look, ja: 見る}\n", "", []string{`18: title is missing`}},
		{"nothing to do", "    gate:\n      - {title: {en: all added}, that: \"all(facts.deny, .added > 0)\"}\n", "", []string{`48: uses is missing; write one of uses, manual and gate`}},
		{"two things to do", "    gate:\n", "    uses: queue.check\n    gate:\n", []string{`48: a step has one of uses, manual and gate; this one has uses and gate`}},
		{"unknown kind", "uses: relay.denied", "uses: relay.refused", []string{`54: there is no kind "relay.refused"`}},
		{"kind that is nothing like it", "uses: relay.denied", "uses: format.disk", []string{`54: there is no kind "format.disk"; there are queue.check, queue.quarantine`}},
		{"unknown parameter", "exact: true", "exat: true", []string{`26: queue.scan has no parameter "exat"; did you mean "exact"?`}},
		{"parameter of a kind that has none", "uses: queue.quarantine\n", "uses: queue.check\n", []string{
			`39: queue.check has no parameter "strategy"; it has none`, `40: queue.check has no parameter "senders"`, `41: queue.check has no parameter "limit"`}},
		{"missing parameter", "    with: {targets: [192.0.2.1, \"198.51.100.0/24\"]}\n", "", []string{`54: parameter targets of relay.denied is missing; write with: {targets: strings}`}},
		{"parameter twice", "exact: true", "exact: true, exact: true", []string{`26: key "exact" stands here again`}},
		{"bool parameter", "exact: true", "exact: yes", []string{`26: exact: true or false is wanted, and here is the text "yes"`}},
		{"int parameter", "limit: 5", "limit: 5.5", []string{`41: limit: a whole number is wanted, and here is the number 5.5`}},
		{"duration parameter", "review: 720h", "review: 30 days", []string{`47: review: a duration such as`}},
		{"negative duration parameter", "review: 720h", "review: -720h", []string{`47: review: a duration such as`}},
		{"choice parameter", "strategy: ${inputs.strategy}", "strategy: copy", []string{`39: strategy: "copy" is none of auto, move, rename`}},
		{"list parameter with a number", `targets: [192.0.2.1, "198.51.100.0/24"]`, "targets: [192]", []string{`55: targets: entry 1: a text is wanted, and here is the number 192`}},
		{"expression in a list", `targets: [192.0.2.1, "198.51.100.0/24"]`, `targets: [192.0.2.1, "${inputs.cause}"]`, []string{`55: targets: entry 2: a ${…} gives the whole list`}},
		{"choice that cannot be", "choices: [auto, move]", "choices: [auto, move, copy]", []string{`39: strategy: input strategy can be "copy", and strategy is one of auto, move, rename`}},
		{"choice that can be empty", "default: auto, ", "", []string{`39: strategy: input strategy has no default and can be empty`}},
		{"text for a choice", "type: choice, choices: [auto, move], default: auto", "type: string", []string{`39: strategy: input strategy can be any text`}},
		{"unknown input", "${inputs.settle}", "${inputs.setle}", []string{`26: watch: there is no input "setle"; did you mean "settle"? (at character 10)`}},
		{"unknown fact", "${facts.look.senders}", "${facts.look.sender}", []string{`40: senders: step "look" has no fact "sender"; did you mean "senders"?`}},
		{"own facts", "${facts.look.senders}", "${facts.aside.folders}", []string{`40: senders: step "aside" comes later`}},
		{"later facts", "when: facts.look.over", "when: facts.done.denied", []string{`36: step "done" comes later`}},
		{"facts of a gate", `targets: [192.0.2.1, "198.51.100.0/24"]`, `targets: "${facts.closed.x}"`, []string{`55: targets: step "closed" has no facts`}},
		{"facts of for_each are a list", "all(facts.deny, .added > 0)", "facts.deny.added > 0", []string{`51: `}},
		{"wrong type of value", "${inputs.settle}", "${inputs.limit}", []string{`26: watch: this gives a whole number where a duration is wanted`}},
		{"item without for_each", "${facts.look.senders}", "${[item]}", []string{`40: senders: there is an item only in the parameters of a step with for_each`}},
		{"for_each over no list", "for_each: inputs.sources", "for_each: inputs.limit", []string{`44: this gives a whole number where a list is wanted`}},
		{"for_each with ${}", "for_each: inputs.sources", "for_each: ${inputs.sources}", []string{`44: an expression stands here anyway, without ${}`}},
		{"for_each over anything", "for_each: inputs.sources", `for_each: "[1, true]"`, []string{`44: for_each: the type of the items cannot be told beforehand`}},
		{"condition that is none", "when: facts.look.over and", "when: facts.look.messages and", []string{`36: `}},
		{"condition with broken syntax", `"all(facts.deny, .added > 0)"`, `"all(facts.deny, .added >"`, []string{`51: unexpected token EOF`}},
		{"gate without conditions", "    gate:\n      - {title: {en: all added}, that: \"all(facts.deny, .added > 0)\"}\n", "    gate: []\n", []string{`50: a gate without conditions stands open`}},
		{"condition without that", `, that: "all(facts.deny, .added > 0)"`, "", []string{`51: that is missing`}},
		{"condition without title", `title: {en: all added}, `, "", []string{`51: title is missing`}},
		{"confirm", "confirm: each", "confirm: always", []string{`45: confirm "always" is none of once, each`}},
		{"on_error", "on_error: ask", "on_error: panic", []string{`29: on_error "panic" is none of stop, continue, ask`}},
		{"retries", "retries: 2", "retries: 50", []string{`28: retries are between 0 and 10`}},
		{"negative retries", "retries: 2", "retries: -1", []string{`28: retries are between 0 and 10`}},
		{"timeout 0", "timeout: 90s", "timeout: 0s", []string{`27: a timeout of 0 leaves no time`}},
		{"timeout without unit", "timeout: 90s", "timeout: 90", []string{`27: a duration such as 90s`}},
		{"timeout of a gate", "    gate:\n", "    timeout: 5s\n    gate:\n", []string{`50: timeout belongs to a step with uses, and this one is a step with gate`}},
		{"with of a manual step", "    manual:", "    with: {a: 1}\n    manual:", []string{`32: with belongs to a step with uses, and this one is a step with manual`}},
		{"manual without text", "text: {en: is it us}, ", "", []string{`32: text is missing`}},
		{"unknown ask", "ask: choice", "ask: chioce", []string{`32: ask "chioce" is none of text, file, choice; did you mean "choice"?`, `32: choices belong to ask: choice`}},
		{"choices for a text", "ask: choice", "ask: text", []string{`32: choices belong to ask: choice`}},
		{"required without ask", "ask: choice, required: true, choices: [{value: yes_it_is, title: {en: ours}}, {value: no_it_is, title: {en: not ours}}]", "required: true", []string{`32: required belongs to ask: text, file or choice`}},
		{"offer of a choice", "required: true, choices", "offer: inputs.sources, required: true, choices", []string{`32: offer belongs to ask: text`}},
		{"check of a choice", "required: true, choices", "check: {uses: queue.quarantine, as: strategy}, required: true, choices", []string{`32: check belongs to ask: text`, `32: check: as: queue.quarantine has no list "strategy"`}},
		{"check by nothing", "required: true, choices", "check: {uses: queue.quarantin, as: x}, required: true, choices", []string{`32: check belongs to ask: text`, `32: check: uses: there is no kind "queue.quarantin"; did you mean "queue.quarantine"?`}},
		{"every without offer", "required: true, choices", "every: true, required: true, choices", []string{`32: every belongs to offer`}},
		{"answer twice", "no_it_is", "yes_it_is", []string{`32: value "yes_it_is" stands here again`}},
		{"answer with a bad name", "no_it_is", "no it is", []string{`32: value "no it is" must match`}},
		{"answer without a title", "no_it_is, title: {en: not ours}", "no_it_is", []string{`32: title is missing`}},
		{"list for a step", "  - id: done\n", "  - [a]\n  - id: done\n", []string{`52: keys with values are wanted, and here is a list`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.old == "" {
				compare(t, mistakes(t, whole[:strings.Index(whole, "steps:")]), []string{`1: steps is missing`})
				return
			}
			got := mistakes(t, changed(t, c.old, c.new))
			compare(t, got, c.want)
		})
	}
}

func TestOneMistakeIsNotToldTwice(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		want           []string
	}{
		{"what uses an input of an unknown type", "type: duration", "type: time", []string{`12: type "time" is none of`}},
		{"what uses the facts of an unknown kind", "uses: queue.scan", "uses: queue.skan", []string{`25: there is no kind "queue.skan"; did you mean "queue.scan"?`}},
		{"what uses the item of a wrong list", "for_each: inputs.sources", "for_each: inputs.source", []string{`44: there is no input "source"; did you mean "sources"?`}},
		{"a misspelt key that has to be there", "name: our-book", "nam: our-book", []string{`2: unknown key "nam"; did you mean "name"?`}},
		{"a misspelt key of a text", "title: {en: look, ja: 見る}", "title: {eng: look, ja: 見る}", []string{`20: unknown key "eng"; did you mean "en"?`}},
		{"a misspelt title of a step", "title: {en: look, ja: 見る}", "titel: {en: look, ja: 見る}", []string{`20: unknown key "titel"; did you mean "title"?`}},
		{"what a step does, misspelt", "    gate:\n", "    gates:\n", []string{`50: unknown key "gates"; did you mean "gate"?`}},
		{"a misspelt uses", "    uses: relay.denied\n    with: {targets: [192.0.2.1, \"198.51.100.0/24\"]}\n", "    use: relay.denied\n", []string{`54: unknown key "use"; did you mean "uses"?`}},
		{"a misspelt parameter", "{targets: [192.0.2.1, \"198.51.100.0/24\"]}", "{target: [192.0.2.1]}", []string{`55: relay.denied has no parameter "target"; did you mean "targets"?`}},
		{"a misspelt id", "  - id: done", "  - di: done", []string{`52: unknown key "di"; did you mean "id"?`}},
		{"a misspelt choice of an input", "type: choice, choices: [a, b]", "type: choice, choice: [a, b]", []string{`16: unknown key "choice"; did you mean "choices"?`}},
		{"a parameter that is tagged", "exact: true", "exact: !!bool true", []string{`26: tags (!!bool) are not allowed`}},
		{"a required parameter that is empty", `{targets: [192.0.2.1, "198.51.100.0/24"]}`, "{targets: }", []string{`55: there is no value`}},
		{"with that is a list", `{targets: [192.0.2.1, "198.51.100.0/24"]}`, "[a]", []string{`55: keys with values are wanted, and here is a list`}},
		{"steps that are none", whole[strings.Index(whole, "steps:"):], "steps: none\n", []string{`17: a list is wanted, and here is the text "none"`}},
		{"inputs that are none", "{en: whom}", "whom", []string{`11: keys with values are wanted`}},
		{"broken syntax", "    uses: queue.scan\n", "    uses: queue: scan\n", []string{`25: mapping values are not allowed`}},
		{"broken syntax in an id", "  - id: look\n", "  - id: @look\n", []string{`18: found character that cannot start any token`}},
		{"broken syntax and more", "    uses: queue.scan\n    with: {exact: true,", "    uses: queue: scan\n    with: {exat: 5,", []string{`25: mapping values`}},
	} {
		t.Run(c.name, func(t *testing.T) { compare(t, mistakes(t, changed(t, c.old, c.new)), c.want) })
	}
}

func TestABadIDIsToldOnce(t *testing.T) {
	text := strings.NewReplacer("id: deny", "id: Deny", "facts.deny", "facts.Deny").Replace(whole)
	compare(t, mistakes(t, text), []string{`42: id "Deny" must match`})
}

func TestOddFiles(t *testing.T) {
	many := "format: 1\nname: a\ntitle: {en: a}\nsteps:\n" + strings.Repeat("- {id: a, title: {en: a}, manual: {text: {en: a}}}\n", 501)
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"empty", "", []string{`0: the file is empty`}},
		{"comment", "# nothing\n", []string{`0: the file is empty`}},
		{"text", "hello\n", []string{`1: keys with values are wanted, and here is the text "hello"`}},
		{"no steps", "format: 1\nname: a\ntitle: {en: a}\nsteps: []\n", []string{`4: there are no steps`}},
		{"too many steps", many, []string{`4: there are 501 steps, more than 500`}},
		{"too large", strings.Repeat("#", 1<<20+1), []string{`0: the file is larger than 1048576 bytes`}},
		{"two documents", whole + "---\n" + whole, []string{`56: a second document begins`}},
	} {
		t.Run(c.name, func(t *testing.T) { compare(t, mistakes(t, c.text), c.want) })
	}
}

// JSON is YAML: verbs that change one thing write their runbook as JSON.
func TestJSONIsARunbook(t *testing.T) {
	const text = `{
  "format": 1,
  "name": "relay-deny",
  "title": {"en": "refuse \u003cspam\u003e", "ja": "拒否"},
  "steps": [{"id": "deny", "phase": "contain", "title": {"en": "refuse"}, "uses": "relay.deny", "with": {"targets": ["192.0.2.1"], "review": "720h"}}]
}
`
	b, err := Load("relay-deny", []byte(text), kinds())
	if err != nil || b.Title.EN != "refuse <spam>" || len(b.Steps) != 1 {
		t.Errorf("%v, %+v", err, b)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte(whole))
	for _, s := range []string{"", "format: 1\n", "steps:\n- id: a\n  for_each: facts.a\n  with: {a: \"${item}\"}\n", "inputs: [{name: a, type: choice, choices: [], default: {}}]\nsteps: [[]]\n"} {
		f.Add([]byte(s))
	}
	catalogue := kinds()
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := Load("f", data, catalogue)
		if err == nil {
			checkLoaded(t, b, catalogue)
			return
		}
		var m *Mistakes
		if !errors.As(err, &m) || b != nil || len(m.List) == 0 {
			t.Fatalf("%v, %v", b, err)
		}
		lines := strings.Count(string(data), "\n") + 1
		for _, x := range m.List {
			if x.Line < 0 || x.Line > lines || x.Text == "" {
				t.Fatalf("%+v", x)
			}
		}
	})
}

// checkLoaded checks what the engine relies on.
func checkLoaded(t *testing.T, b *runbook.Runbook, kinds map[string]runbook.Kind) {
	seen := map[string]bool{}
	for _, s := range b.Steps {
		does := 0
		for _, x := range []bool{s.Uses != "", s.Manual != nil, len(s.Gate) > 0} {
			if x {
				does++
			}
		}
		if does != 1 || s.ID == "" || seen[s.ID] || s.Title.EN == "" {
			t.Fatalf("step %+v", s)
		}
		if _, ok := kinds[s.Uses]; s.Uses != "" && !ok {
			t.Fatalf("kind %q", s.Uses)
		}
		for name, v := range s.With {
			if v.Literal == nil && v.Expr == nil {
				t.Fatalf("%s has no value", name)
			}
		}
		for _, g := range s.Gate {
			if g.That == nil {
				t.Fatal("a condition that is none")
			}
			for _, id := range g.That.Steps() {
				if !seen[id] {
					t.Fatalf("facts of %s, which does not come before", id)
				}
			}
		}
		seen[s.ID] = true
	}
	if _, err := Bind(b, nil); err != nil {
		t.Fatal(err)
	}
	_ = Checklist(b, "ja")
}
