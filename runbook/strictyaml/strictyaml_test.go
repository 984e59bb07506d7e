package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type server struct {
	Name    string         `yaml:"name"`
	Count   int            `yaml:"count"`
	Small   int8           `yaml:"small"`
	Ratio   float64        `yaml:"ratio"`
	On      bool           `yaml:"on"`
	Wait    time.Duration  `yaml:"wait"`
	List    []string       `yaml:"list"`
	Numbers map[string]int `yaml:"numbers"`
	Inner   inner          `yaml:"inner"`
	Many    []inner        `yaml:"many"`
	Maybe   *inner         `yaml:"maybe"`
	Free    any            `yaml:"free"`
	Placed  At[string]     `yaml:"placed"`
}

type inner struct {
	Pos
	X At[int] `yaml:"x"`
}

func TestDecode(t *testing.T) {
	const text = `# a comment
name: "123"
count: -5
small: 7
ratio: 1.5
on: true
wait: 2h30m
list: [a, no, "true"]
numbers: {one: 1, two: 2}
inner:
  x: 3
many:
  - x: 4
  - {x: 5}
maybe: {x: 6}
free: {a: [1, 2.5, true, text, "7"]}
placed: |
  several
  lines
`
	var got server
	if err := Decode("file.yaml", []byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := server{
		Name: "123", Count: -5, Small: 7, Ratio: 1.5, On: true, Wait: 150 * time.Minute, List: []string{"a", "no", "true"},
		Numbers: map[string]int{"one": 1, "two": 2},
		Inner:   inner{Pos{11, 3}, At[int]{Pos{11, 6}, Pos{11, 3}, 3, true}},
		Many:    []inner{{Pos{13, 5}, At[int]{Pos{13, 8}, Pos{13, 5}, 4, true}}, {Pos{14, 5}, At[int]{Pos{14, 9}, Pos{14, 6}, 5, true}}},
		Maybe:   &inner{Pos{15, 8}, At[int]{Pos{15, 12}, Pos{15, 9}, 6, true}},
		Free:    map[string]any{"a": []any{1, 2.5, true, "text", "7"}},
		Placed:  At[string]{Pos{17, 9}, Pos{17, 1}, "several\nlines\n", true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string // line:column: part of the text
	}{
		{"unknown key", "name: a\ncuont: 5\n", []string{`2:1: unknown key "cuont"; did you mean "count"?`}},
		{"unknown key, nothing near", "inner: {colour: 5}\n", []string{`1:9: unknown key "colour"; there are x`}},
		{"twice", "name: a\nname: b\ncount: 1\ncount: 2\n", []string{`2:1: key "name" stands here again; it stands first in line 1`, `4:1: key "count"`}},
		{"twice in what is not decoded", "bogus:\n  a: 1\n  a: 2\n", []string{`1:1: unknown key "bogus"`, `3:3: key "a" stands here again`}},
		{"number for text", "name: 5\n", []string{`1:7: a text is wanted, and here is the number 5; put it in quotes`}},
		{"bool for text", "list: [a, true]\n", []string{`1:11: a text is wanted, and here is true`}},
		{"text for number", "count: five\n", []string{`1:8: a whole number in decimal digits is wanted, and here is the text "five"`}},
		{"hexadecimal", "count: 0x10\n", []string{`1:8: a whole number in decimal`}},
		{"too large", "small: 500\n", []string{`1:8: a whole number`}},
		{"not a number", "ratio: .nan\n", []string{`1:8: a number is wanted`}},
		{"yes is no bool", "on: yes\n", []string{`1:5: true or false is wanted, and here is the text "yes"`}},
		{"True is no bool", "on: True\n", []string{`1:5: true or false`}},
		{"duration without unit", "wait: 90\n", []string{`1:7: a duration such as 90s`}},
		{"negative duration", "wait: -5s\n", []string{`1:7: a duration`}},
		{"list for text", "name: [a]\n", []string{`1:7: one value is wanted, and here is a list`}},
		{"text for list", "list: a\n", []string{`1:7: a list is wanted, and here is the text "a"`}},
		{"text for keys", "inner: a\n", []string{`1:8: keys with values are wanted, and here is the text "a"`}},
		{"list for keys", "- a\n", []string{`1:1: keys with values are wanted, and here is a list`}},
		{"no value", "name: a\nlist:\ncount: 1\n", []string{`2:1: there is no value`}},
		{"null", "count: ~\n", []string{`1:1: there is no value`}},
		{"alias", "name: &a x\nlist: [*a]\n", []string{`1:7: anchors (&a) are not allowed`, `2:8: aliases (*a) are not allowed`}},
		{"merge key", "inner:\n  <<: {x: 1}\n", []string{`2:3: merge keys`}},
		{"tag", "name: !!str 5\ncount: !x 5\n", []string{`1:7: tags (!!str) are not allowed`, `2:8: tags (!x) are not allowed`}},
		{"binary", "name: !!binary aGk=\n", []string{`1:7: tags`}},
		{"key that is a list", "? [a]\n: b\n", []string{`1:3: a key is one word`}},
		{"escape in a text", "name: \"\\e[31m\"\n", []string{`1:7: the character U+001B must not stand in a text`}},
		{"turned text", "name: \"\\u202e\"\n", []string{`1:7: the character U+202E`}},
		{"control character", "name: a\x1b[31m\ncount: five\n", []string{`1:8: the character U+001B must not stand in this file`, `2:8: a whole number`}},
		{"not UTF-8", "name: a\xff\ncount: five\n", []string{`1:8: this is no UTF-8 text`, `2:8: a whole number`}},
		{"lone carriage return", "name: a\rcount: 5\n", []string{`1:8: the character U+000D`}},
		{"two documents", "name: a\ncuont: 1\n---\nname: b\n", []string{`2:1: unknown key`, `3:1: a second document begins`}},
		{"tab", "name: a\n\tcount: 1\non: yes\n", []string{`2:1: found a tab`, `3:5: true or false`}},
		{"colon in a text", "name: a: b\non: yes\n", []string{`1:8: mapping values are not allowed`, `2:5: true or false`}},
		{"unclosed text", "count: five\nname: \"a\non: yes\n", []string{`1:8: a whole number`, `2:7: scanning a quoted scalar that begins here`, `3:5: true or false`}},
		{"unclosed list", "list: [a, b\ncount: five\n", []string{`1:7: parsing a flow sequence that begins here`, `2:8: a whole number`}},
		{"sign at the beginning", "name: @a\ncount: 1\non: yes\n", []string{`1:7: found character that cannot start any token; put the text in quotes`, `3:5: true or false`}},
		{"line without a colon", "count: five\nname\n", []string{`1:8: a whole number`, `2:1: scanning a simple key that begins here`}},
		{"two broken lines", "name: a: b\ncount: 1\nlist: [a\non: yes\n", []string{`1:8: mapping`, `3:7: parsing`, `4:5: true or false`}},
		{"broken line without a key", "name: a\n}\ncount: five\n", []string{`2:1: did not find expected`, `3:8: a whole`}},
		{"deep", "free: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "\n", []string{`1:57: lists and maps stand more than 50 deep`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s server
			compare(t, Decode("f.yaml", []byte(c.text), &s), c.want)
		})
	}
}

// compare checks that err is exactly the mistakes wanted.
func compare(t *testing.T, err error, want []string) {
	t.Helper()
	var m *Mistakes
	if !errors.As(err, &m) {
		t.Fatalf("got %v, want *Mistakes", err)
	}
	for i, x := range m.List {
		got := fmt.Sprintf("%d:%d: %s", x.Line, x.Column, x.Text)
		if i >= len(want) || !strings.HasPrefix(got, want[i]) {
			t.Errorf("mistake %d is %s", i+1, got)
		}
	}
	if len(m.List) != len(want) {
		t.Errorf("%d mistakes, want %d:\n%v", len(m.List), len(want), err)
	}
}

func TestEmptyDocumentsFillNothing(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n\n  # here\n", "---\n", "\ufeff# x\r\n", "~\n", "---\n# x\n...\n"} {
		s := server{Name: "default"}
		if err := Decode("f", []byte(text), &s); err != nil || s.Name != "default" {
			t.Errorf("%q: %v, %+v", text, err, s)
		}
	}
}

