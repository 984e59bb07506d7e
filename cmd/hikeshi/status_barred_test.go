package main

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	past "hikeshi/spool/lab/history"
)

// quietPlace is a server with nothing that needs attention: logs of eight days without abuse, and nothing in the queue.
func quietPlace(t *testing.T) *place {
	t.Helper()
	p := newPlace(t)
	for _, name := range []string{"incoming", "domains", "holding", "lists", "temp"} {
		below, err := os.ReadDir(filepath.Join(p.spool(), name))
		fine(t, err)
		for _, e := range below {
			fine(t, os.RemoveAll(filepath.Join(p.spool(), name, e.Name())))
		}
	}
	quiet := past.Make(5, past.Options{Days: 8, Start: time.Now().AddDate(0, 0, -8), Accounts: 20, Incidents: []past.Kind{}})
	fine(t, quiet.Write(p.spool()))
	for _, key := range []string{"EPST5RS/AcceptlogEnabled.1", "EPST5RS/Parameters/MailInlogEnabled.1"} {
		p.put("reg/epost/ims/"+key, "1\n")
	}
	fine(t, filepath.WalkDir(p.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			return os.Chmod(path, 0o644)
		}
		if err == nil {
			return os.Chmod(path, 0o755)
		}
		return err
	}))
	return p
}

// notKnown wants the status of somebody who may not see everything, and sees nothing wrong.
func notKnown(t *testing.T, p *place, texts ...string) said {
	t.Helper()
	s := p.asNobody("status", "--watch", "0")
	s.exits(t, exitUndetermined, append(texts, "[NOT KNOWN]", "sudo hikeshi status")...)
	if s.row("WARN") != "" || s.row("BAD") != "" {
		t.Errorf("not to be allowed to look is a finding in\n%s", s.out)
	}
	var doc statusDocument
	j := p.asNobody("status", "--watch", "0", "--output", "json").exits(t, exitUndetermined)
	fine(t, json.Unmarshal([]byte(j.out), &doc))
	if doc.Level != runbook.OK || !doc.Undetermined {
		t.Errorf("level %s, undetermined %t", doc.Level, doc.Undetermined)
	}
	p.asNobody("status", "--watch", "0", "--monitor").exits(t, 3, "HIKESHI UNKNOWN")
	p.asNobody("status", "--watch", "0", "--lang", "ja").exits(t, exitUndetermined, "[不明]")
	return s
}

// TestStatusOfAnOrdinaryUser: who may not read a log, a folder of the queue or the deny file is told which, and to read as root; that is no
// finding, and no clean bill: exit code 7.
func TestStatusOfAnOrdinaryUser(t *testing.T) {
	p := quietPlace(t)
	p.asNobody("status", "--watch", "0").exits(t, exitOK, "[OK]")

	fine(t, os.Chmod(newestLog(t, p, "acceptlog"), 0))
	s := notKnown(t, p, "acceptlog on not readable as this user: read as root")
	if s.tells("inlog on not readable") {
		t.Error(s.out)
	}
	logs, err := filepath.Glob(filepath.Join(p.spool(), "*log"))
	fine(t, err)
	for _, dir := range logs {
		fine(t, os.Chmod(dir, 0))
		t.Cleanup(func() { fine(t, os.Chmod(dir, 0o755)) })
	}
	s = notKnown(t, p, "acceptlog on not readable as this user: read as root", "inlog on not readable as this user: read as root", "the size of logs")
	if len(logs) < 6 || strings.Contains(s.out, "swollen") {
		t.Errorf("%q\n%s", logs, s.out)
	}
}

// TestStatusOfAClosedSpool: the same where the queue, the deny file or the whole spool is not for everybody.
func TestStatusOfAClosedSpool(t *testing.T) {
	p := quietPlace(t)
	shut := func(path string) {
		t.Helper()
		fine(t, os.Chmod(path, 0))
		t.Cleanup(func() { fine(t, os.Chmod(path, 0o755)) })
	}
	shut(p.deny())
	notKnown(t, p, "the deny file")
	shut(filepath.Join(p.spool(), "incoming"))
	notKnown(t, p, "incoming cannot be read as this user: permission denied; read as root", "incoming unknown")
	shut(p.spool())
	s := p.asNobody("status", "--watch", "0").exits(t, exitUndetermined, "permission denied", "hint: this user may not look there; read as root")
	if s.out != "" {
		t.Error(s.out)
	}
}

// TestStatusFindsBesideWhatIsBarred: what is found goes before what could not be read.
func TestStatusFindsBesideWhatIsBarred(t *testing.T) {
	p := newPlace(t)
	w := p.withHistory(15)
	p.shut(newestLog(t, p, "imap4log"))
	p.asNobody("status", "--watch", "0").exits(t, exitFound, w.Truth.Accounts[0].Login, "imap4log OFF not readable as this user: read as root", "[DANGER]")
}
