package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorWithoutSpool: a spool that is not there is a finding, and everything else is looked at all the same.
func TestDoctorWithoutSpool(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	fine(t, os.Rename(p.spool(), p.spool()+".gone"))
	s := p.hikeshi("doctor").exits(t, exitFound, p.spool()+": no such file or directory", "epms.spool in the configuration", p.deny(), p.state())
	for _, name := range []string{"config", "user", "spool", "deny file", "services", "state", "you"} {
		if !strings.Contains(s.out, " "+name+" ") {
			t.Errorf("no line for %s:\n%s", name, s.out)
		}
	}
	p.hikeshi("doctor", "--output", "json").exits(t, exitFound, `"name": "spool"`, `"level": "bad"`)
	p.hikeshi("doctor", "--lang", "ja").exits(t, exitFound, "キューを調べられない")
	p.hikeshi("doctor", "--server", "sendmail").exits(t, exitUsage)
	if entries, err := os.ReadDir(p.state()); err == nil {
		t.Errorf("doctor has made %v", entries)
	}
}

// TestDoctorDisk: how full the disk of the spool is.
func TestDoctorDisk(t *testing.T) {
	t.Parallel()
	newPlace(t).hikeshi("doctor").exits(t, userCode(), " disk ", "GB left", "inodes")
	for _, test := range []struct {
		d    diskRow
		full bool
	}{{diskRow{FreePercent: 5, InodesFreePercent: 100}, false}, {diskRow{FreePercent: 4.9, InodesFreePercent: 100}, true}, {diskRow{FreePercent: 50, InodesFreePercent: 0}, true}} {
		if test.d.full() != test.full {
			t.Errorf("%+v: full %v", test.d, test.d.full())
		}
	}
}

// commanded is a place whose services are looked at by a command, and how to run a line there. Nothing is below another root.
func commanded(t *testing.T, status, units string) (p *place, run func(line string) said) {
	t.Helper()
	p = newPlace(t)
	config := filepath.Join(p.dir, "config.yaml")
	fine(t, os.WriteFile(config, []byte(fmt.Sprintf(`epms: {spool: %[1]q, program: %[2]q, mailbox: "%[1]s/inbox"}
services: {manager: command%[4]s, command: {start: ["false"], stop: ["false"], status: %[3]s}}
`, p.spool(), p.program(), status, units)), 0o600))
	return p, func(line string) said {
		t.Helper()
		return p.run(append(strings.Fields(line), "--config", config)...)
	}
}

// TestStatusCommand: what tells neither that a service runs nor that it does not leaves the queue where it is.
func TestStatusCommand(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		status string
		code   int
		text   string
	}{
		{`[sh, -c, "exit 3"]`, exitFound, "planned"}, {`[sh, -c, "exit 1"]`, exitFound, "planned"},
		{`[sh, -c, "exit 4"]`, exitUndetermined, "exit status 4"}, {`[sh, -c, "no-such-program {unit}"]`, exitUndetermined, "exit status 127"},
		{`[/nonexistent/status, "{unit}"]`, exitUndetermined, "/nonexistent/status"},
	} {
		p, run := commanded(t, test.status, "")
		run("spool quarantine --strategy rename --dry-run").exits(t, test.code, test.text)
		if test.code == exitUndetermined {
			run("spool quarantine --strategy rename --yes").exits(t, exitUndetermined, test.text)
			run("service stop --yes --accept-risk disruptive").exits(t, exitUndetermined, test.text)
			if entries, err := os.ReadDir(filepath.Join(p.state(), "incidents")); err == nil {
				t.Errorf("%s: incidents were opened: %v", test.status, entries)
			}
		}
	}
}

// TestCommandedServices: commands are run for services that use the queue and for those that are named; the evidence names the command.
func TestCommandedServices(t *testing.T) {
	t.Parallel()
	_, run := commanded(t, `["false", "{unit}", is-up]`, "")
	for _, line := range []string{"status --watch 0", "service status", "doctor"} {
		if s := run(line); !s.tells("epstdd") || s.tells("epstpop3d") || s.tells("epstimap4d") {
			t.Errorf("hikeshi %s:\n%s%s", line, s.out, s.err)
		}
	}
	p, run := commanded(t, `["false", "{unit}", is-up]`, ", units: [epstrd.service, epstdd.service, epstpop3d.service]")
	run("status --watch 0").exits(t, exitFound, "epstpop3d.service is inactive")
	book := filepath.Join(p.dir, "book.yaml")
	fine(t, os.WriteFile(book, []byte("format: 1\nname: look\ntitle: {en: look}\nsteps:\n  - {id: look, phase: identify, title: {en: look}, uses: service.status}\n"), 0o600))
	if s := run("plan "+book).exits(t, exitOK, "[false epstpop3d is-up]"); s.tells("systemctl") || s.tells("epstimap4d") {
		t.Errorf("the evidence: %s", s.out)
	}
}
