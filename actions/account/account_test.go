package account

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/account/lock"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

func TestNames(t *testing.T) {
	p := newPlace(t)
	for _, kind := range []string{"account.audit", "account.lock", "account.rename", "account.clean"} {
		for name, want := range map[string]string{"taro": "taro@example.jp, taro@example.net", "tar@example.jp": `did you mean "taro@example.jp"?`, "hanaco": `did you mean "hanako"?`, "x\x1b[2J": `\x1b`} {
			if _, err := p.plan(kind, names(name)); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %q: %v", kind, name, err)
			}
		}
		if out := p.planned(kind, names()); len(out.Changes) != 0 || !strings.Contains(texts(out.Findings), "no account was named") {
			t.Errorf("%s of nobody: %+v", kind, out)
		}
	}
}

func TestListAndAudit(t *testing.T) {
	p := newPlace(t)
	list := p.planned("account.list", nil).Facts.(ListFacts)
	if list.Accounts != 6 || list.Domains != 2 || list.WithAuth != 2 || !slices.Contains(list.NoAuth, "jiro@example.jp") || list.Problems != 0 {
		t.Errorf("%+v", list)
	}
	out := p.planned("account.audit", names("TARO@example.jp", "jiro"))
	f := out.Facts.(AuditFacts)
	if !slices.Equal(f.Accounts, []string{"taro@example.jp", "jiro@example.jp"}) || !slices.Equal(f.Auth, f.Accounts[:1]) || !slices.Equal(f.NoAuth, f.Accounts[1:]) ||
		!slices.Equal(f.Planted, f.Accounts[:1]) || !slices.Equal(f.Named, f.Accounts[:1]) || len(f.Manual) != 0 {
		t.Errorf("%+v", f)
	}
	for _, want := range []string{"bad taro@example.jp: the mailbox has forwardto=thief@example.com", "inbox/taro/ims.ctl:2", "alias sales@example.jp leads to taro@example.jp", "jiro@example.jp has no auth file", "can be renamed here"} {
		if !strings.Contains(texts(out.Findings), want) {
			t.Errorf("no finding %q in\n%s", want, texts(out.Findings))
		}
	}
	for _, name := range []string{"idx-example.jp", "auth-taro@example.jp"} {
		if sealed := string(p.rec.kept[name]); len(sealed) < 66 || sealed[64] != '\n' || !leaks(sealed[65:]) {
			t.Errorf("copy %s is not sealed, or not there", name)
		}
	}
	if none := p.rec.kept["noauth-jiro@example.jp"]; len(none) != 65 || len(p.rec.kept) != 3 {
		t.Errorf("%d copies, that of no auth file has %d bytes", len(p.rec.kept), len(none))
	}
}

// Who names no account needs no account file: the accounts may be somewhere else.
func TestNobodyNamedWithoutAccounts(t *testing.T) {
	p := newPlace(t)
	trial.Must(t, os.RemoveAll(filepath.Join(p.base, "db")))
	for _, kind := range []string{"account.audit", "account.lock", "account.rename", "account.clean", "account.check"} {
		if out := p.planned(kind, names()); len(out.Changes) > 0 || len(out.Findings) == 0 {
			t.Errorf("%s: %+v", kind, out)
		}
		if _, err := p.plan(kind, names("taro")); !errors.Is(err, runbook.ErrUndetermined) {
			t.Errorf("%s of taro: %v", kind, err)
		}
	}
}

func TestLock(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	c := p.change("account.lock", names("taro@example.jp"))
	if c.UndoRisk != runbook.Reopening || c.Target != "taro@example.jp" {
		t.Errorf("%+v", c)
	}
	p.state(c, runbook.None)
	p.undo(c)
	p.same("undone before it was made", was)
	p.apply(c)
	auth, idx := p.get("inbox/taro/apop.dat"), p.get("db/example.jp.idx")
	pass, rest, _ := strings.Cut(auth, "\r\n")
	if leaks(auth) || !strings.HasPrefix(pass, "hikeshi-") || len(pass) < 8+43 || rest != "1\r\nkept" {
		t.Errorf("the auth file is %d bytes, rest %q", len(auth), rest)
	}
	for i, l := range strings.SplitAfter(idx, "\n") {
		if i != 1 && l != "" && !leaks(l) || i == 1 && (leaks(l) || strings.Contains(idx, pass)) {
			t.Errorf("line %d of the account file", i+1)
		}
	}
	one := p.contents()
	p.apply(c)
	p.same("made twice", one)
	if out := p.planned("account.lock", names("taro@example.jp")); len(out.Changes) != 0 || len(out.Facts.(lock.Facts).Already) != 1 {
		t.Errorf("planned again: %+v", out)
	}
	for range 2 {
		p.undo(c)
		p.same("undone", was)
		p.state(c, runbook.None)
	}
	if len(p.rec.said) != 0 {
		t.Errorf("said %q", p.rec.said)
	}
}

