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

	"hikeshi/runbook"
	"hikeshi/runbook/report/story"
	"hikeshi/spool/lab/nest"
	played "hikeshi/spool/lab/standin/holes"
	"hikeshi/spool/lab/ways"
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

// A hole that the runbook cannot close must be found by it, and keeps the gate at the end shut; with the others the rehearsal ends well.
func TestRehearsalOfAHole(t *testing.T) {
	for _, gate := range []bool{true, false} {
		if help := (&app{}).rehearseVerb().Long; !strings.Contains(help, strings.Join(ways.Ending(gate), ", ")) {
			t.Errorf("the help does not tell how these end: %v", ways.Ending(gate))
		}
	}
	for _, way := range ways.All()[1:] { // the closed server is that of TestRehearse
		code, doc := rehearse(t, "--open", way.Name)
		judged, bad := map[string]string{}, []string{}
		for _, j := range doc.Judgement {
			judged[j.Name] = j.Value
			if !j.OK {
				bad = append(bad, j.Name+": "+j.Value+", want "+j.Want)
			}
		}
		holds := slices.ContainsFunc(doc.Steps, func(s story.Step) bool { return s.ID == "holds" && s.Result == runbook.ResultDone })
		want := map[string]string{"relay test of the runbook": "safe", "denial verified by the runbook": "denied, proven true", "names of accounts told to strangers, by the runbook": told(way.Names)}
		switch {
		case way.Holes.Has(played.DenyBeforeLogin): // it is found although the thieves were locked out meanwhile
			want["denial verified by the runbook"] = "denied-not-after-login, proven false"
		case way.Holes.Has(played.NullSender): // a denied source may use it, too
			want["relay test of the runbook"], want["denial verified by the runbook"] = "suspect", "not-denied, proven false"
		case way.Stays:
			want["relay test of the runbook"] = "suspect"
		}
		for name, value := range want {
			if judged[name] != value {
				t.Errorf("%s: %s: %q, want %q", way.Name, name, judged[name], value)
			}
		}
		if (code == exitStopped) != way.Stays || (code == exitOK) == way.Stays || holds == way.Stays || !way.Stays && len(bad) > 0 {
			t.Errorf("%s: exit %d, gate %v, judged bad: %q", way.Name, code, holds, bad)
		}
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
