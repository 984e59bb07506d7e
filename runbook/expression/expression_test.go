package expression

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type scanFacts struct {
	Messages int            `json:"messages" expr:"messages"`
	Over     bool           `json:"over" expr:"over"`
	Reason   string         `json:"reason" expr:"reason"`
	Senders  []string       `json:"senders" expr:"senders"`
	Growth   float64        `json:"growth" expr:"growth"`
	Age      time.Duration  `json:"age" expr:"age"`
	ByFolder map[string]int `json:"by_folder" expr:"by_folder"`
	Rows     []row          `json:"rows" expr:"rows"`
	Any      any            `json:"any" expr:"any"`
	hidden   int            //lint:ignore U1000 a field that an expression must not see
}

type row struct {
	Name string `json:"name" expr:"name"`
	N    int    `json:"n" expr:"n"`
}

// Close would be a deed; expressions must not be able to do any.
func (scanFacts) Close() bool { panic("called") }

func testEnv() *Env {
	return NewEnv(Names{
		Inputs: map[string]Type{"strategy": Choice, "sources": Strings, "settle": Duration, "limit": Int, "force": Bool, "who": String},
		Facts:  map[string]any{"scan": scanFacts{}, "each": []row{}, "pointer": &row{}},
		Absent: map[string]string{"later": `step "later" comes later`},
	})
}

func testValues() Values {
	return Values{
		Inputs: map[string]any{"strategy": "auto", "sources": []string{"192.0.2.1", "192.0.2.2"}, "settle": 90 * time.Second, "limit": 3, "force": true, "who": "taro"},
		Facts: map[string]any{
			"scan":    scanFacts{Messages: 5, Over: true, Reason: "many", Senders: []string{"a", "b"}, Growth: 1.5, Age: time.Hour, ByFolder: map[string]int{"x": 1}, Rows: []row{{"a", 1}, {"b", 2}}},
			"each":    []any{row{"p", 1}, row{"q", 2}},
			"pointer": &row{"z", 26},
		},
	}
}

func TestEval(t *testing.T) {
	for _, c := range []struct {
		src   string
		want  Type
		value any
		steps []string
	}{
		{"true", Bool, true, nil},
		{"facts.scan.messages > 3 and inputs.force", Bool, true, []string{"scan"}},
		{`inputs.strategy in ["auto", "move"]`, Bool, true, nil},
		{`facts.scan.over and len(facts.each) == 2`, Bool, true, []string{"each", "scan"}},
		{`facts["scan"].over`, Bool, true, []string{"scan"}},
		{`facts.each[1].name`, String, "q", []string{"each"}},
		{`facts.pointer.n`, Int, 26, []string{"pointer"}},
		{`any(facts.scan.rows, .n == 2)`, Bool, true, []string{"scan"}},
		{`map(filter(facts.scan.rows, .n > 1), .name)`, Strings, []string{"b"}, []string{"scan"}},
		{`filter(facts.scan.senders, # != "a")`, Strings, []string{"b"}, []string{"scan"}},
		{`concat(inputs.sources, facts.scan.senders)`, Strings, []string{"192.0.2.1", "192.0.2.2", "a", "b"}, []string{"scan"}},
		{`["x", inputs.who]`, Strings, []string{"x", "taro"}, nil},
		{`facts.scan.senders`, List, []string{"a", "b"}, []string{"scan"}},
		{`facts.scan.rows`, List, []row{{"a", 1}, {"b", 2}}, []string{"scan"}},
		{`inputs.settle`, Duration, "1m30s", nil},
		{`facts.scan.age`, Duration, "1h0m0s", []string{"scan"}},
		{`duration("5m")`, Duration, "5m0s", nil},
		{`inputs.settle > duration("1m")`, Bool, true, nil},
		{`inputs.limit * 2`, Int, 6, nil},
		{`facts.scan.growth > 1`, Bool, true, []string{"scan"}},
		{`inputs.who + "@example.jp"`, String, "taro@example.jp", nil},
		{`inputs.force ? "a" : "b"`, String, "a", nil},
		{`join(inputs.sources, ", ")`, String, "192.0.2.1, 192.0.2.2", nil},
		{`"x" in facts.scan.by_folder`, Bool, true, []string{"scan"}},
		{`inputs.who matches "^t"`, Bool, true, nil},
	} {
		p, err := testEnv().Compile(c.src, Want{Type: c.want})
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		got, err := p.Eval(testValues())
		if err != nil || !reflect.DeepEqual(got, c.value) {
			t.Errorf("%s = %#v, %v, want %#v", c.src, got, err, c.value)
		}
		if !slices.Equal(p.Steps(), c.steps) {
			t.Errorf("%s reads %v, want %v", c.src, p.Steps(), c.steps)
		}
		if p.Source() != c.src {
			t.Errorf("source %q, want %q", p.Source(), c.src)
		}
	}
}

