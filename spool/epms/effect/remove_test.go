package effect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hikeshi/spool/epms/effect"
)

func TestRemoveIsTheInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		e, g := deny(t, f, rapid.SliceOfN(targets, 1, 3).Draw(t, "targets")...)
		written, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var read effect.Edit
		if err := json.Unmarshal(written, &read); err != nil {
			t.Fatal(err)
		}
		back, err := g.Remove(read)
		if err != nil || !bytes.Equal(back.Bytes(), f.Bytes()) {
			t.Fatalf("%v: %s of\n%q gives\n%q, want\n%q", err, written, g.Bytes(), back.Bytes(), f.Bytes())
		}
	})
}

// TestRemoveKeepsOtherEdits lets somebody else add and take out lines elsewhere before the removal.
func TestRemoveKeepsOtherEdits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files.Draw(t, "file")
		e, g := deny(t, f, rapid.SliceOfN(targets, 1, 3).Draw(t, "targets")...)
		head, rest := g.Bytes()[:e.Offset], g.Bytes()[int(e.Offset)+len(e.Insert()):]
		edit := func(name string, text []byte) []byte {
			all := strings.SplitAfter(string(text), "\n")
			for range rapid.IntRange(0, 3).Draw(t, name) {
				i := rapid.IntRange(0, len(all)-1).Draw(t, "where")
				if rapid.Bool().Draw(t, "out") && !strings.HasSuffix(all[i], " false\n") {
					all[i] = ""
				} else {
					all[i] = rapid.SampledFrom([]string{"' by a colleague\n", "192.0.2.77 false\n", "198.51.100.1 true\n", "203.0.113.9 default\n"}).Draw(t, "new") + all[i]
				}
			}
			return []byte(strings.Join(all, ""))
		}
		head, rest = edit("above", head), edit("below", rest)
		now := effect.Parse(slices.Concat(head, e.Insert(), rest))
		want := slices.Concat(head, rest)
		back, err := now.Remove(e)
		switch {
		case err == nil && bytes.Equal(back.Bytes(), want):
		case err == nil && e.Unfinished > 0 && (len(rest) > 0 || len(head) == 0 || bytes.HasSuffix(head, []byte("\n"))) &&
			bytes.Equal(back.Bytes(), slices.Concat(head, []byte("\n"), rest)):
			// the newline stays: lines stand below, or the line that it ended is gone
		default:
			t.Fatalf("%v: removing %+v from\n%q gives\n%q, want\n%q", err, e, now.Bytes(), back.Bytes(), want)
		}
	})
}

func TestRemoveDrift(t *testing.T) {
	f := effect.Parse([]byte(shipped + "192.0.2.9 true\n203.0.113.9 false\n"))
	e, err := effect.Parse([]byte(shipped + "192.0.2.9 true\n")).DenyAll([]string{"203.0.113.9", "198.51.100.7"})
	if err != nil {
		t.Fatal(err)
	}
	const ours = "203.0.113.9 false\n198.51.100.7 false\n"
	for name, text := range map[string]string{
		"gone":             shipped,
		"one gone":         shipped + "203.0.113.9 false\n",
		"one twice":        shipped + ours + "203.0.113.9 false\n",
		"changed":          shipped + "203.0.113.9 FALSE\n198.51.100.7 false\n",
		"with a note":      shipped + "203.0.113.9 false note\n198.51.100.7 false\n",
		"CRLF":             shipped + strings.ReplaceAll(ours, "\n", "\r\n"),
		"commented out":    shipped + "'203.0.113.9 false\n198.51.100.7 false\n",
		"no final newline": shipped + strings.TrimSuffix(ours, "\n"),
	} {
		back, err := effect.Parse([]byte(text)).Remove(e)
		if !errors.Is(err, effect.ErrDrift) || back != nil {
			t.Errorf("%s: got %v, want drift", name, err)
		}
	}
	twin, err := f.Deny("192.0.2.200")
	if err != nil || twin.Added[0].Twins != 0 {
		t.Fatalf("%+v, %v", twin, err)
	}
	half := e
	half.Added = e.Added[:1]
	g, _ := e.Apply(effect.Parse([]byte(shipped)))
	if back, err := g.Remove(half); err != nil || string(back.Bytes()) != shipped+"198.51.100.7 false\n" {
		t.Errorf("removing one line of two gives %v, %v", back, err)
	}
	if _, err := (effect.Edit{Offset: 99}).Apply(effect.Parse(nil)); err == nil {
		t.Error("an edit beyond the end is applied")
	}
}

func TestRemoveOfTheNewline(t *testing.T) {
	e, err := effect.Parse([]byte("#<> default\n#blank false")).Deny("203.0.113.9")
	if err != nil {
		t.Fatal(err)
	}
	for now, want := range map[string]string{
		shipped + "203.0.113.9 false\n":                     "#<> default\n#blank false",
		"' new\n" + shipped + "203.0.113.9 false\n":         "' new\n#<> default\n#blank false",
		shipped + "example.jp true\n203.0.113.9 false\n":    shipped + "example.jp true\n",
		shipped + "203.0.113.9 false\nexample.jp true\n":    shipped + "example.jp true\n",
		"203.0.113.9 false\n":                               "",
		shipped + "203.0.113.9 false\n" + "example.jp true": shipped + "example.jp true",
		"#<> default\n203.0.113.9 false\n":                  "#<> default\n",
	} {
		back, err := effect.Parse([]byte(now)).Remove(e)
		if err != nil || string(back.Bytes()) != want {
			t.Errorf("%q: got %q, want %q (%v)", now, back.Bytes(), want, err)
		}
	}
}

func TestRemoveTakesItsOwnOfTwins(t *testing.T) {
	const file = "example.jp true\n203.0.113.9 false\n"
	f := effect.Parse([]byte(file))
	e, err := f.Deny("203.0.113.9")
	if err != nil || e.Added[0].Twins != 1 {
		t.Fatalf("%+v, %v", e, err)
	}
	g, err := e.Apply(f)
	if err != nil {
		t.Fatal(err)
	}
	now := effect.Parse(append([]byte("' new first line\n"), g.Bytes()...))
	back, err := now.Remove(e)
	if err != nil || string(back.Bytes()) != "' new first line\n"+file {
		t.Errorf("got %v, %v", back, err)
	}
	if _, err := f.Remove(e); !errors.Is(err, effect.ErrDrift) {
		t.Errorf("ours is gone and its twin is left: %v, want drift", err)
	}
}
