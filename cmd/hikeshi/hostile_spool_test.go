package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// hostile fills the queue with what nobody should find there. outside is a folder that a link in the queue leads to.
func (p *place) hostile() (outside string) {
	p.t.Helper()
	outside = filepath.Join(p.dir, "outside")
	fine(p.t, os.MkdirAll(filepath.Join(outside, "example.org-B0000000041"), 0o755))
	fine(p.t, os.WriteFile(filepath.Join(outside, "B0000000041.RCP"), []byte(envelope("B0000000041", "secret@example.jp", "x@example.org")), 0o600))
	in := func(name string) string { return filepath.Join(p.spool(), "incoming", name) }
	fine(p.t, os.Symlink("/etc/passwd", in("B0000000042.MSG")))
	fine(p.t, os.Symlink(filepath.Join(outside, "B0000000041.RCP"), in("B0000000042.RCP")))
	fine(p.t, os.Symlink(outside, filepath.Join(p.spool(), "domains", "example.org-B0000000041")))
	fine(p.t, os.Symlink(outside, filepath.Join(p.spool(), "lists", "other")))
	fine(p.t, unix.Mkfifo(in("B0000000043.RCP"), 0o644))
	fine(p.t, unix.Mkfifo(filepath.Join(p.spool(), "temp", "B0000000043.TMP"), 0o644))
	fine(p.t, os.Mkdir(in("B0000000044.RCP"), 0o755))
	p.put("incoming/B0000000044.MSG", "Subject: its envelope is a folder\n\nbody\n")
	for i, name := range []string{"\x1b[31mred\x1b[0m.MSG", "\x1b]0;title\x07.RCP", "two\nlines.MSG", "tab\there.RCP", "\xff\xfe.MSG", "B0000000045.MSG\n", "\u202egnp.MSG", "C1\u009b31m", "$(reboot)", "-rf", strings.Repeat("x", 255)} {
		p.put("incoming/"+name, fmt.Sprintf("odd %d\n", i))
	}
	p.put("domains/\x1b]0;x\x07example.com-B0000000046/B0000000046.RCP", envelope("B0000000046", "taro@example.jp", "v@example.com"))
	p.put("domains/new\nline-B0000000047/B0000000047.RCP", envelope("B0000000047", "taro@example.jp", "v@example.com"))
	p.put("holding/B0000000046.MSG", "Subject: retry\n\nbody\n")
	p.put("holding/B0000000047.MSG", "Subject: retry\n\nbody\n")
	p.put("authlock/\x1b[2J", "1\n")
	p.put("incoming/B0000000048.RCP", envelope("B0000000048\x1b[2J", "\x1b[31mtaro\u202e\x00@example.jp", "v\x1b]0;x\x07@\x1b[2Jexample.com", "w\r\x9b@example.net"))
	p.put("incoming/B0000000048.MSG", "Received: from \x1b[31mx (unverified [203.0.113.9]) by mail1.example.jp\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000048@mail1.example.jp>;\n\n\x1b[2J\n")
	p.put("incoming/B0000000049.RCP", strings.Repeat("\x00\x1b", 5000))
	p.put("incoming/B0000000049.MSG", "")
	p.put("reg/epost/ims/EPST5RS/AcceptlogEnabled.1", "\x1b[31mno number")
	p.age()
	return outside
}

// TestHostileSpool: whatever lies in the queue, no verb is steered, waits or leaves the tree, and all of it comes back.
func TestHostileSpool(t *testing.T) {
	for _, strategy := range []string{"move", "rename"} {
		t.Run(strategy, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.hostile()
			before := p.picture().world()
			p.looks("")
			same(t, "after looking", before, p.picture().world())

			harmless(t, p.hikeshi("spool", "quarantine", "--strategy", strategy, "--yes", "--reason", "\x1b[31mwhy\x07")).exits(t, exitOK)
			id := p.incidents()[0]
			note := filepath.Join(p.dir, "state", "\x1b]0;x\x07note.txt")
			fine(t, os.WriteFile(note, []byte("x"), 0o600))
			harmless(t, p.hikeshi("note", id, "said \x1b[2J\u202e so")).exits(t, exitOK)
			harmless(t, p.hikeshi("attach", id, note)).exits(t, exitOK)
			p.looks(id)
			harmless(t, p.hikeshi("undo", id, "--yes", "--accept-risk", "reopening")).exits(t, exitOK)
			same(t, "after undo", before.timeless(), p.picture().world().timeless())

			harmless(t, p.hikeshi("spool", "quarantine", "--strategy", strategy, "--yes")).exits(t, exitOK)
			ids := p.incidents()
			id = ids[len(ids)-1]
			harmless(t, p.hikeshi("spool", "release", id, "--sender", "taro@example.jp", "--yes"))
			harmless(t, p.hikeshi("spool", "release", id, "--all", "--yes"))
			p.looks(id)
			same(t, "outside", before.below("outside"), p.picture().below("outside"))
			n := p.setAside(id)
			harmless(t, p.hikeshi("spool", "purge", id, "--count", strconv.Itoa(n), "--yes", "--accept-risk", "irreversible"))
			p.looks(id)
			same(t, "outside, after a purge", before.below("outside"), p.picture().below("outside"))
		})
	}
}

// below is the part of a picture in one folder.
func (p picture) below(dir string) picture {
	part := picture{}
	for rel, x := range p {
		if strings.HasPrefix(rel, dir) {
			part[rel] = x
		}
	}
	return part
}

