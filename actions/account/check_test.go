package account

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

func (p *place) check(cause string, accounts ...string) (CheckFacts, error) {
	p.t.Helper()
	out, err := p.plan("account.check", map[string]any{"accounts": accounts, "cause": cause})
	if err != nil {
		return CheckFacts{}, err
	}
	return out.Facts.(CheckFacts), nil
}

func (p *place) wantClosed(when, cause string, want bool, why string) {
	p.t.Helper()
	f, err := p.check(cause, "taro@example.jp")
	if err != nil || f.Closed != want || !f.Living || !strings.Contains(strings.Join(f.Open, "\n"), why) || want != (len(f.Open) == 0) {
		p.t.Errorf("%s: %+v, %v", when, f, err)
	}
}

// TestCheckOfAStolenPassword: closed are both passwords other than the kept ones, whoever has set them, and nothing planted.
func TestCheckOfAStolenPassword(t *testing.T) {
	p := newPlace(t)
	p.put("inbox/taro/ims.ctl", "")
	if _, err := p.check("a", "taro@example.jp"); !errors.Is(err, runbook.ErrUndetermined) || !strings.Contains(err.Error(), "account.audit") {
		t.Errorf("without a copy: %v", err)
	}
	p.planned("account.audit", names("taro@example.jp"))
	p.wantClosed("as it was", "a", false, "its password is the one that was kept")
	idx, auth := p.get("db/example.jp.idx"), p.get("inbox/taro/apop.dat")
	p.put("inbox/taro/apop.dat", "colleague\n")
	p.wantClosed("one password", "a", false, "its password is the one that was kept")
	p.put("inbox/taro/apop.dat", auth)
	c := p.change("account.lock", names("taro@example.jp"))
	p.apply(c)
	p.wantClosed("locked", "a", true, "")
	p.wantClosed("locked, cause b", "b", false, "its name is still there")
	p.put("inbox/taro/ims.ctl", "[AutoForward]\nForwardTo=thief@example.com\n")
	p.wantClosed("planted", "a", false, "forwardto=thief@example.com")
	p.put("inbox/taro/ims.ctl", "")
	p.put("inbox/TARO/apop.dat", password)
	p.wantClosed("a twin", "a", false, "letter case")
	trial.Must(t, os.RemoveAll(filepath.Join(p.base, "inbox/TARO")))
	p.put("inbox/taro/apop.dat", "colleague\n")
	p.wantClosed("a new password over the lock", "a", true, "")
	trial.Must(t, os.Remove(filepath.Join(p.base, "inbox/taro/apop.dat")))
	p.wantClosed("the auth file deleted", "a", false, "may need no password")
	p.put("db/example.jp.idx", idx)
	p.put("inbox/taro/apop.dat", auth)
	p.wantClosed("all back", "a", false, "kept")
}

// TestCheckOfAName: closed is a name that is gone, and no folder of it that holds an auth file.
func TestCheckOfAName(t *testing.T) {
	p := newPlace(t)
	p.wantClosed("as it was", "b", false, "its name is still there")
	p.planned("account.audit", names("taro@example.jp"))
	c := p.change("account.rename", names("taro@example.jp"))
	p.apply(c)
	p.wantClosed("renamed", "b", true, "")
	p.wantClosed("renamed", "a", true, "")
	p.put("inbox/Taro/apop.dat", password)
	p.wantClosed("an auth file under the old name", "b", false, "SMTP AUTH asks nothing else")
	trial.Must(t, os.Remove(filepath.Join(p.base, "inbox/Taro/apop.dat")))
	p.wantClosed("an empty folder", "b", true, "")

	// a name that nothing is known of is perhaps misspelt
	if _, err := p.check("b", "taroo@example.jp"); !errors.Is(err, runbook.ErrUndetermined) || !strings.Contains(err.Error(), "nothing says that there was such an account") {
		t.Errorf("misspelt: %v", err)
	}
	p.rec = newKeeper()
	if _, err := p.check("b", "taro@example.jp"); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("another incident: %v", err)
	}
	p.env.Recorded = func() ([]Renamed, error) { return RenamedBy("20261121-0312", c) }
	p.wantClosed("recorded", "b", true, "")
	p.put("db/example.jp.idx", strings.Repeat("x", 10))
	p.wantClosed("a torn file is no account, but the auth file is what counts", "b", true, "")
	trial.Must(t, os.Remove(filepath.Join(p.base, "db/example.jp.idx")))
	trial.Must(t, os.Symlink("example.net.idx", filepath.Join(p.base, "db/example.jp.idx")))
	if _, err := p.check("b", "taro@example.jp"); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	if f, err := p.check("b"); err != nil || !f.Closed || f.Living {
		t.Errorf("nobody: %+v, %v", f, err)
	}
}