func TestKeysWithoutTags(t *testing.T) {
	var s struct {
		Own struct {
			Addresses []string
			PrefixV4  int `yaml:"prefix_v4"`
		}
		Skipped string `yaml:"-"`
		hidden  string
	}
	if err := Decode("f", []byte("own: {addresses: [a], prefix_v4: 24}\n"), &s); err != nil || s.Own.PrefixV4 != 24 || len(s.Own.Addresses) != 1 {
		t.Errorf("%v, %+v", err, s)
	}
	compare(t, Decode("f", []byte("skipped: a\nhidden: a\n-: a\nOwn: {}\n"), &s), []string{
		`1:1: unknown key "skipped"; there are own`, `2:1: unknown key "hidden"`, `3:1: unknown key "-"`, `4:1: unknown key "Own"; did you mean "own"?`})
	if s.hidden != "" || s.Skipped != "" {
		t.Errorf("%+v", s)
	}
}

func TestAtTellsWhatCouldBeRead(t *testing.T) {
	var s struct {
		Good, Bad, Tagged, Torn, Absent At[string]
		List                            At[[]At[int]]
	}
	d := Read("f", []byte("good: a\nbad: 5\ntagged: !x a\nlist: [1, x]\ntorn: @\n"))
	d.Decode(&s)
	if !s.Good.OK || s.Bad.OK || s.Tagged.OK || s.Torn.OK || s.Absent.OK || s.List.OK {
		t.Errorf("%+v", s)
	}
	if !s.Bad.Given() || !s.Tagged.Given() || !s.Torn.Given() || s.Absent.Given() || !s.List.V[0].OK || s.List.V[1].OK {
		t.Errorf("%+v", s)
	}
}

