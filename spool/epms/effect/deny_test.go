package effect_test

import (
	"bytes"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
	"hikeshi/spool/epms/effect/pattern"
	"hikeshi/spool/epms/effect/proof"
)

func TestPiecesAreTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		whole(t, f)
	})
}

// whole checks that the pieces of a file are the file, in order, none over 255 bytes.
func whole(t interface{ Fatalf(string, ...any) }, f *effect.File) {
	var got bytes.Buffer
	number := 1
	for l := range f.Lines() {
		if int(l.Offset) != got.Len() || len(l.Raw) == 0 || len(l.Raw) > 255 || l.Number != number {
			t.Fatalf("piece %+v at %d of line %d", l, got.Len(), number)
		}
		if !strings.HasPrefix(l.Raw, l.Text) || !strings.HasPrefix(l.Text, l.Pattern) {
			t.Fatalf("the parts of %+v are not of its text", l)
		}
		got.WriteString(l.Raw)
		number += strings.Count(l.Raw, "\n")
	}
	if !bytes.Equal(got.Bytes(), f.Bytes()) {
		t.Fatalf("the pieces are not the file:\n%q\n%q", got.Bytes(), f.Bytes())
	}
}

func TestIndexDecidesLikeTheFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		x := index.Of(f)
		for range 20 {
			q := queries.Draw(t, "query")
			if got, want := x.Decide(q), f.Decide(q); got != want {
				t.Fatalf("%+v on %q:\nby index %+v\nby line  %+v", q, f.Bytes(), got, want)
			}
		}
	})
}

// TestCoveringIsTrue holds the index to its word that a line is never reached.
func TestCoveringIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		x := index.New(f)
		for l := range f.Lines() {
			if l.Skipped {
				continue
			}
			p := pattern.Parse(l.Pattern)
			if _, covered := x.Covering(p); covered {
				for range 20 {
					q := queries.Draw(t, "query")
					s := q.Subject()
					if p.Matches(&s) && x.Decide(q).Line == 0 {
						t.Fatalf("%q is called covered, but %+v reaches it in %q", l.Pattern, q, f.Bytes())
					}
				}
			}
			x.Add(l, p)
		}
	})
}

// mayKeepDefault reports whether a #<> or #blank line decides a query of the null or an empty sender.
func mayKeepDefault(q effect.Query, d effect.Decision) bool {
	s := q.Subject()
	word := pattern.Parse(strings.Split(d.Text, " ")[0]).Word
	return q.SenderGiven && s.Is(pattern.Blank) && d.Result == effect.DefaultRule && d.Line > 0 &&
		(word == pattern.NullSender || word == pattern.Blank)
}

func deny(t *rapid.T, f *effect.File, targets ...string) (effect.Edit, *effect.File) {
	t.Helper()
	e, err := f.DenyAll(targets)
	if err != nil {
		t.Fatal(err)
	}
	g, err := e.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	return e, g
}

func TestDenialDecidesForItsTargetAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		names := rapid.SliceOfN(targets, 1, 3).Draw(t, "targets")
		e, g := deny(t, f, names...)
		denied := make([]pattern.Pattern, 0)
		for _, name := range names {
			one, err := effect.Parse(nil).Deny(name)
			if err != nil {
				t.Fatal(err)
			}
			denied = append(denied, pattern.Parse(one.Added[0].Pattern))
		}
		for range 30 {
			q := queries.Draw(t, "query")
			before, after := f.Decide(q), g.Decide(q)
			s := q.Subject()
			if slices.ContainsFunc(denied, func(p pattern.Pattern) bool { return p.Matches(&s) }) {
				if after.Result != effect.Deny && !mayKeepDefault(q, after) {
					t.Fatalf("%+v is not denied by %+v but %+v in\n%q", q, e, after, g.Bytes())
				}
			} else if before.Result != after.Result || before.Text != after.Text || before.Zero != after.Zero {
				t.Fatalf("%+v is nobody denied, but %+v became %+v in\n%q", q, before, after, g.Bytes())
			}
		}
		if again, _ := deny(t, g, names...); !again.Empty() || len(again.Already) != len(names) {
			t.Fatalf("denying again plans %+v for\n%q", again, g.Bytes())
		}
		r, err := proof.Compare(f, g, proof.Sample{Denied: names, Seed: 1})
		if err != nil || len(r.Differences) > 0 || r.Asked < 100 {
			t.Fatalf("proof of %+v: asked %d, %v, %v\n%q", e, r.Asked, r.Differences, err, g.Bytes())
		}
	})
}

func TestDenialStandsOnLinesOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		e, g := deny(t, f, rapid.SliceOfN(targets, 1, 3).Draw(t, "targets")...)
		if e.Empty() {
			return
		}
		at := int(e.Offset)
		if e.Unfinished > 0 {
			at++
		}
		if at > 0 && g.Bytes()[at-1] != '\n' {
			t.Fatalf("the byte before the denial is %q in %q", g.Bytes()[at-1], g.Bytes())
		}
		n := 0
		for l := range g.Lines() {
			if int(l.Offset) >= at && n < len(e.Added) {
				if l.Number != e.Line+n || l.Raw != e.Added[n].Line() || l.Action != effect.False {
					t.Fatalf("piece %d below the edit is %+v, want %q in line %d", n, l, e.Added[n].Line(), e.Line+n)
				}
				n++
			}
		}
		if n != len(e.Added) || len(g.Bytes()) != len(f.Bytes())+len(e.Insert()) {
			t.Fatalf("%d of %d lines are there", n, len(e.Added))
		}
	})
}

