package mend

import (
	"bytes"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
)

var own = effect.Own{Domains: []string{"example.jp"}, Addresses: []netip.Addr{netip.MustParseAddr("192.0.2.25")}}

const shipped = "#<> default\n#blank false\n"

func TestMend(t *testing.T) {
	all := spool.Mending{All: true}
	for name, x := range map[string]struct {
		before, after string
		m             spool.Mending
		fixed         []int
	}{
		"own domain true":     {shipped + "example.jp true\n", shipped + "example.jp default\n", all, []int{3}},
		"own domain alone":    {"example.jp\n", "example.jp default\n", all, []int{1}},
		"crlf":                {"example.jp TRUE,1 note\r\n", "example.jp default note\r\n", all, []int{1}},
		"alone, crlf":         {"example.jp\r\nx false\r\n", "example.jp default\r\nx false\r\n", all, []int{1}},
		"no final newline":    {"example.jp", "example.jp default", all, []int{1}},
		"everyone":            {"*.*.*.* true\n", "*.*.*.* default\n", all, []int{1}},
		"everyone, wanted":    {"*.*.*.* true\n", "*.*.*.* norelay,2\n", spool.Mending{All: true, CatchAll: true}, []int{1}},
		"a TAB that opens":    {"203.0.113.0/24\tfalse\n", "203.0.113.0/24\tfalse default\n", all, []int{1}},
		"nothing opens":       {shipped, shipped, all, nil},
		"one address, named":  {"203.0.113.9\nexample.jp true\n", "203.0.113.9 default\nexample.jp true\n", spool.Mending{Lines: []int{1}}, []int{1}},
		"the tail of a note":  {"203.0.113.9 false " + strings.Repeat("x", 237) + "*.*.*.*\n", "203.0.113.9 false " + strings.Repeat("x", 237) + "*.*.*.* default\n", all, []int{1}},
		"catch-all":           {shipped, shipped + "*.*.*.* norelay,2\n", spool.Mending{CatchAll: true}, nil},
		"catch-all below":     {"' a\n192.168.1.5", "' a\n192.168.1.5\n*.*.*.* norelay,2\n", spool.Mending{CatchAll: true}, nil},
		"catch-all and lines": {"a.example true\nexample.jp", "a.example norelay,2\nexample.jp norelay,2\n*.*.*.* norelay,2\n", spool.Mending{All: true, CatchAll: true}, []int{1, 2}},
		"catch-all, only":     {"192.168.1.* only\n", "192.168.1.* only\n", spool.Mending{All: true, CatchAll: true}, nil},
		"catch-all is there":  {"*.*.*.* norelay,2\n", "*.*.*.* norelay,2\n", spool.Mending{CatchAll: true}, nil},
		"shift_jis and nul":   {"\x83\x5c\x81.jp true\nexample.jp\x00 false\n", "\x83\x5c\x81.jp default\nexample.jp default\x00 false\n", all, []int{1, 2}},
	} {
		e, err := Plan([]byte(x.before), own, x.m)
		if err != nil || string(e.After) != x.after || !slices.Equal(e.Fixed, x.fixed) {
			t.Errorf("%s: %q, %v, %v", name, e.After, e.Fixed, err)
			continue
		}
		if x.before == x.after {
			continue
		}
		if len(e.Affected) == 0 || e.Tested < 100 {
			t.Errorf("%s: nobody is affected among %d", name, e.Tested)
		}
		if back, err := Undo(e.After, e.Undo); err != nil || string(back) != x.before {
			t.Errorf("%s: undone %q, %v", name, back, err)
		}
		if _, err := Undo([]byte(x.before), e.Undo); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, effect.ErrDrift) {
			t.Errorf("%s: undone twice: %v", name, err)
		}
	}
}

func TestRefused(t *testing.T) {
	for name, x := range map[string]struct {
		file string
		m    spool.Mending
	}{
		"no such line":   {shipped, spool.Mending{Lines: []int{3}}},
		"no room":        {"example.jp true " + strings.Repeat("x", 237) + "\n", spool.Mending{Lines: []int{1}}},
		"under an only":  {"192.168.1.* only\n", spool.Mending{CatchAll: true}},
		"below everyone": {"*.*.*.* default\n", spool.Mending{CatchAll: true}},
	} {
		var r *spool.Refusal
		if e, err := Plan([]byte(x.file), own, x.m); !errors.As(err, &r) || r.JA == "" {
			t.Errorf("%s: %q, %v", name, e.After, err)
		}
	}
	e, err := Plan([]byte("example.jp true "+strings.Repeat("x", 237)+"\na.example true\n"), own, spool.Mending{All: true})
	if err != nil || !slices.Equal(e.Fixed, []int{2}) || !slices.Equal(e.Left, []int{1}) {
		t.Errorf("all with one that cannot be mended: %v %v, %v", e.Fixed, e.Left, err)
	}
}

