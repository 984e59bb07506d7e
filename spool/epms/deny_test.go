package epms

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
	"hikeshi/spool/epms/words"
)

func rules() *Server {
	return Rules(Config{Own: spool.Own{Domains: []string{"example.jp"}, Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}}})
}

const shipped = "#<> default\n#blank false\n"

func TestDecide(t *testing.T) {
	text := func(s string) *string { return &s }
	peer := netip.MustParseAddr("203.0.113.9")
	for _, c := range []struct {
		name, file string
		q          spool.RelayQuery
		result     string
		line       int
		reply      string
	}{
		{"denied", shipped + "203.0.113.9 false\n", spool.RelayQuery{Peer: peer}, "deny", 3, "550 5.1.7"},
		{"null sender", shipped, spool.RelayQuery{Peer: peer, Sender: text("<>")}, "default", 1, "550 5.7.1"},
		{"nothing", shipped, spool.RelayQuery{Peer: peer, Sender: text("")}, "deny", 2, "550 5.1.7"},
		{"own sender", shipped, spool.RelayQuery{Peer: peer, Sender: text("taro@EXAMPLE.jp")}, "default", 0, "RCPT TO outside: 250"},
		{"foreign sender", shipped, spool.RelayQuery{Peer: peer, Sender: text("a@example.com")}, "default", 0, "RCPT TO outside: 550 5.7.1"},
		{"open", shipped + "*.*.*.* norelay,2\n", spool.RelayQuery{Peer: peer, Login: true}, "norelay2", 3, "RCPT TO outside: 250"},
	} {
		d := rules().Decide([]byte(c.file), c.q)
		if d.Result != c.result || d.Line != c.line || !strings.Contains(d.Reply, c.reply) || d.Meaning == "" {
			t.Errorf("%s: %+v", c.name, d)
		}
	}
}

// TestVectors asks every case of the shared vectors.
func TestVectors(t *testing.T) {
	path := filepath.Join("..", "..", "..", "shared", "vectors", "effect.jsonl")
	f, err := os.Open(path)
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatal(err)
		}
		t.Skipf("the shared test data is not beside the module: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 0
	for ; lines.Scan(); n++ {
		var c struct {
			File, Sender, Result string
			Peer                 netip.Addr
			Login                bool
			Line                 int
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		d := rules().Decide([]byte(c.File), spool.RelayQuery{Peer: c.Peer, Sender: &c.Sender, Login: c.Login})
		if d.Result != c.Result || d.Line != c.Line {
			t.Errorf("case %d: %s line %d, want %s line %d\n%s", n+1, d.Result, d.Line, c.Result, c.Line, lines.Text())
		}
	}
	if n < 2000 {
		t.Errorf("%d cases", n)
	}
}

func TestDenyAndAllow(t *testing.T) {
	targets := []string{"203.0.113.9", "198.51.100.0/24", "2001:db8::/32", "spam@example.com"}
	for name, before := range map[string]string{
		"as shipped": shipped, "empty": "", "lines below": shipped + "192.168.1.* only\n*.*.*.* norelay,2\n",
		"no final line end": "#<> default\n#blank false", "a comment without a line end": "' note", "Shift_JIS": "' \x8e\x96\x8c\xcc\r\n10.*.*.* default\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			s := rules()
			edit, err := s.Deny([]byte(before), targets)
			if err != nil {
				t.Fatal(err)
			}
			if len(edit.Added) != 4 || edit.Tested == 0 || len(edit.Already) > 0 || len(edit.Undo) == 0 {
				t.Errorf("%+v", edit)
			}
			again, err := s.Deny(edit.After, targets)
			if err != nil || len(again.Added) > 0 || !slices.Equal(again.Already, targets) || string(again.After) != string(edit.After) {
				t.Errorf("a second time: %+v, %v", again, err)
			}
			some, err := s.Allow(edit.After, edit.Undo, targets[:2])
			if err != nil || len(some.Added) != 2 {
				t.Fatalf("allowing two: %+v, %v", some, err)
			}
			back, err := s.Allow(some.After, edit.Undo, nil)
			if err != nil || string(back.After) != before || len(back.Added) != 2 {
				t.Errorf("allowing the rest gives %q, %v", back.After, err)
			}
			all, err := s.Allow(edit.After, edit.Undo, nil)
			if err != nil || string(all.After) != before || all.Tested == 0 {
				t.Errorf("allowing all gives %q, %v", all.After, err)
			}
			if _, err := s.Allow([]byte(before), edit.Undo, nil); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("allowing what is not denied: %v", err)
			}
			if _, err := s.Allow(edit.After, edit.Undo, []string{"192.0.2.77"}); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("allowing somebody else: %v", err)
			}
		})
	}
}