func TestDeny(t *testing.T) {
	long := "' " + strings.Repeat("x", 253) // 255 bytes, so what follows is a line of its own
	for _, x := range []struct {
		name, file string
		targets    []string
		want       string // "" means already so
	}{
		{"empty file", "", []string{"203.0.113.9"}, "203.0.113.9 false\n"},
		{"shipped", shipped, []string{"203.0.113.9"}, shipped + "203.0.113.9 false\n"},
		{"no final newline", "#<> default\n#blank false", []string{"203.0.113.9"}, shipped + "203.0.113.9 false\n"},
		{"CRLF", "#<> default\r\n#blank false\r\na.example true\r\n", []string{"203.0.113.9"}, "#<> default\r\n#blank false\r\n203.0.113.9 false\na.example true\r\n"},
		{"comments above", "' who\n\n" + shipped + "' own\nexample.jp true\n", []string{"203.0.113.9"}, "' who\n\n" + shipped + "' own\n203.0.113.9 false\nexample.jp true\n"},
		{"above an only", shipped + "192.168.1.* only\n", []string{"203.0.113.9"}, shipped + "203.0.113.9 false\n192.168.1.* only\n"},
		{"above an only within the run", "#<> default\n#blank only\n", []string{"203.0.113.9"}, "#<> default\n203.0.113.9 false\n#blank only\n"},
		{"above norelay at the end", "192.0.2.9 norelay,0\n", []string{"203.0.113.9"}, "203.0.113.9 false\n192.0.2.9 norelay,0\n"},
		{"above a null sender that relays", "#<> true\n", []string{"203.0.113.9"}, "203.0.113.9 false\n#<> true\n"},
		{"unknown action in the run", "#<> defualt\nexample.jp true\n", []string{"203.0.113.9"}, "#<> defualt\n203.0.113.9 false\nexample.jp true\n"},
		{"UTF-8 mark", "\xef\xbb\xbf#<> default\n", []string{"203.0.113.9"}, "203.0.113.9 false\n\xef\xbb\xbf#<> default\n"},
		{"a long comment whose tail is read", "' a\n" + long + "*.*.*.* true\n", []string{"203.0.113.9"}, "' a\n203.0.113.9 false\n" + long + "*.*.*.* true\n"},
		{"a long comment whose tail is skipped", long + "' more\nexample.jp true\n", []string{"203.0.113.9"}, long + "' more\n203.0.113.9 false\nexample.jp true\n"},
		{"several", shipped, []string{"203.0.113.9", "2001:DB8::/32", "Example.com", "203.0.113.9"}, shipped + "203.0.113.9 false\n2001:db8:*:: false\nexample.com false\n"},
		{"one of them already", "203.0.113.0/24 false\n", []string{"203.0.113.9", "192.0.2.9"}, "192.0.2.9 false\n203.0.113.0/24 false\n"},
		{"already, by a network below other denials", shipped + "example.com false\n203.0.113.* FALSE,1 note\n", []string{"203.0.113.128/25"}, ""},
		{"already, below a line for others", "192.0.2.9 true\n203.0.113.9 false\n", []string{"203.0.113.9"}, ""},
		{"already, a domain by its star", "*.example.com false\n", []string{"mail.example.com"}, ""},
		{"already, everyone", "*.*.*.* false\n", []string{"203.0.113.9"}, ""},
		{"not already: a sender line above", "example.jp true\n203.0.113.9 false\n", []string{"203.0.113.9"}, "203.0.113.9 false\nexample.jp true\n203.0.113.9 false\n"},
		{"not already: default for a part", "203.0.113.5 default\n203.0.113.0/24 false\n", []string{"203.0.113.0/24"}, "203.0.113.0/24 false\n203.0.113.5 default\n203.0.113.0/24 false\n"},
		{"not already: a TAB", "203.0.113.9\tfalse\n", []string{"203.0.113.9"}, "203.0.113.9 false\n203.0.113.9\tfalse\n"},
		{"not already: only the first /64", "2001:db8::/32 false\n", []string{"2001:db8::/32"}, "2001:db8:*:: false\n2001:db8::/32 false\n"},
		{"not already: senders with @ only", "*@example.com false\n", []string{"example.com"}, "example.com false\n*@example.com false\n"},
		{"not already: senders without @ only", "#nodomain false\n", []string{"example.com"}, "example.com false\n#nodomain false\n"},
	} {
		t.Run(x.name, func(t *testing.T) {
			f := effect.Parse([]byte(x.file))
			e, err := f.DenyAll(x.targets)
			if err != nil {
				t.Fatal(err)
			}
			if x.want == "" {
				if !e.Empty() || !reflect.DeepEqual(e.Already, x.targets) || len(e.Insert()) > 0 {
					t.Fatalf("got %+v, want nothing to do", e)
				}
				return
			}
			g, err := e.Apply(f)
			if err != nil || string(g.Bytes()) != x.want {
				t.Errorf("got %q, want %q (%v)", g.Bytes(), x.want, err)
			}
			if back, err := g.Remove(e); err != nil || string(back.Bytes()) != x.file {
				t.Errorf("removed: %q, want %q (%v)", back.Bytes(), x.file, err)
			}
		})
	}
}

func TestDenyNamesEveryBadTarget(t *testing.T) {
	e, err := effect.Parse([]byte(shipped)).DenyAll([]string{"203.0.113.9", "127.0.0.1", "a b"})
	if err == nil || !e.Empty() || !strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(err.Error(), "a b") {
		t.Errorf("got %+v, %v", e, err)
	}
}
