package account

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/account/lock"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// TestHalfALock: one password that cannot be overwritten is said, left open, and the account is not closed.
func TestHalfALock(t *testing.T) {
	p := newPlace(t)
	p.put("db/example.net.idx", idxLine("taro", "example.net")+"\n")
	out := p.planned("account.lock", names("taro@example.net"))
	if f := out.Facts.(lock.Facts); !slices.Equal(f.ByHand, []string{"taro@example.net"}) || !strings.Contains(out.ByHand.EN, "taro@example.net") || out.ByHand.JA == "" ||
		!strings.Contains(texts(out.Findings), "bad the account file of taro@example.net is not as documented") || strings.Contains(out.Findings[0].Text.JA, "empty") {
		t.Errorf("%+v\n%s", f, texts(out.Findings))
	}
	p.apply(out.Changes[0])
	out = p.planned("account.lock", names("taro@example.net"))
	if len(out.Changes) > 0 || out.ByHand.IsZero() || strings.Contains(texts(out.Findings), "is locked already") {
		t.Errorf("again: %+v", out)
	}
	check := func(when string, closed bool, why string) {
		t.Helper()
		f, err := p.check("a", "taro@example.net")
		if err != nil || f.Closed != closed || !strings.Contains(strings.Join(f.Open, "\n"), why) {
			t.Errorf("%s: %+v, %v", when, f, err)
		}
	}
	check("half", false, "that in the account file is not")
	p.put("db/example.net.idx", idxLine("taro", "example.net"))
	if out = p.planned("account.lock", names("taro@example.net")); len(out.Changes) != 1 || !out.ByHand.IsZero() {
		t.Fatalf("mended: %+v", out)
	}
	p.apply(out.Changes[0])
	check("whole", true, "")
	if out = p.planned("account.lock", names("taro@example.net")); len(out.Changes) > 0 || !out.ByHand.IsZero() {
		t.Errorf("locked: %+v", out)
	}
	p.put("inbox/example.net/taro/apop.dat", password+"\n")
	check("the other half", false, "that in the auth file is not")
}

// TestUnreadableLine: an account whose line the server may not see is there; its auth file is locked, and it is not closed by that.
func TestUnreadableLine(t *testing.T) {
	for name, line := range map[string]string{
		"CR":             strings.TrimSuffix(idxLine("taro", "example.net"), "\n") + "\r\n",
		"trailing space": strings.TrimSuffix(idxLine("taro", "example.net"), "\n") + " \n",
		"leading space":  " " + idxLine("taro", "example.net"),
		"no line end":    strings.TrimSuffix(idxLine("taro", "example.net"), "\n"),
		"two fields":     "dGFybwlLYWppIXNlY3JldDc3\n",
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			p.put("db/example.net.idx", line)
			seen := name == "trailing space" // the server reads the line up to the space
			audit := p.planned("account.audit", names("taro@example.net"))
			if f := audit.Facts.(AuditFacts); len(f.Auth) != 1 || len(f.Unread) == 0 != seen || len(f.Manual) != 1 {
				t.Errorf("%+v", f)
			}
			out := p.planned("account.lock", names("taro@example.net"))
			if len(out.Changes) != 1 || out.ByHand.IsZero() {
				t.Fatalf("%+v", out)
			}
			was := p.contents()
			p.apply(out.Changes[0])
			if leaks(p.get("inbox/example.net/taro/apop.dat")) || p.get("db/example.net.idx") != line {
				t.Error("the auth file is not locked, or the account file was rewritten")
			}
			if f, err := p.check("a", "taro@example.net"); err != nil || f.Closed {
				t.Errorf("check: %+v, %v", f, err)
			}
			if f, err := p.check("b", "taro@example.net"); err != nil || f.Closed {
				t.Errorf("check of the name: %+v, %v", f, err)
			}
			p.undo(out.Changes[0])
			p.same("undone", was)
		})
	}
}

