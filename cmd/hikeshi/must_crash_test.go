package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// closingBook closes the hole in every way there is, and opens one again.
const closingBook = `
  - {id: lock, title: {en: lock}, uses: account.lock, with: {accounts: [taro]}}
  - {id: clean, title: {en: clean}, uses: account.clean, with: {accounts: [taro]}}
  - {id: rename, title: {en: rename}, uses: account.rename, with: {accounts: [taro, jiro@example.jp]}}
  - {id: restore, title: {en: restore}, uses: account.restore, with: {accounts: [jiro]}}
  - {id: fix, title: {en: fix}, uses: relay.fix, with: {lines: [all], add_catch_all: true}}
  - {id: hard, title: {en: cut off}, uses: relay.hard, with: {targets: [203.0.113.9, 198.51.100.0/24]}}
  - {id: logs, title: {en: logs}, uses: settings.set, with: {profile: logs}}
  - {id: lockouts, title: {en: lockouts}, uses: settings.set, with: {profile: lockouts}}
  - {id: auth, title: {en: auth}, uses: settings.set, with: {profile: auth}}
`

// openDoor is a deny file with lines that open the server, one without an action, and no final newline.
const openDoor = "#<> default\r\n#blank false\nexample.jp true of old\n203.0.0.0/8\n192.168.2.* true"

// unshut gives a place settings, tables and a deny file that the steps change: values that stand, that are missing, that are right.
func unshut(p *playground) {
	for name, text := range map[string]string{
		"EPST5RS/SMTPAUTHOnly.1": "0\n", "EPST5RS/AuthLockOut.1": "0\r\n", // AuthLockOutTime and the folder of receivelog are missing
		"EPST5RS/FROMSecLevel.1": "1\n", "Vrfy.1": "0", "EPST5RS/AcceptlogEnabled.1": "1\n", "EPST5RS/Parameters/MailInlogEnabled.1": "1\n",
		"EPST5DS/MailFaillogEnabled.1": "1\n", "EPST5DS/MailSendLocallogEnabled.1": "1\n",
		"EPST5DS/Parameters/MailOutlogEnabled.1": "1\n", "EPST5DS/Parameters/MailSendLocallogEnabled.1": "1\n",
	} {
		p.put("reg/epost/ims/"+name, text)
	}
	fine(p.t, os.WriteFile(p.deny(), []byte(openDoor), 0o604))
	fine(p.t, os.WriteFile(filepath.Join(p.program(), "rejectsmtpip.dat"), []byte("198.51.100.7\t133977517517477385\n203.0.113.9\ttrue\n"), 0o640))
	fine(p.t, os.WriteFile(filepath.Join(p.program(), "rejectimapip.dat"), []byte("192.0.2.1"), 0o600))
}

// TestMustCrash: killed before or after any writing call of a step that closes the hole, resume ends as a run without a crash does, and undo
// puts every byte back. At no moment is there an account file with half its lines.
func TestMustCrash(t *testing.T) {
	if !alone(t) {
		return
	}
	c := &campaign{strategy: "closing", book: closingBook, furnish: unshut, plain: build(t, ""), crash: build(t, "crash")}
	c.uninterrupted(t)
	c.each(t, "run", c.runCalls, c.interrupted)
	c.each(t, "undo", c.undoes, c.undoInterrupted)
}

// TestMustEndClosed: what a run of these steps leaves. The crashes are compared with it.
func TestMustEndClosed(t *testing.T) {
	if !alone(t) {
		return
	}
	c := &campaign{strategy: "closing", book: closingBook, furnish: unshut, plain: build(t, "")}
	p := c.completed(t, asItIs)
	p.whole(t)
	for name, want := range map[string]string{
		"reg/epost/ims/EPST5RS/SMTPAUTHOnly.1": "2\n", "reg/epost/ims/EPST5RS/AuthLockOut.1": "5\r\n", "reg/epost/ims/EPST5RS/AuthLockOutTime.1": "30",
		"reg/epost/ims/EPST5RS/FROMSecLevel.1": "1\n", "inbox/jiro/apop.dat": secret("Sending") + "\r\n1\r\n" + secret("Kept"),
	} {
		if b, err := os.ReadFile(filepath.Join(p.spool(), name)); err != nil || strings.TrimSpace(string(b)) != strings.TrimSpace(want) {
			t.Errorf("%s holds %q, %v, want %q", name, b, err, want)
		}
	}
	if fi, err := os.Stat(filepath.Join(p.spool(), "receivelog")); err != nil || !fi.IsDir() {
		t.Errorf("receivelog has no folder: %v", err)
	}
	p.holds(t, "example.jp norelay,2 of old\n203.0.0.0/8 norelay,2\n192.168.2.* true\n*.*.*.* norelay,2\n")
	p.renamed(t, "taro")
}

// renamed wants an account under its new name, whole: its line, its mailbox with every file, and nothing under the old name.
func (p *place) renamed(t *testing.T, old string) (name string) {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(p.spool(), "inbox/zz-*-"+old))
	fine(t, err)
	if len(folders) != 1 {
		t.Fatalf("folders of the new name: %q", folders)
	}
	name = filepath.Base(folders[0])
	for _, file := range []string{"apop.dat", "0000000001-100000.MSG"} {
		if _, err := os.Stat(filepath.Join(folders[0], file)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(p.spool(), "inbox", old)); err == nil {
		t.Errorf("there is still a folder %s, and an auth file in it lets the thief in", old)
	}
	lines := p.accounts()
	is := func(name string) func(string) bool {
		return func(line string) bool { return strings.HasPrefix(line, name+"\t") }
	}
	if slices.ContainsFunc(lines, is(old)) || !slices.ContainsFunc(lines, is(name)) {
		t.Errorf("the account file has not one line of %s in place of %s", name, old)
	}
	return name
}
