package epms

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
)

// TestAccountsUnread: an account is listed though the server may not see its line, at its place, unless a readable line has its name; lines that
// have a name again are noted with the first. What is wrong is told in both languages.
func TestAccountsUnread(t *testing.T) {
	bare := func(name string) string { return strings.TrimSuffix(accountLine(name, "example.jp"), "\n") }
	s, real := accountServer(t, map[string]string{
		"db/example.jp.idx": bare("hana") + "\r\n" + accountLine("taro", "example.jp") + bare("Taro") + "\r\n" + accountLine("TARO", "example.jp") + " " + accountLine("goro", "example.jp") +
			bare("HANA") + "\r\n" + bare("../x") + "\r\n" + accountLine("taro", "example.jp") + bare("saburo"),
		"inbox/hana/apop.dat": accountPassword + "\n",
	})
	list, err := s.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list.Accounts {
		got = append(got, fmt.Sprintf("%s:%d auth=%v unread=%v again=%v", a.Name, a.Line, a.Auth, a.Unread != "" && a.UnreadJA != "" && a.UnreadJA != a.Unread, a.Again))
		if a.Fixed == "" || strings.TrimPrefix(a.FixedJA, real+"/db/example.jp.idx:1: ") != "復帰文字 (CR) がある" {
			t.Errorf("%s: %q, %q", a.Name, a.Fixed, a.FixedJA)
		}
	}
	want := []string{"hana:1 auth=true unread=true again=[]", "taro:2 auth=false unread=false again=[4 8]", "goro:5 auth=false unread=true again=[]", "saburo:9 auth=false unread=true again=[]"}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	secretFree(t, list)
}

// TestAccountProblemsInJapanese: what the program itself words is not half English.
func TestAccountProblemsInJapanese(t *testing.T) {
	s, _ := accountServer(t, map[string]string{
		"reg/epost/ims/Domain/Folder/example.jp.2": "../../etc", "db/example.jp.idx": accountLine("taro", "example.jp") + "\n", "db/a b.idx": "",
		"inbox/taro/ims.ctl": "Forward-To: x " + accountPassword + "\nforwardto=smtp://x:" + accountPassword + "@example.com\n" + strings.Repeat("; comment\n", 40_000),
	})
	list, err := s.Accounts()
	if err != nil || len(list.Accounts) != 1 || !strings.Contains(list.Accounts[0].LostJA, "ユーザ名の前に置けない") {
		t.Fatalf("%+v, %v", list, err)
	}
	s, _ = accountServer(t, map[string]string{"db/example.jp.idx": accountLine("taro", "example.jp") + accountLine("hana", "example.jp"), "db/a b.idx": "",
		"inbox/taro/ims.ctl": "Forward-To: x " + accountPassword + "\nforwardto=smtp://x:" + accountPassword + "@example.com\n",
		"inbox/hana/ims.ctl": strings.Repeat("; comment\n", 40_000)})
	if list, err = s.Accounts(); err != nil {
		t.Fatal(err)
	}
	if list, err = s.Examine(list, func(spool.Account) bool { return true }); err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, p := range list.Problems {
		all += fmt.Sprintf("%s:%d %s\n", p.Path, p.Line, p.TextJA)
	}
	for _, want := range []string{"a b.idx:0 読めない: ファイル名がドメイン名になっていない\n", "hana/ims.ctl:0 読めない: 262144 バイトを超えている\n", "taro/ims.ctl:1 転送の設定に見えるが"} {
		if !strings.Contains(all, want) {
			t.Errorf("no %q in\n%s", want, all)
		}
	}
	if p := list.Accounts[0].Planted; len(p) != 1 || !p[0].Odd || p[0].Value != "" || p[0].Line != 2 {
		t.Errorf("%+v", p)
	}
	secretFree(t, list)
}
