package trace

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/trace/facts"
	"hikeshi/runbook"
)

// TestReport: an ARF without the line of its reporter goes by its Source-IP.
func TestReport(t *testing.T) {
	arf := func(source, header string) string {
		return "From: fbl@example.com\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nSource-IP: " + source + "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + header + rest + "--b--\r\n"
	}
	env := Env{Own: own, Clock: func() time.Time { return now }}
	for _, c := range []struct {
		text   string
		state  State
		answer string
	}{
		{arf("192.0.2.25", open), facts.NoLogin, "from 203.0.113.9"},
		{arf("192.0.2.25", epost), facts.Through, "from 203.0.113.9"},
		{arf("192.0.2.25", ""), facts.Unknown, "your address 192.0.2.25"},
		{arf("198.51.100.7", ""), facts.Not, "relayed by 198.51.100.7"},
	} {
		f, err := env.Look(context.Background(), strings.NewReader(c.text), Request{})
		if err != nil {
			t.Fatal(err)
		}
		if m := f.Messages[0]; m.State != c.state || !strings.Contains(m.Answer.EN, c.answer) || m.Taken != "reported" {
			t.Errorf("%s: %s, want %s %q", m.State, m.Answer.EN, c.state, c.answer)
		}
	}
}

// keeper is a recorder that keeps evidence.
type keeper map[string]string

func (k keeper) Evidence(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	k[name] = string(b)
	return err
}
func (keeper) Backup(string, io.Reader) error { return nil }
func (keeper) Progress(int64, int64)          {}

// TestPlan: the kind reads its file, and refuses what is none.
func TestPlan(t *testing.T) {
	file := filepath.Join(t.TempDir(), "spam.eml")
	if err := os.WriteFile(file, []byte(fromThem+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	kind := Kinds(Env{Own: own, Clock: func() time.Time { return now }})[0]
	kept := keeper{}
	plan := func(with map[string]any) (runbook.Outcome, error) {
		b, _ := json.Marshal(with)
		return kind.Action.Plan(context.Background(), runbook.Input{With: b, Rec: kept})
	}
	out, err := plan(map[string]any{"file": file})
	if err != nil || out.Facts.(Facts).State != facts.Not || out.Findings[0].Level != runbook.OK || len(out.Changes) > 0 {
		t.Errorf("%+v %v", out, err)
	}
	if !strings.Contains(kept["trace.json"], "198.51.100.7") {
		t.Errorf("kept: %v", kept)
	}
	for _, with := range []map[string]any{{"file": file + "x"}, {"file": filepath.Dir(file)}, {"file": file, "message": 9}, {"file": file, "message": 1, "all": true}, {"file": "/dev/zero"}, {"file": "/dev/null"}} {
		if _, err := plan(with); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%v: %v", with, err)
		}
	}
}
