package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook/report/story"
	"hikeshi/spool/lab/nest"
)

// rehearse runs the verb in this process and returns its exit code and document.
func rehearse(t *testing.T, args ...string) (int, story.Incident) {
	t.Helper()
	return rehearseIn(t, t.TempDir(), args...)
}

// rehearseIn is rehearse with a state folder that is looked into afterwards.
func rehearseIn(t *testing.T, state string, args ...string) (int, story.Incident) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, getenv: func(name string) string {
		return map[string]string{"HIKESHI_STATE": state, "LANG": "C.UTF-8"}[name]
	}}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	code := a.execute(ctx, append([]string{"rehearse", "--output", "json"}, args...))
	var doc story.Incident
	if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
		t.Fatalf("exit %d, no document: %v\n%s\n%s", code, err, out.String(), errs.String())
	}
	if t.Failed() || testing.Verbose() {
		t.Log(errs.String())
	}
	return code, doc
}

func TestRehearse(t *testing.T) {
	state := t.TempDir()
	code, doc := rehearseIn(t, state)
	for _, j := range doc.Judgement {
		if !j.OK {
			t.Errorf("%s: %s, want %s", j.Name, j.Value, j.Want)
		}
	}
	if code != exitOK || len(doc.Judgement) < 10 || doc.State != "done" {
		t.Errorf("exit %d, %d judgements, state %s", code, len(doc.Judgement), doc.State)
	}
	reports, err := filepath.Glob(filepath.Join(state, "rehearsals/*/report.md"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports %v, %v", reports, err)
	}
	report, err := os.ReadFile(reports[0])
	fine(t, err)
	for _, want := range []string{`found \[bad\] relayed through this server, logged in as taro`, `found \[ok\] every source is refused, and a login does not help`, `found \[ok\] no relay found: asked from outside`,
		"verify_denied-denied.txt", "relay_test-relaytest.txt", "traced-trace.json"} {
		if !strings.Contains(string(report), want) && !strings.Contains(string(report), strings.ReplaceAll(want, "_", `\_`)) {
			t.Errorf("the report does not tell: %s", want)
		}
	}
	f := lookedUp(t, state)
	if f.State != "listed" || f.Worst != 1 || !f.Named || !slices.Equal(f.Subjects, []string{"192.0.2.25", "mail1.example.jp", "example.jp"}) {
		t.Errorf("step lists: %+v", f)
	}
	wantListings(t, f.Listings, afterTheNight)
}

// A runbook that forgets to deny the source has to be judged bad, or the judgement means nothing.
func TestRehearsalOfABadRunbookIsJudgedBad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "forgetful.yaml")
	text := `format: 1
name: forgetful
title: {en: forgets to deny}
steps:
  - {id: stop, phase: contain, title: {en: stop}, uses: service.stop}
  - {id: aside, phase: contain, title: {en: set aside}, uses: queue.quarantine}
  - {id: start, phase: recover, title: {en: start}, uses: service.start}
`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, doc := rehearse(t, file)
	bad := map[string]bool{}
	for _, j := range doc.Judgement {
		bad[j.Name] = !j.OK
	}
	if code != exitFound || !bad["denied sources refused over SMTP"] || !bad["spam leaving after containment"] || !bad["blocklists that list the server, found"] {
		t.Errorf("exit %d, judged %v", code, bad)
	}
}

// A hole that the runbook cannot close must be found by its relay test, and keeps the gate at the end shut.
func TestRehearsalOfAHoleStopsAtTheGate(t *testing.T) {
	for open, want := range map[string]string{"percent-hack": "suspect", "null-sender": "suspect", "own-domain": "safe", "no-login": "safe"} {
		code, doc := rehearse(t, "--open", open)
		verdict, holds := "", ""
		for _, j := range doc.Judgement {
			if j.Name == "relay test of the runbook" {
				verdict = j.Value
			}
		}
		for _, s := range doc.Steps {
			if s.ID == "holds" {
				holds = string(s.Result)
			}
		}
		if verdict != want || (code == exitStopped) != (want == "suspect") || (holds == "done") != (want == "safe") || want == "safe" && code != exitOK {
			t.Errorf("%s: exit %d, relay test %s, gate %s; want %s", open, code, verdict, holds, want)
			for _, j := range doc.Judgement {
				if !j.OK {
					t.Errorf("%s: %s, want %s", j.Name, j.Value, j.Want)
				}
			}
		}
	}
}

// TestRehearsalOfADenialThatALoginWalksAround: it is found although the thieves were locked out meanwhile, and keeps the gate shut.
func TestRehearsalOfADenialThatALoginWalksAround(t *testing.T) {
	code, doc := rehearse(t, "--open", "deny-before-login")
	verdict, holds := "", ""
	for _, j := range doc.Judgement {
		if j.Name == "denial verified by the runbook" && !j.OK {
			verdict = j.Value
		}
	}
	for _, s := range doc.Steps {
		if s.ID == "holds" {
			holds = string(s.Result)
		}
	}
	if code != exitStopped || verdict != "denied-not-after-login, proven false" || holds == "done" {
		t.Errorf("exit %d, judged bad: %q, gate %s", code, verdict, holds)
	}
}

// The same with real units under a private systemd, and a power cut that takes the runbook's process with it.
func TestRehearseUnits(t *testing.T) {
	if err := nest.Available(); err != nil {
		for _, need := range []string{"root", "systemd"} {
			if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), need) {
				t.Fatal(err)
			}
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "hikeshi")
	if out, err := exec.Command("go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, "rehearse", "--units", "--output", "json")
	cmd.Env = append(os.Environ(), "HIKESHI_STATE="+filepath.Join(dir, "state"), "LANG=C.UTF-8")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, errs.String())
	}
	var doc story.Incident
	if err := json.Unmarshal(out, &doc); err != nil {
		t.Fatal(err)
	}
	for _, j := range doc.Judgement {
		if !j.OK {
			t.Errorf("%s: %s, want %s", j.Name, j.Value, j.Want)
		}
	}
	if len(doc.Judgement) < 10 {
		t.Errorf("only %d judgements", len(doc.Judgement))
	}
}
