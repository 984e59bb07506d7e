package kept

import (
	"encoding/base64"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/spool/lab/standin"
)

// authFile is the name of the auth file in a mailbox folder of a lab.
const authFile = "apop.dat"

// A record is one line of an account file.
type record struct {
	line   string   // with its LF
	fields []string // account, password, full name, domain, …
}

func (r record) name() string { return r.fields[0] }

// records reads the account file. A line that does not decode has one field, which is no account's name.
func (c Case) records(files Files) []record {
	var all []record
	for line := range strings.Lines(files[below(c.Config, c.Config.Spool("db", c.Domain+".idx"))]) {
		text, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		if err != nil {
			text = []byte("?")
		}
		all = append(all, record{line, strings.Split(string(text), "\t")})
	}
	return all
}

func (c Case) box(files Files, name string) Files {
	return files.in(below(c.Config, c.Config.Spool("inbox", name)))
}

// Innocents lists what was done to accounts that had nothing to do with it: their lines, their auth files and all that lay in their
// mailbox folders must be as before. New mail and counters of failed logins come by themselves, and an auth file may be made where
// none was.
func (c Case) Innocents() []string {
	var touched []string
	was, now := c.records(c.Was), c.records(c.Now)
	if len(now) != len(was) {
		touched = append(touched, fmt.Sprintf("the account file has %d lines, had %d", len(now), len(was)))
	}
	known := map[string]bool{}
	for i, r := range was {
		known[r.name()] = true
		if r.name() == c.Abused {
			if i < len(now) {
				known[now[i].name()] = true
			}
			continue
		}
		if i >= len(now) || now[i].line != r.line {
			touched = append(touched, r.name()+": its line")
		}
		for _, file := range c.touched(r.name()) {
			touched = append(touched, r.name()+": "+file)
		}
	}
	for file := range c.Now.in(below(c.Config, c.Config.Spool("inbox"))) {
		if folder, _, _ := strings.Cut(file, "/"); !known[folder] {
			touched = append(touched, folder+" is no account's folder")
		}
	}
	slices.Sort(touched)
	return slices.Compact(touched)
}

func (c Case) touched(name string) []string {
	was, now := c.box(c.Was, name), c.box(c.Now, name)
	touched := was.without(now)
	for _, file := range slices.Sorted(maps.Keys(now)) {
		ext := strings.ToLower(filepath.Ext(file))
		if _, ok := was[file]; !ok && ext != ".msg" && ext != ".smtp" && file != authFile {
			touched = append(touched, file+" is new")
		}
	}
	return touched
}

// abused are the line of the abused account before and now. It is found by its place, since it may have another name.
func (c Case) abused() (was, now record, ok bool) {
	before, after := c.records(c.Was), c.records(c.Now)
	i := slices.IndexFunc(before, func(r record) bool { return r.name() == c.Abused })
	if i < 0 || i >= len(after) || len(after[i].fields) != len(before[i].fields) || len(before[i].fields) < 3 {
		return was, now, false
	}
	return before[i], after[i], true
}

// Secrets counts the passwords of the abused account that were replaced, of two: the one for reading mail in the account file, and the
// one for sending in the auth file. Faults are an old password, and anything else of the account that was changed.
func (c Case) Secrets() (replaced int, faults []string) {
	was, now, ok := c.abused()
	switch {
	case !ok || now.name() != was.name() || !slices.Equal(now.fields[2:], was.fields[2:]):
		faults = append(faults, "the line of "+c.Abused+" is not whole")
	case now.fields[1] != was.fields[1] && now.fields[1] != "":
		replaced++
	default:
		faults = append(faults, "the password for reading mail is the old one")
	}
	before, after := c.box(c.Was, c.Abused), c.box(c.Now, c.Abused)
	old, oldRest, _ := strings.Cut(before[authFile], "\n")
	first, rest, _ := strings.Cut(after[authFile], "\n")
	if first != "" && first != old && rest == oldRest {
		replaced++
	} else {
		faults = append(faults, "the password for sending is the old one, or its file is not whole")
	}
	delete(before, authFile)
	return replaced, append(faults, before.without(after)...)
}

// Mailbox wants the abused account whole, under whichever name: line and mailbox folder of the same name, nothing of the folder lost,
// and nothing left where it was. of are the files that there were.
func (c Case) Mailbox() (of int, faults []string) {
	name := c.Abused
	was, now, ok := c.abused()
	if ok {
		name = now.name()
	}
	if !ok || !slices.Equal(now.fields[1:], was.fields[1:]) {
		faults = append(faults, "the line of "+c.Abused+" is not whole")
	}
	before := c.box(c.Was, c.Abused)
	faults = append(faults, before.without(c.box(c.Now, name))...)
	if name != c.Abused && standin.Exists(c.Config.Spool("inbox", c.Abused)) {
		faults = append(faults, "there is still a folder of the old name")
	}
	return len(before), faults
}
