package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	past "hikeshi/spool/lab/history"
)

// TestLogsHelpNamesGuesses: two logs are not documented, and who reads what they say is told so.
func TestLogsHelpNamesGuesses(t *testing.T) {
	p := newPlace(t)
	for _, verb := range []string{"access", "logins"} {
		p.hikeshi("logs", verb, "--help").exits(t, 0, "The vendor does not document the lines of pop3log and receivepop3", "best guess")
	}
	readme, err := os.ReadFile("../../README.md")
	fine(t, err)
	_, limits, _ := strings.Cut(string(readme), "### Limits")
	if !strings.Contains(limits, "does not document the lines of pop3log and receivepop3") {
		t.Error("the limits do not say it")
	}
}

// TestLogsHelpNamesZones: a time as a mail log or a colleague elsewhere tells it need not be converted by hand at night.
func TestLogsHelpNamesZones(t *testing.T) {
	p := newPlace(t)
	for _, verb := range []string{"suspects", "logins", "timeline", "access", "sizes", "refusals"} {
		p.hikeshi("logs", verb, "--help").exits(t, 0, "2026-11-21T03:00:00+09:00")
		p.hikeshi("logs", verb, "--since", "2026-11-21T03:00:00+09:00", "--until", "2026-11-21T03:00:00Z").exits(t, exitUndetermined)
		p.hikeshi("logs", verb, "--since", "2026-11-21", "--until", "2026-11-20").exits(t, exitUsage, `"2026-11-21" (2026-11-21 00:00:00) is not before until "2026-11-20" (2026-11-21 00:00:00)`)
	}
}

// TestTimelineOfAnOpenLine: where strangers need no account, the timeline is bad all the same and names them.
func TestTimelineOfAnOpenLine(t *testing.T) {
	p := newPlace(t)
	w := past.Make(3, past.Options{Days: 15, Start: time.Now().AddDate(0, 0, -15), Accounts: 30, Incidents: []past.Kind{"open-line"}})
	fine(t, w.Write(p.spool()))
	p.put("reg/epost/ims/EPST5RS/AcceptlogEnabled.1", "1\n")
	s := p.hikeshi("logs", "timeline")
	s.exits(t, exitFound, "BAD ", " messages of the suspects (")
	if len(w.Truth.Accounts) > 0 || len(w.Truth.Sources) == 0 {
		t.Fatalf("%+v", w.Truth)
	}
	named := 0
	for _, a := range w.Truth.Sources {
		if strings.Contains(s.out, a.Addr.String()) {
			named++
		}
	}
	if named == 0 {
		t.Errorf("none of %v in\n%s", w.Truth.Sources, s.out)
	}
}

// TestLogsExit: a log that is off, missing or not readable is told by its name, the rest is used, and the exit code is 7 if nothing is worse.
func TestLogsExit(t *testing.T) {
	p := newPlace(t)
	for _, verb := range []string{"suspects", "logins", "timeline", "access", "sizes"} {
		p.hikeshi("logs", verb).exits(t, exitUndetermined, "acceptlog", "off")
	}
	quiet := past.Make(5, past.Options{Days: 8, Start: time.Now().AddDate(0, 0, -8), Accounts: 20, Incidents: []past.Kind{}})
	fine(t, quiet.Write(p.spool()))
	for _, log := range []string{"acceptlog", "inlog"} {
		p.put("reg/epost/ims/EPST5RS/"+map[string]string{"acceptlog": "AcceptlogEnabled.1", "inlog": "Parameters/MailInlogEnabled.1"}[log], "1\n")
	}
	p.hikeshi("logs", "suspects").exits(t, exitUndetermined, "outlog is off; to switch it on", "no account and no address looks abused")
	fine(t, os.RemoveAll(filepath.Join(p.spool(), "outlocallog")))
	p.hikeshi("logs", "sizes").exits(t, exitUndetermined, "outlocallog: off", "inlog: ", "the median of")

	p.shut(newestLog(t, p, "imap4log"))
	for _, verb := range []string{"suspects", "logins", "access", "timeline"} {
		p.asNobody("logs", verb).exits(t, exitUndetermined, "not read: opening log", "imap4log", "permission denied", "of logs")
	}
	p.asNobody("logs", "access", "--account", quiet.Truth.HeavyAccounts[0]).exits(t, exitUndetermined, "is unknown: no log of this time: imap4log")

	p = newPlace(t)
	w := p.withHistory(15)
	p.shut(newestLog(t, p, "imap4log"))
	p.asNobody("logs", "suspects").exits(t, exitFound, w.Truth.Accounts[0].Login, "imap4log", "permission denied")
}

// TestLogsOfRoot: who cannot read acceptlog is told beside the verdict what that leaves open, and to read as root; who asks for nobody gets
// no clean bill.
func TestLogsOfRoot(t *testing.T) {
	p := newPlace(t)
	w := p.withHistory(15)
	p.shut(newestLog(t, p, "acceptlog"))
	p.asNobody("logs", "suspects").exits(t, exitFound, w.Truth.Accounts[0].Login+" is a suspect as a sender only", "acceptlog: not read: opening log", "; read as root", "acceptlog: read as root")
	s := p.asNobody("logs", "suspects", "--account", "nosuch")
	s.exits(t, exitUndetermined, "read as root")
	if strings.Contains(s.out, "was handed in") || strings.Contains(s.out, "ok  ") {
		t.Error(s.out)
	}
}

// shut lets everybody read the spool, but not one file.
func (p *place) shut(file string) {
	p.t.Helper()
	fine(p.t, filepath.WalkDir(p.spool(), func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return os.Chmod(path, 0o755)
		case path == file:
			return os.Chmod(path, 0)
		}
		return os.Chmod(path, 0o644)
	}))
}

// newestLog is the newest file of a log.
func newestLog(t *testing.T, p *place, log string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(p.spool(), log, "*.log"))
	fine(t, err)
	if len(all) == 0 {
		t.Fatal("no " + log)
	}
	return all[len(all)-1]
}
