package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook/journal"
)

// TestUnreadableAccountExists: mail in the name of an account whose line the server may not see is not that of a sender who does not exist.
func TestUnreadableAccountExists(t *testing.T) {
	y := newYard(t)
	idx := filepath.Join(y.spool(), "db/example.jp.idx")
	data, err := os.ReadFile(idx)
	fine(t, err)
	first, rest, _ := strings.Cut(string(data), "\n")
	fine(t, os.WriteFile(idx, []byte(first+"\r\n"+rest), 0o640))
	list, err := y.w.host.Account.List()
	fine(t, err)
	if len(list.Accounts) < 2 || list.Accounts[0].Line != 1 || list.Accounts[0].Unread == "" || list.Accounts[1].Unread != "" {
		t.Fatalf("%+v", list.Accounts)
	}
	for _, a := range list.Accounts {
		if exists, auth, err := y.w.accountOf()(a.Address()); err != nil || !exists || auth != a.Auth {
			t.Errorf("%s: exists %v, auth %v, %v", a.Address(), exists, auth, err)
		}
	}
	if exists, _, err := y.w.accountOf()("nobody@example.jp"); exists || err != nil {
		t.Errorf("nobody exists: %v", err)
	}
}

// TestListNamesRenamedAccounts: an account that an incident renamed is listed with its old name and the incident, on the screen and in JSON.
func TestListNamesRenamedAccounts(t *testing.T) {
	p := newPlace(t)
	p.withAccounts()
	p.hikeshi("account", "rename", "taro", "--yes", "--accept-risk", "disruptive").exits(t, exitOK)
	entries, err := journal.List(journal.Store{State: p.state()})
	fine(t, err)
	id := entries[len(entries)-1].ID
	for _, x := range []struct{ lang, want string }{{"en", "was taro@example.jp; renamed by incident " + id}, {"ja", "元の名前は taro@example.jp (事案 " + id + " で改名)"}} {
		if s := p.hikeshi("--lang", x.lang, "account", "list"); strings.Count(s.out, x.want) != 1 {
			t.Errorf("no %q in\n%s", x.want, s.out)
		}
	}
	if s := p.hikeshi("account", "list", "--output", "json"); strings.Count(s.out, `"was_named": "taro@example.jp"`) != 1 || strings.Count(s.out, `"incident": "`+id) != 1 {
		t.Errorf("%s", s.out)
	}
	if s := p.hikeshi("account", "audit", "taro"); s.code != exitUsage || !strings.Contains(s.err, "incident "+id+" renamed taro@example.jp to zz-") {
		t.Errorf("exit %d: %s", s.code, s.err)
	}
	if s := p.hikeshi("--lang", "ja", "account", "audit", "taro"); !strings.Contains(s.err, "アカウント \"taro\" は存在しない。事案 "+id+" で taro@example.jp を zz-") {
		t.Errorf("exit %d: %s", s.code, s.err)
	}
	p.hikeshi("account", "restore", "taro", "--yes", "--accept-risk", "reopening").exits(t, exitOK)
	if s := p.hikeshi("account", "list"); strings.Contains(s.out, "renamed by incident") {
		t.Errorf("after the way back:\n%s", s.out)
	}
}

// TestSymlinkedAccountFileIsTold in both languages, as something that cannot be told.
func TestSymlinkedAccountFileIsTold(t *testing.T) {
	p := newPlace(t)
	p.withAccounts()
	idx := filepath.Join(p.spool(), "db/example.jp.idx")
	fine(t, os.Rename(idx, idx+".real"))
	fine(t, os.Symlink("example.jp.idx.real", idx))
	for _, x := range []struct{ lang, want string }{{"en", "symbolic link, which is not followed"}, {"ja", idx + " はシンボリックリンクのため、たどらない"}} {
		for _, verb := range []string{"lock", "audit"} {
			s := p.hikeshi("--lang", x.lang, "account", verb, "taro")
			if verb == "lock" {
				s = p.hikeshi("--lang", x.lang, "account", verb, "taro", "--yes")
			}
			if s.code != exitUndetermined || !strings.Contains(s.err, x.want) || strings.Contains(s.err, "there is no account") {
				t.Errorf("%s %s: exit %d: %s", x.lang, verb, s.code, s.err)
			}
		}
	}
}

// TestHalfARenameInJapanese: the half that is made is told in Japanese, too, with the way back and the way on.
func TestHalfARenameInJapanese(t *testing.T) {
	const en = "stopped at step rename: renaming taro@example.jp to zz-a-taro: half made: the mailbox folder is /i/zz-a-taro by now, the account file /db/example.jp.idx still says taro; `hikeshi undo 1` puts the folder back, `hikeshi resume 1` goes on once there is room: no space left on device"
	ja := translate("ja", en)
	for _, want := range []string{"途中で止まった", "/i/zz-a-taro に改名したが", "/db/example.jp.idx は taro のまま", "`hikeshi undo 1`", "`hikeshi resume 1`", "no space left on device"} {
		if !strings.Contains(ja, want) {
			t.Errorf("no %q in %q", want, ja)
		}
	}
}
