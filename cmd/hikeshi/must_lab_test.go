package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook/report/story"
	"hikeshi/spool/lab"
)

// labsAtOnce is how many labs are played at the same time: each wants a processor for its flood.
const labsAtOnce = 2

// TestMustRehearseEveryCause: whatever let the spam in, the runbook ends with the hole closed, nothing lost and nobody else touched.
func TestMustRehearseEveryCause(t *testing.T) {
	turns := make(chan struct{}, labsAtOnce)
	for _, s := range lab.Scenarios() {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			turns <- struct{}{}
			defer func() { <-turns }()
			dir := t.TempDir()
			code, doc, said := rehearsed(t, dir, "--scenario", s.Name)
			for _, j := range doc.Judgement {
				if !j.OK {
					t.Errorf("%s: %s, want %s: %q", j.Name, j.Value, j.Want, j.Items)
				}
			}
			if code != exitOK || len(doc.Judgement) < 14 || doc.State != "done" {
				t.Errorf("exit %d, %d judgements, state %s\n%s", code, len(doc.Judgement), doc.State, said)
			}
			if s.Abused != "" {
				stolen := labSecrets(t, dir)
				sealedOff(t, dir, stolen)
				if found := leaks(said, stolen); len(found) > 0 {
					t.Errorf("told: %q", found)
				}
			}
		})
	}
}

// rehearsed is rehearse with a folder that stays, and with all that was written.
func rehearsed(t *testing.T, state string, args ...string) (int, story.Incident, string) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string {
		return map[string]string{"HIKESHI_STATE": state, "LANG": "C.UTF-8"}[name]
	}}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	code := a.execute(ctx, append([]string{"rehearse", "--output", "json"}, args...))
	var doc story.Incident
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("exit %d, no document: %v\n%s\n%s", code, err, &out, &errs)
	}
	return code, doc, out.String() + errs.String()
}

// labSecrets are the passwords that the lab's account file and auth files held, read from the copies that the rehearsal kept.
func labSecrets(t *testing.T, state string) []string {
	t.Helper()
	copies, err := filepath.Glob(filepath.Join(state, "rehearsals/*/incidents/*/backup/audit-*"))
	fine(t, err)
	var all []string
	for _, file := range copies {
		b, err := os.ReadFile(file)
		fine(t, err)
		_, text, _ := strings.Cut(string(b), "\n") // behind the random line
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if record, err := base64.StdEncoding.DecodeString(line); err == nil && strings.Contains(filepath.Base(file), "-idx-") {
				line = strings.Split(string(record), "\t")[1]
			}
			if len(line) > 8 {
				all = append(all, line)
			}
		}
	}
	if len(all) < 2 {
		t.Fatalf("no copies of passwords: %q", copies)
	}
	return all
}
