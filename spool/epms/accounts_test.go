package epms

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
)

// accountPassword is in every file that may hold one; it is found in nothing that is given out.
const accountPassword = "Kaji!secret77"

func accountLine(name, domain string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join([]string{name, accountPassword, "Full " + name, domain, ""}, "\t"))) + "\n"
}

// accountServer is a server below a root whose spool is reached through an absolute link, with these files below the spool.
func accountServer(t *testing.T, files map[string]string) (*Server, string) {
	t.Helper()
	root := t.TempDir()
	real := filepath.Join(root, "data/epms")
	for _, dir := range []string{real, filepath.Join(root, "var/spool"), filepath.Join(root, "usr/local/mta/bin")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/data/epms", filepath.Join(root, "var/spool/epms")); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		at := filepath.Join(real, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	s, err := New(Config{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	return s, real
}

func TestAccounts(t *testing.T) {
	auth := accountPassword + "\n1\n"
	s, real := accountServer(t, map[string]string{
		"reg/epost/ims/MailInBoxDir.2":              "/var/spool/epms/inbox/%USERNAME%\n",
		"reg/epost/ims/EPST5RS/PasswordFile.2":      "smtpauth.dat\n",
		"reg/epost/ims/Domain/Folder/example.net.2": "net\n",
		"db/example.jp.idx":                         accountLine("Taro", "example.jp") + accountLine("jiro", "example.jp") + accountLine("TARO", "example.jp"),
		"db/example.net.idx":                        accountLine("taro", "example.net") + "broken\n" + accountLine("../x", "example.net"),
		"db/example.org.idx":                        accountLine("jiro", "example.org"),
		"db/notes.txt":                              "no account file",
		"inbox/taro/smtpauth.dat":                   auth,
		"inbox/jiro/apop.dat":                       auth,
		"inbox/net/taro/smtpauth.dat":               auth,
		"inbox/net/TARO/smtpauth.dat":               auth,
	})
	list, err := s.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range list.Accounts {
		rel, _ := filepath.Rel(real, a.Mailbox)
		got = append(got, fmt.Sprintf("%s %s auth=%v fixed=%v shares=%v twins=%d", a.Address(), rel, a.Auth, a.Fixed != "", a.Shares, len(a.Twins)))
	}
	want := []string{
		"Taro@example.jp inbox/taro auth=true fixed=false shares=[] twins=0",
		"jiro@example.jp inbox/jiro auth=false fixed=false shares=[jiro@example.org] twins=0",
		"taro@example.net inbox/net/taro auth=true fixed=true shares=[] twins=1",
		"jiro@example.org inbox/jiro auth=false fixed=false shares=[jiro@example.jp] twins=0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var problems []string
	for _, p := range list.Problems {
		problems = append(problems, fmt.Sprintf("%s:%d", filepath.Base(p.Path), p.Line))
	}
	if want := []string{"example.jp.idx:3", "example.net.idx:2", "example.net.idx:3"}; !slices.Equal(problems, want) {
		t.Errorf("problems %v, want %v", problems, want)
	}
	secretFree(t, list)
	folder, file, err := s.MailboxOf("zz-taro", "example.net")
	if err != nil || folder != filepath.Join(real, "inbox/net/zz-taro") || file != filepath.Join(folder, "smtpauth.dat") {
		t.Errorf("%s, %s, %v", folder, file, err)
	}
}

func secretFree(t *testing.T, v any) {
	t.Helper()
	text := fmt.Sprintf("%#v %+v", v, v)
	for _, s := range []string{accountPassword, base64.StdEncoding.EncodeToString([]byte(accountPassword))} {
		if strings.Contains(text, s) {
			t.Errorf("the password is in %T", v)
		}
	}
}

func TestExamine(t *testing.T) {
	ims := "reg/epost/ims/"
	s, _ := accountServer(t, map[string]string{
		ims + "Aliases/1/Alias.2":                                      "info@example.jp",
		ims + "Aliases/1/MappedTo.2":                                   "TARO@example.jp,1,192.0.2.1\n",
		ims + "Aliases/2/Alias.2":                                      "other@example.jp",
		ims + "Aliases/2/MappedTo.2":                                   "jiro@example.jp",
		ims + "Lists/news@example.jp/Moderator.2":                      "taro@example.jp",
		ims + "Lists/news@example.jp/BouncesTo.2":                      "<taro@example.jp>",
		ims + "Lists/news@example.jp/Members/" + "taro@example.jp/x.1": "1",
		ims + "PostMaster.2":                                           "taro",
		"db/example.jp.idx":                                            accountLine("taro", "example.jp") + accountLine("jiro", "example.jp") + accountLine("saburo", "example.jp"),
		"inbox/taro/ims.ctl":                                           "[AutoForward]\nForwardTo=file:/var/spool/epms/inbox/taro/send.txt\n[Delivery]\nDiscard=Yes\nSubject=" + accountPassword + "\n",
		"inbox/taro/send.txt":                                          "thief@example.com\n",
		"inbox/jiro/ims.ctl":                                           "[AutoForward]\nForwardTo=taro@example.jp\n",
		"inbox/saburo/ims.ctl":                                         "[AutoForward]\nForwardTo=file:/etc/passwd\nforwardto=file:/var/spool/epms/inbox/saburo/send.txt\n",
		"inbox/saburo/send.txt":                                        "a@example.com\r\ntaro@example.jp\r\n",
	})
	list, err := s.Accounts()
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.Examine(list, func(a spool.Account) bool { return a.Name == "taro" })
	if err != nil {
		t.Fatal(err)
	}
	taro := all.Accounts[0]
	var named []string
	for _, r := range taro.Named {
		named = append(named, string(r.Kind)+" "+r.Of)
	}
	want := []string{"alias info@example.jp", "moderator news@example.jp", "bounces news@example.jp", "member news@example.jp", "postmaster ", "forward jiro@example.jp", "forward saburo@example.jp"}
	if !slices.Equal(named, want) {
		t.Errorf("%q\nwant %q", named, want)
	}
	if len(taro.Planted) != 2 || taro.Planted[0].Key != "forwardto" || taro.Planted[1] != (spool.Planted{File: filepath.Join(taro.Mailbox, "ims.ctl"), Line: 4, Key: "discard", Value: "Yes"}) {
		t.Errorf("planted %+v", taro.Planted)
	}
	if n := len(all.Accounts[2].Planted) + len(all.Accounts[1].Named); n != 0 {
		t.Error("others were examined, too")
	}
	if len(all.Problems) != 1 || !strings.Contains(all.Problems[0].Text, "outside the mailbox") {
		t.Errorf("problems %+v", all.Problems)
	}
	if len(list.Accounts[0].Named) != 0 {
		t.Error("the list that was given was changed")
	}
	secretFree(t, all)
}

// TestAccountsHostile: settings and files that a thief or a mistake has bent are refused and followed nowhere.
func TestAccountsHostile(t *testing.T) {
	_, err := (&Server{}).Accounts()
	if err == nil {
		t.Error("no folder, no error")
	}
	s, real := accountServer(t, map[string]string{"db/example.jp.idx": accountLine("taro", "example.jp"), "elsewhere/apop.dat": accountPassword})
	if err := os.Symlink("../elsewhere", filepath.Join(real, "db/linked.example.idx")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(filepath.Join(real, "inbox"), 0o755), os.Symlink("../elsewhere", filepath.Join(real, "inbox/taro"))); err != nil {
		t.Fatal(err)
	}
	list, err := s.Accounts()
	if err != nil || len(list.Accounts) != 1 || list.Accounts[0].Auth || len(list.Problems) != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	for setting, value := range map[string]string{"EPST5RS/PasswordFile.2": "../../etc/shadow", "Membership.2": "db"} {
		s, _ := accountServer(t, map[string]string{"reg/epost/ims/" + setting: value})
		if _, err := s.Accounts(); err == nil {
			t.Errorf("%s=%s was taken", setting, value)
		}
	}
	s, _ = accountServer(t, map[string]string{"reg/epost/ims/Domain/Folder/example.jp.2": "../../etc", "db/example.jp.idx": accountLine("taro", "example.jp")})
	if list, err = s.Accounts(); err != nil || list.Accounts[0].Mailbox != "" || list.Accounts[0].Lost == "" {
		t.Errorf("%+v, %v", list, err)
	}
	s, real = accountServer(t, map[string]string{"reg/epost/ims/Membership.2": ""})
	if _, err := s.Accounts(); err != nil {
		t.Errorf("an empty Membership is the program folder: %v", err)
	}
	s, _ = accountServer(t, nil)
	if _, err := s.Accounts(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no account folder: %v", err)
	}
	_ = real
}
