package account

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// TestLockOfAProtectedAccount: a stolen password is overwritten whoever it belongs to, and what that means for its owner is told once.
func TestLockOfAProtectedAccount(t *testing.T) {
	p := newPlace(t)
	for _, name := range []string{"postmaster", "admin"} {
		out := p.planned("account.lock", names(name))
		if len(out.Changes) != 1 || !strings.Contains(texts(out.Findings), "warn "+name+"@example.jp is a protected account") ||
			!strings.Contains(texts(out.Findings), "its mail keeps arriving, but its owner cannot log in until the console gives it a new password") {
			t.Errorf("%s: %d changes\n%s", name, len(out.Changes), texts(out.Findings))
		}
		for _, f := range out.Findings {
			if strings.Contains(f.Text.EN, "protected account") && (!strings.Contains(f.Text.JA, "受信は続く") || strings.Contains(f.Text.JA, "configuration")) {
				t.Errorf("%q", f.Text.JA)
			}
		}
		p.apply(out.Changes[0])
		if again := p.planned("account.lock", names(name)); len(again.Changes) != 0 || strings.Contains(texts(again.Findings), "protected account") {
			t.Errorf("%s again: %s", name, texts(again.Findings))
		}
	}
	if out := p.planned("account.lock", names("jiro")); strings.Contains(texts(out.Findings), "protected") {
		t.Errorf("jiro: %s", texts(out.Findings))
	}
}

// TestCheckWithoutACopy: the account file is kept as a whole for one account; of the others in it nothing is told but that.
func TestCheckWithoutACopy(t *testing.T) {
	p := newPlace(t)
	p.put("inbox/hanako/apop.dat", password+"\n")
	p.planned("account.audit", names("taro@example.jp"))
	for _, name := range []string{"hanako", "jiro"} { // with and without an auth file
		out, err := p.plan("account.check", names(name))
		if !errors.Is(err, runbook.ErrUndetermined) || strings.Contains(texts(out.Findings), "is open") || strings.Count(texts(out.Findings), name) != 1 ||
			!strings.Contains(texts(out.Findings), name+"@example.jp cannot be told: no copy of its password was kept") {
			t.Errorf("%s: %v\n%s", name, err, texts(out.Findings))
		}
	}
	p.planned("account.audit", names("hanako", "jiro"))
	for _, name := range []string{"hanako", "jiro"} {
		out, err := p.plan("account.check", names(name))
		if err != nil || out.Facts.(CheckFacts).Closed || strings.Contains(texts(out.Findings), "cannot be told") || !strings.Contains(texts(out.Findings), "its password is the one that was kept") {
			t.Errorf("%s with a copy: %v\n%s", name, err, texts(out.Findings))
		}
	}
	p.put("inbox/jiro/apop.dat", "set in the console\n") // it had none when the copies were kept
	if out, err := p.plan("account.check", names("jiro")); err != nil || strings.Contains(texts(out.Findings), "cannot be told") {
		t.Errorf("with a new auth file: %v\n%s", err, texts(out.Findings))
	}
}

// TestSymlinkedAccountFile: that the file is not followed is the reason, not that there is no such account.
func TestSymlinkedAccountFile(t *testing.T) {
	p := newPlace(t)
	trial.Must(t, os.Rename(filepath.Join(p.base, "db/example.net.idx"), filepath.Join(p.base, "db/elsewhere")))
	trial.Must(t, os.Symlink("elsewhere", filepath.Join(p.base, "db/example.net.idx")))
	for _, kind := range []string{"account.lock", "account.audit", "account.rename", "account.clean"} {
		for _, name := range []string{"taro@example.net", "saburo"} {
			_, err := p.plan(kind, names(name))
			if !errors.Is(err, runbook.ErrUndetermined) || errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "example.net.idx cannot be read: ") ||
				!strings.Contains(err.Error(), "symbolic link, which is not followed") || strings.Contains(err.Error(), "there is no account") {
				t.Errorf("%s %s: %v", kind, name, err)
			}
		}
		if _, err := p.plan(kind, names("saburo@example.jp")); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "there is no account") {
			t.Errorf("%s in a file that can be read: %v", kind, err)
		}
	}
}

// TestAuditOfARenamedAccount tells the old name and the incident, whichever name is asked for.
func TestAuditOfARenamedAccount(t *testing.T) {
	p := newPlace(t)
	c := p.change("account.rename", names("taro@example.jp"))
	p.apply(c)
	all, err := RenamedBy("20261121-0312", c)
	trial.Must(t, err)
	p.env.Recorded = func() ([]Renamed, error) { return all, nil }
	out := p.planned("account.audit", names(all[0].New))
	if want := all[0].New + " was taro@example.jp: incident 20261121-0312 renamed it"; !strings.Contains(texts(out.Findings), want) {
		t.Errorf("no %q in\n%s", want, texts(out.Findings))
	}
	if _, err := p.plan("account.audit", names("TARO@example.jp")); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), "incident 20261121-0312 renamed taro@example.jp to "+all[0].New) {
		t.Errorf("by the old name: %v", err)
	}
	if out := p.planned("account.audit", names("jiro")); strings.Contains(texts(out.Findings), "20261121-0312") {
		t.Errorf("jiro: %s", texts(out.Findings))
	}
}

// full is a recorder whose disk is full.
type full struct{ *keeper }

func (full) Backup(name string, _ io.Reader) error {
	return fmt.Errorf("writing %s: %w", name, syscall.ENOSPC)
}

// TestHalfARenameIsTold: the folder is moved and the line cannot be written. The error names the half, and both ways from there work.
func TestHalfARenameIsTold(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	c := p.change("account.rename", names("taro@example.jp"))
	for _, on := range []bool{false, true} {
		err := p.changer(c.Kind).Apply(context.Background(), c, full{p.rec})
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
		for _, want := range []string{"half made: the mailbox folder is " + filepath.Join(p.base, "inbox/zz-"), "db/example.jp.idx still says taro", "`hikeshi undo 20261121-0312` puts the folder back", "`hikeshi resume 20261121-0312` goes on once there is room"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("no %q in %v", want, err)
			}
		}
		p.state(c, runbook.Partial)
		if on {
			p.apply(c)
		}
		p.undo(c)
		p.same("undone", was)
	}
}