func TestCompileMistakes(t *testing.T) {
	for _, c := range []struct {
		name, src string
		want      Type
		text      string // part of the message
		offset    int
		unknown   string
	}{
		{"unknown input", `inputs.sorces`, Strings, `no input "sorces"; did you mean "sources"?`, 7, "inputs.sorces"},
		{"unknown step", `facts.scn.over`, Bool, `no earlier step "scn"; did you mean "scan"?`, 6, "facts.scn"},
		{"later step", `facts.later.over`, Bool, `step "later" comes later`, 6, "facts.later"},
		{"unknown fact", `facts.scan.mesages > 1`, Bool, `no fact "mesages"; did you mean "messages"?`, 11, ""},
		{"unknown fact, nothing near", `facts.pointer.colour == ""`, Bool, `it has n, name`, 14, ""},
		{"hidden field", `facts.scan.hidden > 0`, Bool, `no fact "hidden"`, 11, ""},
		{"go name instead of tag", `facts.scan.Messages > 0`, Bool, `did you mean "messages"?`, 11, ""},
		{"unknown name", `fact.scan.over`, Bool, `unknown name fact`, 0, ""},
		{"item without for_each", `item == "x"`, Bool, `only in the parameters of a step with for_each`, 0, "item"},
		{"wrong comparison", `facts.scan.messages == "5"`, Bool, `mismatched types int and string`, -1, ""},
		{"wrong operand", `inputs.sources > 1`, Bool, `mismatched types`, -1, ""},
		{"not a condition", `facts.scan.messages`, Bool, `a whole number where true or false is wanted`, 0, ""},
		{"not a list", `facts.scan.messages`, List, `a whole number where a list is wanted`, 0, ""},
		{"list of the wrong things", `facts.scan.rows`, Strings, `a list, each entry a group of facts where a list of texts is wanted`, 0, ""},
		{"not a duration", `facts.scan.messages`, Duration, `where a duration is wanted`, 0, ""},
		{"duration is no number", `inputs.settle`, Int, `a duration where a whole number is wanted`, 0, ""},
		{"fraction is no whole number", `facts.scan.growth`, Int, `a number with a fraction where`, 0, ""},
		{"group of facts", `facts.scan`, String, `a group of facts where a text`, 0, ""},
		{"unknown type", `facts.scan.any`, Bool, `cannot be told beforehand`, 0, ""},
		{"field of unknown type", `facts.scan.any.x == 1`, Bool, `cannot be told beforehand`, -1, ""},
		{"map by key", `facts.scan.by_folder["nowhere"] == 0`, Bool, `cannot be read by key`, -1, ""},
		{"map by field", `facts.scan.by_folder.nowhere == 0`, Bool, `cannot be read by key`, -1, ""},
		{"optional map key", `facts.scan.by_folder?.nowhere == 0`, Bool, `cannot be read by key`, -1, ""},
		{"map made here", `{a: 1}.b == nil`, Bool, `no maps {…}`, -1, ""},
		{"get", `get(facts.scan.by_folder, "x") == nil`, Bool, `no function "get"`, -1, ""},
		{"clock", `now().Year() > 2000`, Bool, `no function "now"`, -1, ""},
		{"date", `date("2026-01-01") == date("2026-01-01")`, Bool, `no function "date"`, -1, ""},
		{"find gives nil", `find(facts.scan.senders, # == "z") == "z"`, Bool, `no function "find"`, -1, ""},
		{"misspelt function", `lenn(inputs.sources) > 0`, Bool, `did you mean "len"?`, -1, ""},
		{"method", `facts.scan.Close()`, Bool, `no fact "Close"`, -1, ""},
		{"method of a duration", `inputs.settle.Minutes() > 1`, Bool, `only functions can be called`, -1, ""},
		{"method as a value", `inputs.settle.Minutes`, Bool, ``, -1, ""},
		{"whole environment", `$env["inputs"] != nil`, Bool, `$env cannot be used`, 0, ""},
		{"bare inputs", `len(inputs) > 0`, Bool, `inputs stands only before a point`, 4, ""},
		{"bare facts", `"scan" in facts`, Bool, `facts stands only before a point`, 10, ""},
		{"computed step", `facts[inputs.who].over`, Bool, `facts stands only before a point`, 0, ""},
		{"variable", `let f = 1; f > 0`, Bool, `no variables`, -1, ""},
		{"two expressions", `true; false`, Bool, `one expression only`, -1, ""},
		{"range", `len(1..10000000) > 0`, Bool, `no ranges`, -1, ""},
		{"deep loops", `any([1], any([1], any([1], # > 0)))`, Bool, `more than 2 deep`, 0, ""},
		{"loops in arguments", `map(map(map(inputs.sources, #), #), #)`, Strings, `more than 2 deep`, 0, ""},
		{"join by a long text", `join(inputs.sources, join(inputs.sources, "x"))`, String, `a text in quotes`, -1, ""},
		{"syntax", `facts.scan.over and`, Bool, `unexpected token EOF`, -1, ""},
		{"empty", ` `, Bool, `empty`, 0, ""},
		{"too long", strings.Repeat("1+", 3000) + "1", Int, `more than 4096`, 0, ""},
		{"too many names", strings.Repeat("1+", 300) + "1", Int, `nodes`, -1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := testEnv().Compile(c.src, Want{Type: c.want})
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: got %v, want an *Error", c.src, err)
			}
			if !strings.Contains(e.Text, c.text) || c.offset >= 0 && e.Offset != c.offset || e.Name != c.unknown {
				t.Errorf("%s: got %+v, want %q at %d of %q", c.src, e, c.text, c.offset, c.unknown)
			}
		})
	}
}

