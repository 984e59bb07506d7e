package main

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared opens a file of the data that lies beside the module.
func shared(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared", name))
	if os.IsNotExist(err) && strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
		t.Fatalf("HIKESHI_REQUIRE asks for shared: %v", err)
	}
	if os.IsNotExist(err) {
		t.Skipf("the shared data is not here: %v", err)
	}
	fine(t, err)
	t.Cleanup(func() { f.Close() })
	return f
}

// TestVectors: `relay check` decides every case as the model does that was written apart from the project.
func TestVectors(t *testing.T) {
	lines := bufio.NewScanner(shared(t, "vectors/effect.jsonl"))
	lines.Buffer(nil, 1<<20)
	p := &place{t: t, vars: map[string]string{"LANG": "C.UTF-8"}}
	file := filepath.Join(t.TempDir(), "effect.dat")
	n := 0
	for ; lines.Scan(); n++ {
		var v struct {
			File, Peer string
			Sender     *string
			Login      bool
			Line       *int
			Result     string
		}
		fine(t, json.Unmarshal(lines.Bytes(), &v))
		fine(t, os.WriteFile(file, []byte(v.File), 0o600))
		args := []string{"relay", "check", v.Peer, "--file", file, "--output", "json"}
		if v.Sender != nil {
			args = append(args, "--sender="+*v.Sender)
		}
		if v.Login {
			args = append(args, "--login")
		}
		var got decisionDocument
		s := p.run(args...).exits(t, exitOK)
		fine(t, json.Unmarshal([]byte(s.out), &got))
		if got.Result != v.Result || (got.Line == nil) != (v.Line == nil) || got.Line != nil && *got.Line != *v.Line {
			t.Errorf("case %d: %s\ngot %s", n+1, lines.Bytes(), s.out)
		}
		if v.Sender != nil && (got.Sender == nil || *got.Sender != *v.Sender) || v.Sender == nil && got.Sender != nil {
			t.Errorf("case %d: the document does not name the sender that was asked for: %s", n+1, s.out)
		}
	}
	fine(t, lines.Err())
	if n != 2000 {
		t.Errorf("%d cases, want 2000", n)
	}
}
