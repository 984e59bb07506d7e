package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