func TestMeant(t *testing.T) {
	var s server
	d := Read("f", []byte("nam: a\ninner: {xx: 1}\ncolour: a\n"))
	d.Decode(&s)
	if !d.Meant(Pos{1, 1}, "name") || !d.Meant(Pos{2, 8}, "x") || d.Meant(Pos{1, 1}, "x") || d.Meant(Pos{1, 1}, "count") || d.Meant(Pos{1, 1}, "") {
		t.Errorf("%v", d.meant)
	}
}

func TestErrorShowsTheLine(t *testing.T) {
	var s server
	err := Decode("dir/f.yaml", []byte("name: a\r\n  # x\ncount: \tfive \x07 \r\nwait: 5\n"), &s)
	want := "dir/f.yaml:3:14: the character U+0007 must not stand in this file\n    count: \\tfive \\u0007"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %q", err, want)
	}
	if err != nil && strings.ContainsAny(err.Error(), "\x07\r\t") {
		t.Errorf("unsafe characters in %q", err)
	}
	err = Decode("f", []byte("name: ["+strings.Repeat("日", 500)+"]\n"), &s)
	var m *Mistakes
	if !errors.As(err, &m) || !strings.HasSuffix(m.List[0].Excerpt, "日...") || len([]rune(m.List[0].Excerpt)) != 103 {
		t.Errorf("a long line is not cut: %v", err)
	}
}

func TestSizeIsBounded(t *testing.T) {
	data, err := ReadAll(bytes.NewReader(make([]byte, 3*MaxSize)))
	if err != nil || len(data) != MaxSize+1 {
		t.Fatalf("read %d bytes, %v", len(data), err)
	}
	var s server
	compare(t, Decode("f", data, &s), []string{"0:0: the file is larger than 1048576 bytes"})
	fits := []byte("name: a\n" + strings.Repeat("#\n", (MaxSize-8)/2))
	if err := Decode("f", fits, &s); len(fits) != MaxSize || err != nil {
		t.Errorf("%d bytes: %v", len(fits), err)
	}
}

func TestMistakesAreBounded(t *testing.T) {
	var s server
	err := Decode("f", []byte(strings.Repeat("bad_key_of_a_file: 1\n", 1)+"list:\n"+strings.Repeat("  - 1\n", 500)), &s)
	var m *Mistakes
	if !errors.As(err, &m) || len(m.List) != maxMistakes || m.More != 401 || !strings.Contains(err.Error(), "f: 401 more mistakes") {
		t.Errorf("got %d and %d more", len(m.List), m.More)
	}
}

func TestAliasBomb(t *testing.T) {
	var b strings.Builder
	b.WriteString("free:\n  a0: &a0 [x]\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "  a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i, i-1, i-1, i-1, i-1)
	}
	start := time.Now()
	var s server
	err := Decode("f", []byte(b.String()), &s)
	if err == nil || !strings.Contains(err.Error(), "aliases (*a0) are not allowed") || time.Since(start) > 5*time.Second {
		t.Errorf("after %v: %.200v", time.Since(start), err)
	}
}

func TestTorn(t *testing.T) {
	d := Read("f", []byte("name: a: b\ncount: 5\nplaced: [x\n"))
	var s server
	d.Decode(&s)
	if !d.Torn() || s.Count != 5 || !s.Placed.Given() || s.Name != "" {
		t.Errorf("torn %v, %+v", d.Torn(), s)
	}
	if Read("f", []byte("name: 5\n")).Torn() {
		t.Error("a mistake that is none of syntax tears the document")
	}
}

func TestCallersMistakesAreSortedIn(t *testing.T) {
	d := Read("f", []byte("name: a\nbad: 1\nplaced: x\n"))
	var s server
	d.Decode(&s)
	d.Mistake(s.Placed.Pos, "%q is not wanted", "x\x1b")
	d.Mistake(Pos{1, 1}, "first")
	d.Mistake(Pos{1, 1}, "first")
	compare(t, d.Err(), []string{"1:1: first", `2:1: unknown key "bad"`, `3:9: "x\x1b" is not wanted`})
}

func FuzzDecode(f *testing.F) {
	for _, s := range []string{"name: a\ncount: 5\n", "many:\n  - x: 1\n    x: 2\n", "a: &a [*a]\n", "name: \"a\n", "\tname: a\n", "free: {a: [1, {b: c}]}\n", "? a\n: b\n", "--- a\n--- b\n", "name: |\n  a\n\tb\n", "\ufeffname: a\r\n", "%YAML 1.1\n---\nname: 0o7\n", "inner:\n<<: *x\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var s server
		err := Decode("f", data, &s)
		var m *Mistakes
		if err != nil && !errors.As(err, &m) {
			t.Fatalf("%v is no *Mistakes", err)
		}
		if m == nil {
			return
		}
		lines := bytes.Count(data, []byte("\n")) + 1
		for _, x := range m.List {
			if x.Line < 0 || x.Line > lines || x.Text == "" || strings.IndexFunc(x.Text+x.Excerpt, unsafeRune) >= 0 {
				t.Fatalf("%+v", x)
			}
		}
	})
}