// A line that was named and opens nothing, such as one that was mended before, stays as it is; the others are mended.
func TestShutAlready(t *testing.T) {
	for name, x := range map[string]struct {
		file, after string
		m           spool.Mending
		shut, fixed []int
	}{
		"shipped":      {shipped, shipped, spool.Mending{Lines: []int{1}}, []int{1}, nil},
		"not read":     {"' x true\n", "' x true\n", spool.Mending{Lines: []int{1}}, []int{1}, nil},
		"mended twice": {"example.jp default\n", "example.jp default\n", spool.Mending{Lines: []int{1, 1}}, []int{1}, nil},
		"one of two":   {"example.jp default\na.example true\n", "example.jp default\na.example default\n", spool.Mending{Lines: []int{1, 2}}, []int{1}, []int{2}},
		"not named":    {"example.jp default\na.example true\n", "example.jp default\na.example default\n", spool.Mending{All: true}, nil, []int{2}},
	} {
		e, err := Plan([]byte(x.file), own, x.m)
		if err != nil || string(e.After) != x.after || !slices.Equal(e.Shut, x.shut) || !slices.Equal(e.Fixed, x.fixed) {
			t.Errorf("%s: %q, shut %v, fixed %v, %v", name, e.After, e.Shut, e.Fixed, err)
		}
	}
}

// Below a line for everyone that demands no login a last line would not be read. It is told, and the other lines are mended.
func TestLineForEveryone(t *testing.T) {
	e, err := Plan([]byte("a.example true\n*.*.*.* default\n"), own, spool.Mending{All: true, CatchAll: true})
	if err != nil || string(e.After) != "a.example norelay,2\n*.*.*.* default\n" || e.Everyone != 2 || e.CatchAll {
		t.Errorf("%q, %+v, %v", e.After, e, err)
	}
	if e, err = Plan([]byte("*.*.*.* norelay,2\n"), own, spool.Mending{All: true, CatchAll: true}); err != nil || e.Everyone != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

// A line with true below an only lifts its restriction for everybody; mended it does not, and that is told.
func TestOthersAreTold(t *testing.T) {
	e, err := Plan([]byte("192.168.1.* only\na.example true\n"), own, spool.Mending{All: true})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(e.Affected, func(a spool.Affected) bool { return a.Other }) {
		t.Error("nobody else is told")
	}
}

func TestUndoBesideForeignEdits(t *testing.T) {
	e, err := Plan([]byte("example.jp true\nexample.jp true\nb false"), own, spool.Mending{Lines: []int{2}, CatchAll: true})
	if err != nil {
		t.Fatal(err)
	}
	his := "' a colleague\n" + string(e.After) + "c false"
	back, err := Undo([]byte(his), e.Undo)
	if want := "' a colleague\nexample.jp true\nexample.jp true\nb false\nc false"; err != nil || string(back) != want {
		t.Errorf("%q, %v; want %q", back, err, want)
	}
	changed := strings.Replace(string(e.After), "example.jp norelay,2", "example.jp false", 1)
	if _, err := Undo([]byte(changed), e.Undo); !errors.Is(err, effect.ErrDrift) {
		t.Errorf("a line that was changed since: %v", err)
	}
}

// Whatever the bytes: only actions of lines that open change, no other piece is read otherwise, and undo is exact.
func TestAnyFile(t *testing.T) {
	parts := []string{"example.jp", "*.*.*.*", "203.0.113.0/24", "a@example.jp", " true", " false", " only", " norelay,2", "\t", "\n", "\n", "\r\n", "\x00", "'", " ", "\xff", strings.Repeat("y", 250)}
	rapid.Check(t, func(t *rapid.T) {
		file := []byte(strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 25).Draw(t, "parts"), ""))
		e, err := Plan(file, own, spool.Mending{All: true, CatchAll: rapid.Bool().Draw(t, "catch")})
		if err != nil {
			var r *spool.Refusal
			if !errors.As(err, &r) {
				t.Fatal(err)
			}
			return
		}
		if bytes.Equal(e.After, file) {
			return
		}
		back, err := Undo(e.After, e.Undo)
		if err != nil || !bytes.Equal(back, file) {
			t.Fatalf("undone %q, %v; want %q", back, err, file)
		}
		for _, n := range e.Left {
			if slices.Contains(e.Fixed, n) {
				t.Fatalf("line %d is mended and still opens: %q", n, e.After)
			}
		}
		before, after := slices.Collect(effect.Parse(file).Lines()), slices.Collect(effect.Parse(e.After).Lines())
		if len(after) < len(before) {
			t.Fatalf("%d pieces became %d", len(before), len(after))
		}
		for i, l := range before {
			if !l.Skipped && l.Action.Opens() && slices.Contains(e.Fixed, l.Number) {
				continue
			}
			if strings.TrimSuffix(after[i].Raw, "\n") != strings.TrimSuffix(l.Raw, "\n") {
				t.Fatalf("piece %q became %q", l.Raw, after[i].Raw)
			}
		}
	})
}