// TestAuditAgreesWithRename: who is never renamed is not said to be renamable.
func TestAuditAgreesWithRename(t *testing.T) {
	p := newPlace(t)
	out := p.planned("account.audit", names("postmaster", "admin", "jiro"))
	f := out.Facts.(AuditFacts)
	if !slices.Equal(f.Never, []string{"postmaster@example.jp", "admin@example.jp"}) || len(f.Manual) != 0 {
		t.Errorf("%+v", f)
	}
	for _, at := range f.Accounts {
		_, err := p.plan("account.rename", names(at))
		if said := strings.Contains(texts(out.Findings), at+" can be renamed here"); said != (err == nil) {
			t.Errorf("%s: said %v, renaming: %v", at, said, err)
		}
	}
}

// TestOddForward: a forward that is not understood is told with its line; what it says may be a secret.
func TestOddForward(t *testing.T) {
	p := newPlace(t)
	p.put("inbox/taro/ims.ctl", "[AutoForward]\nForward-To: thief@example.com "+password+"\nforwardto=smtp://thief:"+password+"@example.com\n")
	out := p.planned("account.audit", names("taro@example.jp"))
	for _, want := range []string{"warn looks like a forward, in a form that is not documented", "inbox/taro/ims.ctl:2\n", "bad taro@example.jp: the mailbox has forwardto (with a value that is not understood", "inbox/taro/ims.ctl:3\n"} {
		if !strings.Contains(texts(out.Findings), want) {
			t.Errorf("no %q in\n%s", want, texts(out.Findings))
		}
	}
	c := p.change("account.clean", names("taro@example.jp")) // which fails if the password is in it
	p.apply(c)
	if f, err := p.check("a", "taro@example.jp"); err != nil || f.Closed || len(f.Open) != 2 {
		t.Errorf("check: %+v, %v", f, err)
	}
}

// TestCleanUndoneBesideAnEdit: the lines go back to their place beside what a colleague has written, and are kept aside where it is gone.
func TestCleanUndoneBesideAnEdit(t *testing.T) {
	const secret = "\r\n; " + password + "\r\n"
	for name, test := range map[string]struct{ now, want string }{
		"behind":            {"[AutoForward]\r\n[Delivery]" + secret + "SaveTo=x\r\n", "[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nDiscard=Yes" + secret + "SaveTo=x\r\n"},
		"in front":          {"[AutoReply]\r\nEchoMessage=Yes\r\n[AutoForward]\r\n[Delivery]" + secret, "[AutoReply]\r\nEchoMessage=Yes\r\n[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nDiscard=Yes" + secret},
		"put back by hand":  {"[AutoForward]\r\n[Delivery]\r\nDiscard=Yes" + secret, "[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nDiscard=Yes" + secret},
		"a section is gone": {"[Delivery]" + secret, ""},
		"empty":             {"", ""},
		"moved elsewhere":   {"[AutoReply]\r\n[Delivery]" + secret, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			c := p.change("account.clean", names("taro@example.jp"))
			p.apply(c)
			p.put("inbox/taro/ims.ctl", test.now)
			err := p.changer(c.Kind).Undo(context.Background(), c, p.rec)
			if test.want == "" {
				kept := string(p.rec.kept["step.1-taro-ims.ctl.lines"])
				if !errors.Is(err, runbook.ErrDrift) || !strings.Contains(err.Error(), "step.1-taro-ims.ctl.lines") || kept != "ForwardTo=thief@example.com\r\nDiscard=Yes\r\n" || p.get("inbox/taro/ims.ctl") != test.now {
					t.Errorf("%v, kept %q", err, kept)
				}
				secretFree(t, err)
				return
			}
			trial.Must(t, err)
			for range 2 {
				if got := p.get("inbox/taro/ims.ctl"); got != test.want {
					t.Fatalf("%q, want %q", got, test.want)
				}
				p.undo(c)
			}
		})
	}
	p := newPlace(t)
	c := p.change("account.clean", names("taro@example.jp"))
	p.put("inbox/taro/ims.ctl", "[AutoReply]\n")
	p.undo(c) // it was never made
	if got := p.get("inbox/taro/ims.ctl"); got != "[AutoReply]\n" {
		t.Errorf("%q", got)
	}
	if left, _ := filepath.Glob(filepath.Join(p.base, "inbox/taro/.*hikeshi*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}
