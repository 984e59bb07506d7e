package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool/lab/standin"
)

// secret is a password that stands in a file of the place: unique, so that it is known again wherever it turns up.
func secret(where string) string { return "Kagi" + where + "Zq7pX9w" }

// The secrets of a place, by where they are planted.
var planted = []string{"Reading", "Sending", "Kept", "Control", "Log", "List"}

// people gives a place accounts: taro, whom a thief uses, with planted forwards, and others who are nobody's business.
func (p *place) people() {
	p.t.Helper()
	var idx strings.Builder
	for _, name := range []string{"hanako", "taro", "jiro", "postmaster"} {
		idx.WriteString(lineOf(name, secret("Reading")))
		p.put("inbox/"+name+"/apop.dat", secret("Sending")+"\r\n1\r\n"+secret("Kept"))
		p.put("inbox/"+name+"/0000000001-100000.MSG", "Subject: read already\n\nof "+name+"\n")
	}
	p.put("db/example.jp.idx", idx.String())
	p.put("inbox/taro/ims.ctl", "[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nDiscard=Yes\r\n; "+secret("Control")+"\r\n")
	p.put("inbox/hanako/ims.ctl", "[AutoForward]\r\nForwardTo=\r\n")
	p.put("reg/epost/ims/PostMaster.2", "postmaster@example.jp\n")
	p.put("reg/epost/ims/Aliases/1/Alias.2", "sales@example.jp\n")
	p.put("reg/epost/ims/Aliases/1/MappedTo.2", "taro@example.jp\n")
	p.put("reg/epost/ims/Lists/staff@example.jp/ListPassword.2", secret("List")+"\n")
	p.put("reg/epost/ims/Lists/staff@example.jp/WhoCanSend.1", "1\n")
}

// lineOf is the line of an account in the account file.
func lineOf(name, password string) string {
	return standin.Account{Name: name, FullName: "Full " + name, Domain: "example.jp"}.Line(password)
}

// accounts are the lines of the account file, decoded.
func (p *place) accounts() []string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.spool(), "db/example.jp.idx"))
	fine(p.t, err)
	var all []string
	for line := range strings.Lines(string(b)) {
		record, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil || !strings.HasSuffix(line, "\n") {
			p.t.Errorf("an account file with half a line: %q", line)
		}
		all = append(all, string(record))
	}
	return all
}

// drawn is what is drawn anew by every run: passwords that nobody knows, the letters before a new name, marks of an incident.
var drawn = regexp.MustCompile(`hikeshi-[0-9a-f]{8}-([A-Za-z0-9_-]{43})?|zz-[a-z]{6}-`)

func same43(s string) string {
	if strings.HasPrefix(s, "zz-") {
		return "zz-LETTER-"
	}
	return strings.Repeat("#", len(s))
}

// sealed is the length of the line of random hex digits with which the backup of such a file begins.
const sealed = 65

// masked is the content of a file with secrets or of a backup of one, its lines decoded, without what is drawn anew. Other files have none.
func masked(path string, b []byte) (string, bool) {
	name := filepath.Base(path)
	switch {
	case strings.Contains(name, ".idx"), strings.Contains(name, "-idx-"):
		var all strings.Builder
		for line := range strings.Lines(string(b)) {
			if record, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n")); err == nil && len(line) != sealed && drawn.Match(record) {
				line = "decoded " + string(record) + "\n"
			}
			all.WriteString(line)
		}
		return drawn.ReplaceAllStringFunc(all.String(), same43), true
	case strings.Contains(name, "apop.dat"), strings.Contains(name, "-auth-"):
		return drawn.ReplaceAllStringFunc(string(b), same43), true
	}
	return "", false
}

// withoutDrawn makes the pictures of two runs alike that differ in what is drawn anew only.
func (p *place) withoutDrawn(name string, x thing) (string, thing) {
	path := filepath.Join(p.dir, name)
	if b, err := os.ReadFile(path); err == nil {
		if text, ok := masked(path, b); ok {
			head, _, _ := strings.Cut(x.text, " bytes ")
			x.text, x.time = fmt.Sprintf("%s bytes %q", head, text), ""
		}
	}
	return drawn.ReplaceAllStringFunc(name, same43), x
}

// whole wants what holds at every moment: no account file with half its lines, and accounts that nobody named as they were.
func (p *place) whole(t *testing.T) {
	t.Helper()
	all := p.accounts()
	if len(all) != 4 {
		t.Errorf("the account file has %d lines: %q", len(all), drawn.ReplaceAllString(strings.Join(all, "\n"), "#"))
	}
	for _, name := range []string{"hanako", "postmaster"} {
		if want := strings.Join([]string{name, secret("Reading"), "Full " + name, "example.jp", ""}, "\t"); !slices.Contains(all, want) {
			t.Errorf("the line of %s is another one or gone", name)
		}
		if b, err := os.ReadFile(filepath.Join(p.spool(), "inbox", name, "apop.dat")); err != nil || string(b) != secret("Sending")+"\r\n1\r\n"+secret("Kept") {
			t.Errorf("the auth file of %s is another one: %v", name, err)
		}
	}
}