// looks goes through the reading verbs, in both languages and both forms.
func (p *place) looks(id string) {
	p.t.Helper()
	lines := []string{"status --watch 0", "doctor", "spool scan", "spool scan --exact", "spool list", "relay list", "relay lint", "incidents",
		"plan mail-abuse --set sources=203.0.113.9", "spool quarantine --dry-run --strategy move", "spool quarantine --dry-run --strategy rename"}
	if id != "" {
		lines = append(lines, "show "+id, "report "+id, "report "+id+" --format md", "report "+id+" --format json", "verify "+id, "undo "+id+" --dry-run", "spool release "+id+" --all --dry-run")
	}
	for _, line := range lines {
		for _, more := range [][]string{nil, {"--output", "json"}, {"--lang", "ja", "--color", "never"}} {
			s := harmless(p.t, p.hikeshi(append(strings.Fields(line), more...)...))
			if s.code == exitUsage || s.code == exitInterrupted || s.code > exitUndetermined {
				p.t.Errorf("hikeshi %s: exit %d\n%s%s", line, s.code, s.out, s.err)
			}
			if len(more) == 2 && !json.Valid([]byte(s.out)) {
				p.t.Errorf("hikeshi %s: not one JSON document: %s", line, s.out)
			}
		}
	}
}

// setAside is how many messages an incident has set aside.
func (p *place) setAside(id string) int {
	p.t.Helper()
	var doc asideDocument
	fine(p.t, json.Unmarshal([]byte(p.hikeshi("spool", "list", "--output", "json").exits(p.t, exitOK).out), &doc))
	n := 0
	for _, s := range doc.Sets {
		if s.Incident == id && s.Purge != nil {
			n = int(*s.Purge)
		}
	}
	return n
}

// TestHugeEnvelope: an envelope with two million recipients is read; of one that is larger still nothing is believed, and it is told.
func TestHugeEnvelope(t *testing.T) {
	p := newPlace(t)
	in := func(name string) string { return filepath.Join(p.spool(), "incoming", name) }
	recipients := strings.Repeat("Recipient: <v@example.com>\r\n", 2_000_000)
	p.put("incoming/B0000000051.RCP", envelope("B0000000051", "hana@example.jp")+recipients)
	p.put("incoming/B0000000051.MSG", "Subject: one\n\nbody\n")
	p.hikeshi("spool", "scan", "--exact").exits(t, exitFound, "hana@example.jp")
	p.put("incoming/B0000000052.RCP", envelope("B0000000052", "jiro@example.jp")+recipients)
	fine(t, os.Truncate(in("B0000000052.RCP"), 400<<20))
	p.put("incoming/B0000000052.MSG", "Subject: two\n\nbody\n")
	s := p.hikeshi("spool", "scan", "--exact").exits(t, exitFound, "make no sense")
	if s.tells("jiro@example.jp") {
		t.Errorf("the sender of a senseless envelope is believed:\n%s", s.out)
	}
	p.hikeshi("spool", "quarantine", "--strategy", "move", "--sender", "hana@example.jp", "--yes").exits(t, exitOK)
	p.hikeshi("spool", "quarantine", "--strategy", "move", "--yes").exits(t, exitOK)
	for _, name := range []string{"B0000000051.RCP", "B0000000052.RCP", "B0000000052.MSG"} {
		if _, err := os.Lstat(in(name)); !os.IsNotExist(err) {
			t.Errorf("%s was not set aside: %v", name, err)
		}
	}
}

// userCode is how doctor ends where nothing is wrong but that one may not be root.
func userCode() int {
	if os.Geteuid() == 0 {
		return exitOK
	}
	return exitFound
}

// TestSymlinksOnTheWay: a link to the spool root is taken below --root; a queue folder that is a link is refused, and what it leads to is
// never touched.
func TestSymlinksOnTheWay(t *testing.T) {
	p := newPlace(t)
	fine(t, os.MkdirAll(filepath.Join(p.root, "data"), 0o755))
	fine(t, os.Rename(p.spool(), filepath.Join(p.root, "data/epms")))
	fine(t, os.Symlink("/data/epms", p.spool()))
	p.hikeshi("spool", "scan").exits(t, exitFound, filepath.Join("incoming"), "taro@example.jp")
	p.hikeshi("doctor", "--output", "json").exits(t, userCode(), filepath.Join(p.root, "data/epms"))
	before := p.picture().world()
	p.hikeshi("spool", "quarantine", "--strategy", "rename", "--yes").exits(t, exitOK)
	if _, err := os.Lstat(filepath.Join(p.root, "data/epms/incoming/B0000000001.MSG")); !os.IsNotExist(err) {
		t.Errorf("not set aside below the root: %v", err)
	}
	p.hikeshi("undo", p.incidents()[0], "--yes", "--accept-risk", "reopening").exits(t, exitOK)
	same(t, "after undo", before.timeless(), p.picture().world().timeless())

	outside, real := filepath.Join(p.dir, "outside"), filepath.Join(p.root, "data/epms/incoming")
	fine(t, os.Rename(real, outside))
	fine(t, os.Symlink(outside, real))
	before = p.picture().world()
	for line, code := range map[string]int{
		"spool quarantine --strategy rename --yes": exitError, "spool quarantine --strategy move --yes": exitError, "spool quarantine --dry-run": exitUndetermined,
		"plan mail-abuse --set sources=203.0.113.9": exitUndetermined, "doctor": exitFound,
	} {
		p.hikeshi(strings.Fields(line)...).exits(t, code, "incoming")
	}
	s := p.hikeshi("spool", "scan").exits(t, exitFound, "not a folder")
	if strings.Contains(s.out, "taro@example.jp") {
		t.Errorf("the scan went through the link:\n%s", s.out)
	}
	same(t, "after refusals", before, p.picture().world())
}