func TestItem(t *testing.T) {
	each, err := testEnv().Compile("facts.scan.rows", Want{Type: List})
	if err != nil {
		t.Fatal(err)
	}
	env := NewEnv(Names{Item: each.Entry()})
	p, err := env.Compile("item.name", Want{Type: String})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Eval(Values{Item: row{Name: "a"}}); got != "a" || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	if _, err := env.Compile("item.nam", Want{Type: String}); err == nil {
		t.Error("an unknown field of item is accepted")
	}
	for name, bad := range map[string]any{"none": nil, "another": "text"} {
		if got, err := p.Eval(Values{Item: bad}); err == nil {
			t.Errorf("%s item gives %v", name, got)
		}
	}
	texts, err := testEnv().Compile("inputs.sources", Want{Type: List})
	if err != nil || texts.Entry() != reflect.TypeFor[string]() {
		t.Errorf("entries are %v, %v", texts.Entry(), err)
	}
}

func TestMissingIsNeverEmpty(t *testing.T) {
	for _, c := range []struct {
		src    string
		change func(*Values)
		text   string
	}{
		{"facts.scan.over", func(v *Values) { delete(v.Facts, "scan") }, "facts of step scan: there is nothing"},
		{"facts.scan.over", func(v *Values) { v.Facts = nil }, "there is nothing"},
		{"facts.scan.over", func(v *Values) { v.Facts["scan"] = (*scanFacts)(nil) }, "there is nothing"},
		{"facts.scan.over", func(v *Values) { v.Facts["scan"] = map[string]any{"over": true} }, "map[string]interface {} stands there"},
		{"facts.scan.over", func(v *Values) { v.Facts["scan"] = row{} }, "expression.row stands there"},
		{"len(facts.each) > 0", func(v *Values) { v.Facts["each"] = []any{row{}, nil} }, "item 2: there is nothing"},
		{"inputs.force", func(v *Values) { delete(v.Inputs, "force") }, "input force: it has no value"},
		{"inputs.force", func(v *Values) { v.Inputs["force"] = "yes" }, "input force: true or false is wanted, not string"},
		{`facts.scan.senders[7] == ""`, func(*Values) {}, "out of range"},
		{`int(inputs.who) == 0`, func(*Values) {}, "invalid"},
	} {
		p, err := testEnv().Compile(c.src, Want{Type: Bool})
		if err != nil {
			t.Fatalf("%s: %v", c.src, err)
		}
		v := testValues()
		c.change(&v)
		if got, err := p.Eval(v); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s = %v, %v, want an error with %q", c.src, got, err, c.text)
		}
	}
}

