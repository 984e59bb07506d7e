package relay

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/postfix/denial"
)

// tables is a server that refuses through two tables, which its settings have to name, and that reads its files when it starts.
type tables struct {
	denial.Files
	reloads *int
}

func (tables) Name() string              { return "tables" }
func (t tables) Root() string            { return t.Queue }
func (tables) Folders() []spool.Folder   { return nil }
func (tables) Services() []spool.Service { return nil }

const (
	ownMain   = "myhostname = mail.example.jp\n"
	ownMaster = "smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd -o smtpd_client_restrictions=permit_sasl_authenticated,reject\n"
)

// severalWorld is such a server, running since an hour ago. A reload replaces its queue manager.
func severalWorld(t *testing.T) (Env, tables) {
	t.Helper()
	env, _ := world(t, shipped)
	boot := time.Now().Add(-time.Hour)
	s := tables{denial.Files{Uptime: func() (time.Duration, error) { return time.Since(boot), nil }, Dir: t.TempDir(), Setting: "/etc/postfix", Queue: t.TempDir(), Proc: t.TempDir(), Program: "/usr/sbin/postfix"}, new(int)}
	put(t, filepath.Join(s.Dir, "main.cf"), ownMain)
	put(t, filepath.Join(s.Dir, "master.cf"), ownMaster)
	if err := errors.Join(os.MkdirAll(filepath.Join(s.Queue, "pid"), 0o755), os.MkdirAll(filepath.Join(s.Proc, "7"), 0o755), os.MkdirAll(filepath.Join(s.Proc, "8"), 0o755)); err != nil {
		t.Fatal(err)
	}
	began := func(pid int, name string, parent int, at time.Time) {
		put(t, filepath.Join(s.Proc, fmt.Sprint(pid), "stat"), fmt.Sprintf("%d (%s) S %d 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, name, parent, at.Sub(boot)/(10*time.Millisecond)))
	}
	put(t, filepath.Join(s.Queue, "pid/master.pid"), "7\n")
	began(7, "master", 1, boot)
	began(8, "qmgr", 7, boot)
	env.Server = s
	env.Run = func(_ context.Context, argv []string) ([]byte, error) {
		if !slices.Equal(argv, []string{"/usr/sbin/postfix", "-c", "/etc/postfix", "reload"}) {
			return nil, fmt.Errorf("%q", argv)
		}
		*s.reloads++
		began(8, "qmgr", 7, time.Now())
		return nil, nil
	}
	return env, s
}

func (t tables) contents(tb testing.TB) string {
	var all []string
	for _, name := range []string{"main.cf", "master.cf", "hikeshi-peers.cidr", "hikeshi-senders"} {
		b, err := os.ReadFile(filepath.Join(t.Dir, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			tb.Fatal(err)
		}
		all = append(all, string(b))
	}
	return strings.Join(all, "|")
}

func TestSeveralFiles(t *testing.T) {
	env, s := severalWorld(t)
	d, targets := deny{env}, map[string]any{"targets": []string{"203.0.113.9", "bulk.example.com", "2001:db8::/48"}}
	before := s.contents(t)
	out, err := plan(t, d, targets)
	if err != nil || len(out.Changes) != 4 {
		t.Fatalf("%d changes, %v", len(out.Changes), err)
	}
	look := denied{env}
	for i, c := range out.Changes {
		if facts := must(t, look, targets).Facts.(DeniedFacts); facts.Denied {
			t.Fatalf("denied before change %d", i)
		}
		wantState(t, d, c, runbook.None)
		apply(t, d, c)
		wantState(t, d, c, runbook.Done)
	}
	want := ownMain + "smtpd_client_restrictions = check_client_access cidr:/etc/postfix/hikeshi-peers.cidr\n" +
		"smtpd_sender_restrictions = check_sender_access texthash:/etc/postfix/hikeshi-senders\n|" +
		"smtp inet n - y - - smtpd\nsubmission inet n - y - - smtpd -o smtpd_client_restrictions=check_client_access,cidr:/etc/postfix/hikeshi-peers.cidr,permit_sasl_authenticated,reject\n|" +
		"203.0.113.9\tREJECT\n2001:db8::/48\tREJECT\n|bulk.example.com\tREJECT\n"
	if got := s.contents(t); got != want {
		t.Fatalf("got\n%s", got)
	}
	if *s.reloads < 4 {
		t.Errorf("%d reloads", *s.reloads)
	}
	if facts := must(t, look, targets).Facts.(DeniedFacts); !facts.Denied {
		t.Errorf("not denied: %v", facts.Open)
	}
	if again := must(t, d, targets); len(again.Changes) > 0 {
		t.Errorf("planned again: %d changes", len(again.Changes))
	}
	for _, c := range slices.Backward(out.Changes) {
		for range 2 {
			undo(t, d, c)
		}
		wantState(t, d, c, runbook.None)
	}
	if got := s.contents(t); got != before {
		t.Errorf("undone:\n%s", got)
	}
}

// What is written and not read yet is not done: a crash in between leaves a reload to make.
func TestWrittenAndNotRead(t *testing.T) {
	env, s := severalWorld(t)
	d := deny{env}
	out, err := plan(t, d, map[string]any{"targets": []string{"203.0.113.9"}})
	if err != nil || len(out.Changes) != 3 {
		t.Fatalf("%d changes, %v", len(out.Changes), err)
	}
	for _, c := range out.Changes {
		run := d.env.Run
		d.env.Run = func(context.Context, []string) ([]byte, error) { return nil, errors.New("killed") }
		if err := d.Apply(context.Background(), c, keeper{}); err == nil {
			t.Fatal("not told that the services have not read it")
		}
		wantState(t, d, c, runbook.Partial)
		d.env.Run = run
		apply(t, d, c)
		wantState(t, d, c, runbook.Done)
	}
	if *s.reloads < 3 {
		t.Errorf("%d reloads", *s.reloads)
	}
}

// The settings go on naming the tables while they refuse somebody whom another incident, or a colleague, has put in.
func TestHookStaysForOthers(t *testing.T) {
	env, s := severalWorld(t)
	d := deny{env}
	first, err := plan(t, d, map[string]any{"targets": []string{"203.0.113.9"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range first.Changes {
		apply(t, d, c)
	}
	second, err := plan(t, d, map[string]any{"targets": []string{"203.0.113.10"}})
	if err != nil || len(second.Changes) != 1 {
		t.Fatalf("%d changes, %v", len(second.Changes), err)
	}
	apply(t, d, second.Changes[0])
	for _, c := range slices.Backward(first.Changes) {
		undo(t, d, c)
	}
	if got := must(t, denied{env}, map[string]any{"targets": []string{"203.0.113.10"}}).Facts.(DeniedFacts); !got.Denied {
		t.Errorf("the other incident's denial does not count any more:\n%s", s.contents(t))
	}
	if got := must(t, denied{env}, map[string]any{"targets": []string{"203.0.113.9"}}).Facts.(DeniedFacts); got.Denied {
		t.Error("still denied")
	}
}

func must(t *testing.T, a runbook.Action, with any) runbook.Outcome {
	t.Helper()
	out, err := plan(t, a, with)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