// TestLockLeavesAColleaguesPassword: what somebody has set since stays, in either file, and counts as closed.
func TestLockLeavesAColleaguesPassword(t *testing.T) {
	p := newPlace(t)
	idxWas := p.get("db/example.jp.idx")
	c := p.change("account.lock", names("taro@example.jp"))
	p.apply(c)
	p.put("inbox/taro/apop.dat", "colleague\r\n1\r\n")
	p.put("db/example.jp.idx", p.get("db/example.jp.idx")+idxLine("goro", "example.jp"))
	p.state(c, runbook.Done)
	p.undo(c)
	if got := p.get("inbox/taro/apop.dat"); got != "colleague\r\n1\r\n" {
		t.Errorf("the auth file is %q", got)
	}
	if got := p.get("db/example.jp.idx"); got != idxWas+idxLine("goro", "example.jp") {
		t.Error("the account file is not as before with the colleague's line")
	}
	if len(p.rec.said) != 1 || !strings.Contains(p.rec.said[0], "which stays") {
		t.Errorf("said %q", p.rec.said)
	}
}

// TestLockAfterLock: an earlier lock's undo does not open what a later one has shut.
func TestLockAfterLock(t *testing.T) {
	p := newPlace(t)
	first := p.change("account.lock", names("taro@example.jp"))
	p.apply(first)
	p.put("inbox/taro/apop.dat", "colleague\n")
	out, err := p.kind("account.lock").Action.Plan(context.Background(), runbook.Input{Incident: "other", Step: "step", With: []byte(`{"accounts":["taro@example.jp"]}`), Rec: p.rec})
	trial.Must(t, err)
	second := out.Changes[0]
	second.ID = "other.1"
	p.apply(second)
	locked := p.get("inbox/taro/apop.dat")
	p.undo(first)
	if p.get("inbox/taro/apop.dat") != locked {
		t.Error("the first undo has opened the second lock")
	}
	p.undo(second)
	if got := p.get("inbox/taro/apop.dat"); got != "colleague\n" {
		t.Errorf("%q", got)
	}
}

func TestLockWhatCanBe(t *testing.T) {
	p := newPlace(t)
	out := p.planned("account.lock", names("jiro"))
	if f := out.Facts.(lock.Facts); len(f.NoAuth) != 1 || len(out.Changes) != 1 {
		t.Errorf("%+v", f)
	}
	p.apply(out.Changes[0])
	if _, err := os.Lstat(filepath.Join(p.base, "inbox/jiro/apop.dat")); err == nil {
		t.Error("an auth file was made")
	}
	p.put("db/example.net.idx", idxLine("taro", "example.net")+"\n")
	idx := p.get("db/example.net.idx")
	out = p.planned("account.lock", names("taro@example.net"))
	if f := out.Facts.(lock.Facts); len(f.AuthOnly) != 1 {
		t.Errorf("%+v", f)
	}
	p.apply(out.Changes[0])
	if leaks(p.get("inbox/example.net/taro/apop.dat")) || p.get("db/example.net.idx") != idx {
		t.Error("the auth file is not locked, or a file that is not as documented was rewritten")
	}
}

func TestClean(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	c := p.change("account.clean", names("taro@example.jp"))
	if !strings.Contains(c.After, "-ForwardTo=thief@example.com\n-Discard=Yes") {
		t.Errorf("shown: %q", c.After)
	}
	p.state(c, runbook.None)
	p.undo(c)
	p.apply(c)
	p.apply(c)
	if got := p.get("inbox/taro/ims.ctl"); got != "[AutoForward]\r\n[Delivery]\r\n; "+password+"\r\n" {
		t.Errorf("left %q", got)
	}
	if out := p.planned("account.clean", names("taro@example.jp")); len(out.Changes) != 0 {
		t.Errorf("planned again: %+v", out)
	}
	for range 2 {
		p.undo(c)
		p.same("undone", was)
		p.state(c, runbook.None)
	}
	p.apply(c)
	p.put("inbox/taro/ims.ctl", "[AutoReply]\n")
	if err := p.changer(c.Kind).Undo(context.Background(), c, p.rec); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("over a colleague's edit: %v", err)
	}
}
