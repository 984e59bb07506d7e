package effect_test

import (
	"bufio"
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/index"
)

// shared returns the path of a file of the shared test data beside the module, or skips.
func shared(t *testing.T, elem ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(append([]string{filepath.Dir(dir), "shared"}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("the shared test data is required: %v", err)
		}
		t.Skipf("the shared test data is not beside the module: %v", err)
	}
	return path
}

// vector is one case of effect.jsonl.
type vector struct {
	File   string
	Peer   netip.Addr
	Sender string
	Login  bool
	Line   int // 0 when null
	Result effect.Result
}

func vectors(t *testing.T) []vector {
	t.Helper()
	file, err := os.Open(shared(t, "vectors", "effect.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []vector
	scan := bufio.NewScanner(file)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var v vector
		if err := json.Unmarshal(scan.Bytes(), &v); err != nil {
			t.Fatalf("case %d: %v", len(all)+1, err)
		}
		all = append(all, v)
	}
	if err := scan.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestVectors(t *testing.T) {
	all := vectors(t)
	if len(all) < 2000 {
		t.Fatalf("read %d cases, want 2,000", len(all))
	}
	for i, v := range all {
		q := effect.Query{Peer: v.Peer, Sender: v.Sender, SenderGiven: true, Login: v.Login}
		f := effect.Parse([]byte(v.File))
		d := f.Decide(q)
		if d.Line != v.Line || d.Result != v.Result {
			t.Errorf("case %d: peer %s, sender %q: got line %d %s, want line %d %s\n%q",
				i+1, v.Peer, v.Sender, d.Line, d.Result, v.Line, v.Result, v.File)
		}
		if by := index.Of(f).Decide(q); by != d {
			t.Errorf("case %d: by index %+v, by line %+v", i+1, by, d)
		}
	}
}