// Inputs that came back from the journal are of the types of JSON.
func TestInputsFromJSON(t *testing.T) {
	v := Values{Inputs: map[string]any{"sources": []any{"a", "b"}, "settle": float64(90 * time.Second), "limit": float64(3)}}
	for src, want := range map[string]struct {
		t Type
		v any
	}{
		"inputs.sources": {Strings, []string{"a", "b"}},
		"inputs.settle":  {Duration, "1m30s"},
		"inputs.limit":   {Int, 3},
	} {
		p, err := testEnv().Compile(src, Want{Type: want.t})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Eval(v); err != nil || !cmp.Equal(got, want.v) {
			t.Errorf("%s = %#v, %v", src, got, err)
		}
	}
	v.Inputs["settle"] = "2m"
	p, _ := testEnv().Compile("inputs.settle", Want{Type: Duration})
	if got, err := p.Eval(v); err != nil || got != "2m0s" {
		t.Errorf("settle = %v, %v", got, err)
	}
	for name, bad := range map[string]any{"limit": 1.5, "sources": []any{"a", 1}, "settle": "soon", "who": 5} {
		p, err := testEnv().Compile("inputs."+name, Want{Type: testEnv().names.Inputs[name]})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Eval(Values{Inputs: map[string]any{name: bad}}); err == nil {
			t.Errorf("%s: %v was taken as %v", name, bad, got)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	p, err := testEnv().Compile(`len(map(inputs.sources, map(inputs.sources, #))) > 0`, Want{Type: Bool})
	if err != nil {
		t.Fatal(err)
	}
	v := testValues()
	v.Inputs["sources"] = make([]string, 3000)
	if _, err := p.Eval(v); err == nil || !strings.Contains(err.Error(), "memory budget") {
		t.Errorf("got %v, want the memory budget", err)
	}
}

func TestCompileValue(t *testing.T) {
	for _, c := range []struct {
		src   string
		want  Want
		value any
		steps []string
	}{
		{"${inputs.sources}", Want{Type: Strings}, []string{"192.0.2.1", "192.0.2.2"}, nil},
		{"${ inputs.settle }", Want{Type: Duration}, "1m30s", nil},
		{"${inputs.strategy}", Want{Type: Choice, Choices: []string{"auto", "move"}}, "auto", nil},
		{"for ${inputs.who}, ${facts.scan.messages} messages in ${facts.scan.age}", Want{Type: String}, "for taro, 5 messages in 1h0m0s", []string{"scan"}},
		{"${facts.scan.over}${facts.each[0].name}", Want{Type: String}, "truep", []string{"each", "scan"}},
		{`${"}" + "${x}"}`, Want{Type: String}, "}${x}", nil},
		{`${any(facts.scan.rows, {.n > 1})}`, Want{Type: Bool}, true, []string{"scan"}},
		{`日本 ${inputs.who}`, Want{Type: String}, "日本 taro", nil},
		{`$ {x} $5 ${inputs.who}`, Want{Type: String}, "$ {x} $5 taro", nil},
	} {
		p, err := testEnv().CompileValue(c.src, c.want)
		if err != nil {
			t.Errorf("%s: %v", c.src, err)
			continue
		}
		got, err := p.Eval(testValues())
		if err != nil || !reflect.DeepEqual(got, c.value) {
			t.Errorf("%s = %#v, %v, want %#v", c.src, got, err, c.value)
		}
		if !slices.Equal(p.Steps(), c.steps) || p.Source() != c.src {
			t.Errorf("%s: steps %v, source %q", c.src, p.Steps(), p.Source())
		}
	}
}

func TestCompileValueMistakes(t *testing.T) {
	for _, c := range []struct {
		src    string
		want   Type
		text   string
		offset int
	}{
		{"${inputs.sources", Strings, "no } that ends it", 0},
		{"日本 ${inputs.who + \"}}", String, "no } that ends it", 3},
		{"日本 ${inputs.whom}", String, `did you mean "who"?`, 12},
		{"x ${inputs.sources}", String, "cannot stand in the middle of a text", 4},
		{"x ${inputs.sources}", Strings, "nothing may stand around", 0},
		{"${inputs.limit}s", Duration, "nothing may stand around", 0},
		{"${inputs.limit}", Strings, "a whole number where a list of texts is wanted", 2},
		{"${}", String, "empty", 2},
		{"${inputs.who}${", String, "no }", 13},
	} {
		_, err := testEnv().CompileValue(c.src, Want{Type: c.want})
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Text, c.text) || e.Offset != c.offset {
			t.Errorf("%s: got %v, want %q at %d", c.src, err, c.text, c.offset)
		}
	}
}

func TestChoiceIsChecked(t *testing.T) {
	p, err := testEnv().CompileValue("${inputs.who}", Want{Type: Choice, Choices: []string{"auto", "move"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.Eval(testValues()); err == nil || !strings.Contains(err.Error(), `"taro" is none of auto, move`) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFunctionsAreThereAndNoOthers(t *testing.T) {
	if !slices.IsSorted(Functions()) {
		t.Error("the list is not sorted")
	}
	for _, name := range Functions() {
		// every name is known to the library: a call with wrong arguments is not "unknown".
		_, err := testEnv().Compile(name+"()", Want{Type: Bool})
		if err != nil && strings.Contains(err.Error(), "unknown name") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCompileValue(f *testing.F) {
	for _, s := range []string{"${inputs.sources}", "${facts.scan.over ? 1 : 2}", "a ${\"}\"} b ${`x`}", "${any(facts.scan.rows, {#.n > 1})}", "${$env}", "${{}}", "${let a = 1; a}", "${#}", "${.x}", "${facts?.scan?.rows?[0]}"} {
		f.Add(s)
	}
	env := testEnv()
	f.Fuzz(func(t *testing.T, src string) {
		for _, want := range []Type{String, Strings, Bool, List, Int, Duration} {
			p, err := env.CompileValue(src, Want{Type: want})
			var e *Error
			if err != nil {
				if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(src) {
					t.Fatalf("%q: %v", src, err)
				}
				continue
			}
			_, _ = p.Eval(testValues())
			_ = p.Steps()
		}
	})
}

// What an evaluation does not come to need not be there.
func TestFactsCountWhereTheyAreUsed(t *testing.T) {
	for src, want := range map[string]any{
		`inputs.who == "nobody" and facts.scan.over`:        false,
		`inputs.who == "taro" or facts.scan.over`:           true,
		`inputs.who == "taro" ? true : facts.scan.over`:     true,
		`inputs.who == "nobody" && len(facts.each) > 0`:     false,
		`inputs.who == "taro" and facts.scan.over`:          nil,
		`facts.scan.over and inputs.who == "nobody"`:        nil,
		`any(inputs.sources, # == "x") and facts.scan.over`: false,
		`any(inputs.sources, facts.scan.over)`:              nil,
		`inputs.who in facts.scan.senders`:                  nil,
		`len(facts.each) == 0`:                              nil,
	} {
		p, err := testEnv().Compile(src, Want{Type: Bool})
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		v := testValues()
		v.Facts = nil
		got, err := p.Eval(v)
		missing := (*NoFacts)(nil)
		if got != want || (want == nil) != errors.As(err, &missing) || want == nil && missing.Step != p.Steps()[0] {
			t.Errorf("%s = %v, %v, want %v", src, got, err, want)
		}
	}
}
