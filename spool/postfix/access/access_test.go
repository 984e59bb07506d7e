package access

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"testing"
)

func deny(t *testing.T, tab Table, file string, targets ...string) Edit {
	t.Helper()
	e, err := Deny(tab, []byte(file), targets)
	if err != nil {
		t.Fatalf("denying %q in %q: %v", targets, file, err)
	}
	return e
}

const colleague = "# by hand\n\n198.51.100.0/24 OK\n203.0.113.0/24\n  REJECT go\n  away\n"

func TestPeers(t *testing.T) {
	for _, c := range []struct{ name, file, targets, after, already string }{
		{"a new file", "", "203.0.113.9 2001:DB8::/32", "203.0.113.9\tREJECT\n2001:db8::/32\tREJECT\n", ""},
		{"above all rules", colleague, "198.51.100.7", "# by hand\n\n198.51.100.7\tREJECT\n198.51.100.0/24 OK\n203.0.113.0/24\n  REJECT go\n  away\n", ""},
		{"refused by a network", colleague, "203.0.113.9", colleague, "203.0.113.9"},
		{"a part is let through", "203.0.113.9 OK\n203.0.113.0/24 REJECT\n", "203.0.113.0/24", "203.0.113.0/24\tREJECT\n203.0.113.9 OK\n203.0.113.0/24 REJECT\n", ""},
		{"twice the same", "", "203.0.113.9 ::ffff:203.0.113.9", "203.0.113.9\tREJECT\n", ""},
		{"no line end", "# x", "203.0.113.9", "# x\n203.0.113.9\tREJECT\n", ""},
		{"inside an if it is not for all", "if 203.0.113.0/24\n203.0.113.9 REJECT\nendif\n", "203.0.113.9", "203.0.113.9\tREJECT\nif 203.0.113.0/24\n203.0.113.9 REJECT\nendif\n", ""},
		{"behind all others", "!192.0.2.0/24 DUNNO\n203.0.113.9 REJECT\n", "203.0.113.9", "203.0.113.9\tREJECT\n!192.0.2.0/24 DUNNO\n203.0.113.9 REJECT\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tab := Peers{}
			e := deny(t, tab, c.file, strings.Fields(c.targets)...)
			if string(e.After) != c.after || strings.Join(e.Already, " ") != c.already {
				t.Fatalf("got %q, already %q", e.After, e.Already)
			}
			again := deny(t, tab, string(e.After), strings.Fields(c.targets)...)
			if len(again.Lines) > 0 {
				t.Errorf("a second time adds %v", again.Lines)
			}
			if len(e.Lines) == 0 {
				return
			}
			back, err := Allow(tab, e.After, Added{e.Lines}, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := c.file
			if want != "" && !strings.HasSuffix(want, "\n") {
				want += "\n"
			}
			if string(back.After) != want {
				t.Errorf("taken out: %q, want %q", back.After, want)
			}
			if _, err := Allow(tab, back.After, Added{e.Lines}, nil); !errors.Is(err, fs.ErrNotExist) && c.name != "behind all others" {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

func TestSenders(t *testing.T) {
	tab := Senders{}
	e := deny(t, tab, "", "Spammer@Example.com", "example.net")
	if want := "spammer@example.com\tREJECT\nexample.net\tREJECT\n"; string(e.After) != want {
		t.Fatalf("%q", e.After)
	}
	for sender, refused := range map[string]bool{"spammer@example.com": true, "other@example.com": false, "a@sub.example.net": true, "": false, "a@notexample.net": false} {
		if got := Refused(tab.Lookup(e.After, sender).Result); got != refused {
			t.Errorf("%q: refused %v", sender, got)
		}
	}
	if e := deny(t, tab, string(e.After), "x@example.net"); len(e.Lines) > 0 {
		t.Errorf("the domain is refused already: %v", e.Lines)
	}
	for _, c := range []struct{ file, target string }{
		{"good@example.com OK\n", "example.com"}, {"example.com DUNNO\n", "example.com"}, {"sub.example.com OK\n", "example.com"},
	} {
		if _, err := Deny(tab, []byte(c.file), []string{c.target}); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%q: %v", c.file, err)
		}
	}
}

// A line that a colleague has gone on with, or copied, is no longer ours alone.
func TestAllowKeepsOthersWork(t *testing.T) {
	tab := Peers{}
	e := deny(t, tab, "203.0.113.9\tREJECT\n", "203.0.113.0/24")
	for _, after := range []string{"203.0.113.0/24\tREJECT\n  with his words\n", "203.0.113.0/24 REJECT\n", "#203.0.113.0/24\tREJECT\n", "203.0.113.0/24\tREJECT\n203.0.113.0/24\tREJECT\n"} {
		if got, err := Allow(tab, []byte(after), Added{e.Lines}, nil); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %q, %v", after, got.After, err)
		}
	}
	if !Others(tab, e.After, []string{"203.0.113.0/24"}) || Others(tab, []byte("# x\n203.0.113.0/24\tREJECT\n"), []string{"203.0.113.0/24"}) {
		t.Error("whether others have rules")
	}
}

func TestTargets(t *testing.T) {
	for _, bad := range []string{"", "a b", "203.0.113.9/24", "example..com", "@example.com", "a@", "a@b@c", "1.2.3", "203.0.113.9\nx", "<>", "fe80::1%eth0", "ä@example.com", strings.Repeat("a", 300), "203.0.113.*", "example.com:25"} {
		var tab Table = Senders{}
		if (Peers{}).Takes(bad) {
			tab = Peers{}
		}
		if e, err := Deny(tab, nil, []string{bad}); err == nil {
			t.Errorf("%.40q: %q", bad, e.After)
		}
	}
}

func TestRefused(t *testing.T) {
	for result, want := range map[string]bool{"REJECT": true, "reject go away": true, "554 5.7.1 no": true, "450 later": true, "DEFER_IF_PERMIT x": true, "OK": false, "DUNNO": false, "DISCARD": false, "HOLD": false, "": false, "250": false, "5x4": false} {
		if Refused(result) != want {
			t.Errorf("%q: %v", result, !want)
		}
	}
}

func FuzzTables(f *testing.F) {
	f.Add([]byte(colleague), "203.0.113.9")
	f.Add([]byte("if !192.0.2.0/24\n192.0.2.4 REJECT\nendif\na@example.com OK"), "example.com")
	f.Add([]byte("endif\nendif\n!if x\n[2001:db8::]/32 x\n\t y\r\n"), "2001:db8::/33")
	f.Fuzz(func(t *testing.T, file []byte, target string) {
		for _, tab := range []Table{Peers{}, Senders{}} {
			e, err := Deny(tab, file, []string{target})
			if err != nil || len(e.Lines) == 0 {
				continue
			}
			if again, err := Deny(tab, e.After, []string{target}); err != nil || len(again.Lines) > 0 {
				t.Fatalf("%q, denied in %q: not refused in %q (%v)", target, file, e.After, err)
			}
			back, err := Allow(tab, e.After, Added{e.Lines}, nil)
			if err != nil {
				t.Fatalf("%q, taken out of %q: %v", target, e.After, err)
			}
			if strings.TrimSuffix(string(back.After), "\n") != strings.TrimSuffix(string(file), "\n") {
				t.Fatalf("%q becomes %q", file, back.After)
			}
		}
		Peers{}.Lookup(file, netip.MustParseAddr("203.0.113.9"))
	})
}