// TestAllowAfterOthersEdited keeps what a colleague wrote, and says so when taking a line out would hit somebody else.
func TestAllowAfterOthersEdited(t *testing.T) {
	s := rules()
	edit, err := s.Deny([]byte(shipped), []string{"203.0.113.9", "203.0.113.10"})
	if err != nil {
		t.Fatal(err)
	}
	now := "10.0.0.1 default\n" + strings.Replace(string(edit.After), "203.0.113.9 false\n", "", 1) + "' note\n"
	back, err := s.Allow([]byte(now), edit.Undo, nil)
	if want := "10.0.0.1 default\n" + shipped + "' note\n"; err != nil || string(back.After) != want || len(back.Added) != 1 {
		t.Errorf("%q, %v", back.After, err)
	}
	opened := "203.0.113.9 true\n" + string(edit.After)
	if back, err := s.Allow([]byte(opened), edit.Undo, nil); err != nil || string(back.After) != "203.0.113.9 true\n"+shipped {
		t.Errorf("%q, %v", back.After, err)
	}
	const plain = "#<> default\n"
	below, err := s.Deny([]byte(plain), []string{"203.0.113.9"})
	if err != nil {
		t.Fatal(err)
	}
	restricted := "192.168.1.* only\n" + string(below.After) // the denial lifts what only restricts
	if back, err := s.Allow([]byte(restricted), below.Undo, nil); err == nil || !strings.Contains(err.Error(), "somebody else") {
		t.Errorf("%q, %v", back.After, err)
	}
	if _, err := s.Allow([]byte(now), json.RawMessage("{"), nil); err == nil {
		t.Error("a broken record was taken")
	}
}

func TestDenyRefuses(t *testing.T) {
	for _, target := range []string{"", "127.0.0.1", "203.0.113.9 true", "203.0.113.9\ttrue", "203.0.113.9\n*", "0.0.0.0/0", "203.0.113.9/28", "*"} {
		if edit, err := rules().Deny([]byte(shipped), []string{target}); err == nil {
			t.Errorf("%q was denied: %q", target, edit.After)
		}
	}
}

func TestLint(t *testing.T) {
	file := "example.jp true\n203.0.113.9\tfalse\n203.0.113.8 deny\n# note\n203.0.113.7"
	codes := map[string]bool{}
	for _, f := range rules().Lint([]byte(file), rules().Own()) {
		codes[f.Code] = true
		if f.Text == "" || f.TextJA == "" || f.Level == "" {
			t.Errorf("%+v", f)
		}
	}
	for _, want := range []string{"own-open", "tab-separator", "unknown-action", "no-final-newline"} {
		if !codes[want] {
			t.Errorf("%s was not found: %v", want, codes)
		}
	}
}

// TestEveryCodeHasJapanese reads the codes from the source of package lint.
func TestEveryCodeHasJapanese(t *testing.T) {
	src, err := os.ReadFile(filepath.Join("effect", "lint", "lint.go"))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(src)) {
		code := strings.Fields(strings.TrimPrefix(line, "//\t"))
		if !strings.HasPrefix(line, "//\t") || len(code) == 0 {
			continue
		}
		for _, c := range strings.Split(strings.Join(code[:min(2, len(code))], " "), ", ") {
			c, _, _ = strings.Cut(c, " ")
			n++
			if words.Japanese(c) == "" {
				t.Errorf("no Japanese for %q", c)
			}
		}
	}
	if n < 30 {
		t.Errorf("%d codes found", n)
	}
}
