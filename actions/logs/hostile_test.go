package logs_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/lab/history"
)

// No password of receivelog, plain or in base64, gets into what any kind says, and the answers are those of the other logs.
func TestNoPassword(t *testing.T) {
	w, dir := write(t, 8, history.Options{Accounts: 20, Days: 8, ReceiveLog: true, Incidents: []history.Kind{"stolen-fast", "guessed-before", "spray", "read-out"}})
	if err := os.WriteFile(filepath.Join(dir, "receivelog", "261112.log"), []byte("[12/Nov/2026:00:00:01], 347c89c8, USER=[taro] PASS=[planted-secret]\nPASS planted-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pop3log", "261112.log"), []byte("[12/Nov/2026:00:00:01] - PASS planted-secret\nplanted-secret password\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secrets := []string{"planted-secret"}
	secrets = append(secrets, w.Truth.Secrets...)
	for _, kind := range []string{"logs.suspects", "logs.logins", "logs.timeline", "logs.access", "logs.sizes", "logs.refusals"} {
		_, text := plan(t, dir, kind, "")
		for _, s := range secrets {
			for _, form := range []string{s, base64.StdEncoding.EncodeToString([]byte(s))} {
				if strings.Contains(text, form) {
					t.Fatalf("%s tells the password %q", kind, form)
				}
			}
		}
	}
	out, _ := plan(t, dir, "logs.suspects", "")
	if f := out.Facts.(logs.SuspectsFacts); len(f.AccountNames) != len(w.Truth.Accounts) || len(f.SourceNames) < len(w.Truth.Sources)*9/10 || f.Unread == 0 {
		t.Errorf("accounts %q of %d, sources %d of %d, unread %d", f.AccountNames, len(w.Truth.Accounts), len(f.SourceNames), len(w.Truth.Sources), f.Unread)
	}
}

// What a log that is off would have told is said to be unknown, and how to switch it on.
func TestOff(t *testing.T) {
	_, dir := write(t, 8, history.Options{Accounts: 20, Days: 8, Incidents: []history.Kind{"stolen-fast", "own-sender"}})
	for _, log := range []string{"acceptlog", "pop3log", "imap4log", "outlog"} {
		if err := os.RemoveAll(filepath.Join(dir, log)); err != nil {
			t.Fatal(err)
		}
	}
	out, text := plan(t, dir, "logs.suspects", "")
	f := out.Facts.(logs.SuspectsFacts)
	if f.Spoof.Verdict != "unknown" || !strings.Contains(f.Spoof.HowTo, "acceptlog=1") || len(f.AccountNames) == 0 {
		t.Errorf("%+v, accounts %q", f.Spoof, f.AccountNames)
	}
	wants(t, text, "cannot be told", "判断できない", "not visible in these logs: D8 D10 D13", "not visible in these logs: D7", "acceptlog is off; to switch it on", "acceptlog は記録されていない")
	out, text = plan(t, dir, "logs.access", "")
	if a := out.Facts.(logs.AccessFacts); strings.Join(a.Unknown, " ") != "pop3log imap4log" {
		t.Errorf("%+v", a.Unknown)
	}
	wants(t, text, "whether the mailbox was read is unknown", "読まれたかどうかは不明")
}

// The kind of an open relay and of a named account.
func TestWithoutLogin(t *testing.T) {
	w, dir := write(t, 11, history.Options{Accounts: 20, Days: 8, Incidents: []history.Kind{"own-sender", "open-line"}})
	out, text := plan(t, dir, "logs.suspects", "")
	f := out.Facts.(logs.SuspectsFacts)
	if f.Spoof.Verdict != "named" || f.Spoof.Foreign == 0 || len(f.AccountNames) != 1 || len(f.SourceNames) != len(w.Truth.Sources) || !f.Accounts[0].Named {
		t.Errorf("%+v, accounts %q, %d sources of %d", f.Spoof, f.AccountNames, len(f.SourceNames), len(w.Truth.Sources))
	}
	wants(t, text, "cause (b)", "cause (c)", "named without a login: its owner may know nothing of it", "本人は無関係かもしれない")
	if brief := f.Accounts[0].Brief; !slices.Contains(brief, "no-login!") {
		t.Errorf("a list to choose from shows %q for a name that was borrowed", brief)
	}
	for _, a := range f.Accounts[1:] {
		if slices.Contains(a.Brief, "no-login!") != a.Named {
			t.Errorf("%+v", a)
		}
	}
}

func TestParameters(t *testing.T) {
	w, dir := write(t, 8, history.Options{Accounts: 20, Days: 8, Incidents: []history.Kind{"stolen-fast"}})
	name := w.Truth.Accounts[0].Login
	quoted, _ := json.Marshal(name)
	out, _ := plan(t, dir, "logs.suspects", `{"exempt_accounts":[`+string(quoted)+`]}`)
	if f := out.Facts.(logs.SuspectsFacts); len(f.AccountNames) != 0 {
		t.Errorf("exempt, and named: %q", f.AccountNames)
	}
	out, _ = plan(t, dir, "logs.suspects", `{"until":"2026-11-10","since":"48h"}`)
	if f := out.Facts.(logs.SuspectsFacts); len(f.AccountNames) != 0 || f.Window.Until.Sub(f.Window.Since).Hours() != 48 {
		t.Errorf("before the incident: %q in %v", f.AccountNames, f.Window)
	}
	local, _, _ := strings.Cut(name, "@")
	out, _ = plan(t, dir, "logs.timeline", `{"accounts":["`+local+`"]}`)
	if f := out.Facts.(logs.TimelineFacts); f.Of != "named" || *f.Messages < int64(w.Truth.Accounts[0].Messages) || len(f.Accounts) != 1 || f.Accounts[0] != name {
		t.Errorf("%s %d of %q", f.Of, *f.Messages, f.Accounts)
	}
	out, _ = plan(t, dir, "logs.suspects", `{"top":1,"sources":["203.0.113.0/24"]}`)
	if f := out.Facts.(logs.SuspectsFacts); len(f.From) != 1 || f.Cut == 0 {
		t.Errorf("%d sources, %d cut", len(f.From), f.Cut)
	}
	for _, with := range []string{`{"since":"yesterday"}`, `{"since":"2026-11-12","until":"2026-11-11"}`, `{"sources":["nowhere"]}`, `{"exempt_sources":["300.1.1.1"]}`} {
		_, err := logs.Kinds(logs.Env{Server: server{dir: dir}})[1].Action.Plan(context.Background(), runbook.Input{With: json.RawMessage(with)})
		if !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", with, err)
		}
	}
}

// A server without the ability, one without any log, and one that is not waited for.
func TestErrors(t *testing.T) {
	for _, k := range logs.Kinds(logs.Env{Server: struct{ spool.Server }{}}) {
		if _, err := k.Action.Plan(context.Background(), runbook.Input{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
	_, dir := write(t, 8, history.Options{Accounts: 20, Days: 3, Incidents: []history.Kind{}})
	over, stop := context.WithCancel(context.Background())
	stop()
	for _, k := range logs.Kinds(logs.Env{Server: server{dir: t.TempDir()}}) {
		out, err := k.Action.Plan(context.Background(), runbook.Input{})
		switch f := out.Facts.(type) { // a runbook goes on without knowing; nobody is called innocent
		case logs.SuspectsFacts:
			if err != nil || !f.Read.Problem || f.Spoof.Verdict != "unknown" || len(f.AccountNames)+len(f.SourceNames) > 0 || worst(out) != runbook.Warn {
				t.Errorf("%s without logs: %+v, %v", k.Name, out, err)
			}
		case logs.LoginsFacts:
			if err != nil || !f.Read.Problem || len(f.Found)+len(f.POP3) > 0 || worst(out) != runbook.Warn {
				t.Errorf("%s without logs: %+v, %v", k.Name, out, err)
			}
		case logs.TimelineFacts:
			if err != nil || !f.Read.Problem || f.Messages != nil || worst(out) != runbook.Warn {
				t.Errorf("%s without logs: %+v, %v", k.Name, out, err)
			}
		case logs.AccessFacts:
			if err != nil || !f.Read.Problem || f.Mails != nil || worst(out) != runbook.Warn {
				t.Errorf("%s without logs: %+v, %v", k.Name, out, err)
			}
		case logs.RefusalsFacts:
			if err != nil || !f.Read.Problem || len(f.Unknown) != 2 || worst(out) != runbook.Warn {
				t.Errorf("%s without logs: %+v, %v", k.Name, out, err)
			}
		case logs.SizesFacts:
		default:
			t.Errorf("%s without logs: %T", k.Name, out.Facts)
		}
	}
	for _, k := range logs.Kinds(logs.Env{Server: server{dir: dir}}) {
		if _, err := k.Action.Plan(over, runbook.Input{}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", k.Name, err)
		}
	}
}

// worst is the worst level of what was found; OK only if nothing but that was.
func worst(out runbook.Outcome) runbook.Level {
	level := runbook.Info
	for _, f := range out.Findings {
		if f.Level == runbook.OK {
			return runbook.OK
		}
		if f.Level == runbook.Warn || f.Level == runbook.Bad {
			level = f.Level
		}
	}
	return level
}
