package splice

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// text reads lines; those that begin with a dash were cut out.
func text(lines string) (was Text, left string) {
	for l := range strings.Lines(lines) {
		cut, is := strings.CutPrefix(l, "-")
		was.Lines, was.Cut = append(was.Lines, []byte(cut)), append(was.Cut, is)
		if !is {
			left += l
		}
	}
	return was, left
}

func TestBack(t *testing.T) {
	for name, test := range map[string]struct{ was, now, want string }{
		"untouched":             {"[a]\n-x\nb\n", "[a]\nb\n", "[a]\nx\nb\n"},
		"above as it was":       {"[a]\n-x\nb\n", "[a]\nc\nd\n", "[a]\nx\nc\nd\n"},
		"below as it was":       {"[a]\nb\n-x\nc\n", "[A]\nz\nc\n", "[A]\nz\nx\nc\n"},
		"between two":           {"[a]\nb\n-x\nc\nd\n", "; new\n[a]\nb\nc\ne\n", "; new\n[a]\nb\nx\nc\ne\n"},
		"below one":             {"[a]\nb\n-x\nc\nd\n", "; new\n[a]\nb\ne\n", "; new\n[a]\nb\nx\ne\n"},
		"above one":             {"[a]\nb\n-x\nc\nd\n", "; new\n[a]\ne\nc\nf\n", "; new\n[a]\ne\nx\nc\nf\n"},
		"two places":            {"[a]\nb\n-x\nc\nd\n", "; new\n[a]\nb\nc\nb\nc\ne\n", ""},
		"another section":       {"[a]\nb\n-x\nc\n", "[z]\nb\nc\n", ""},
		"empty lines":           {"[a]\n\n-x\n\nd\n", "; new\n[a]\n\n\n\ne\n", ""},
		"nothing left":          {"-x\n-y\n", "", "x\ny\n"},
		"nothing left, new":     {"-x\n", "[a]\n", ""},
		"emptied":               {"[a]\n-x\n", "", ""},
		"there again":           {"[a]\n-x\nb\n", "[a]\nb\nx\n", "[a]\nb\nx\n"},
		"one of two there":      {"[a]\n-x\n-y\nb\n", "[a]\ny\nb\n", "[a]\nx\ny\nb\n"},
		"the same twice":        {"[a]\n-x\n-x\nb\n", "[a]\nx\nb\n", "[a]\nx\nx\nb\n"},
		"no line end, appended": {"[a]\r\nb\r\n-x", "[a]\r\nb\r\nc\r\n", "[a]\r\nb\r\nx\r\nc\r\n"},
		"no line end before":    {"[a]\nb\n-x\n", "[a]\nb", "[a]\nb\nx\n"},
	} {
		t.Run(name, func(t *testing.T) {
			was, _ := text(test.was)
			got, ok := Back(was, []byte(test.now))
			if ok != (test.want != "") || string(got) != test.want {
				t.Errorf("%q, %v; want %q", got, ok, test.want)
			}
		})
	}
}

// TestBackKeepsEveryEdit: whatever somebody has made of a text, what is put back comes on top of it, each missing line once, and a second
// time there is nothing to put back. Untouched it is as it was.
func TestBackKeepsEveryEdit(t *testing.T) {
	line := rapid.SampledFrom([]string{"[a]\n", "[b]\r\n", "k=1\n", "k=2\r\n", "\n", "; c\n", "k=3\n", "-f=x\n", "-f=y\r\n", "-m=z\n"})
	rapid.Check(t, func(t *rapid.T) {
		was, left := text(strings.Join(rapid.SliceOfN(line, 0, 12).Draw(t, "lines"), ""))
		whole := bytes.Join(was.Lines, nil)
		if back, ok := Back(was, []byte(left)); !ok || !bytes.Equal(back, whole) {
			t.Fatalf("untouched: %q, %v; want %q", back, ok, whole)
		}
		now := slices.Collect(strings.Lines(left))
		for range rapid.IntRange(1, 4).Draw(t, "edits") {
			at := rapid.IntRange(0, len(now)).Draw(t, "at")
			if at < len(now) && rapid.Bool().Draw(t, "delete") {
				now = slices.Delete(now, at, at+1)
			} else {
				now = slices.Insert(now, at, rapid.SampledFrom([]string{"new=1\n", "[c]\n", "f=x\n", "k=1\n"}).Draw(t, "new"))
			}
		}
		edited := strings.Join(now, "")
		back, ok := Back(was, []byte(edited))
		if !ok {
			return
		}
		rest := slices.Collect(strings.Lines(string(back)))
		for _, l := range now { // in this order
			i := slices.Index(rest, l)
			if i < 0 {
				t.Fatalf("%q lost %q of %q", back, l, edited)
			}
			rest = rest[i+1:]
		}
		again, ok := Back(was, back)
		if !ok || !bytes.Equal(again, back) {
			t.Fatalf("again: %q, %v; want %q", again, ok, back)
		}
	})
}
