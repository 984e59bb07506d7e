//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fullVar is a room in which everything of the mail server and of hikeshi lies on one small disk, as on /var, and whose services are
// started and stopped by commands. Nothing is below another root. free, unless empty, is what the stop command takes away besides.
func fullVar(t *testing.T, frees bool) (r *room, run func(line string) said, running func() []string) {
	t.Helper()
	r = newRoom(t, map[string]int{"var": small})
	for _, name := range []string{"root", "units"} {
		fine(t, os.RemoveAll(filepath.Join(r.dir, name)))
	}
	v := newPlaceIn(t, filepath.Join(r.dir, "var"))
	r.vars, r.root = v.vars, v.root
	units, config := filepath.Join(r.dir, "running"), filepath.Join(r.dir, "config.yaml")
	fine(t, os.Mkdir(units, 0o755))
	for _, name := range []string{"epstrd", "epstdd"} {
		fine(t, os.WriteFile(filepath.Join(units, name), nil, 0o644))
	}
	stop := fmt.Sprintf(`[rm, -r, "%s/{unit}"]`, units)
	if frees {
		stop = fmt.Sprintf(`[rm, -rf, "%s/{unit}", %s]`, units, filepath.Join(v.dir, "fill"))
	}
	fine(t, os.WriteFile(config, []byte(fmt.Sprintf(`services:
  manager: command
  command: {start: [touch, "%[1]s/{unit}"], stop: %[2]s, status: [test, -e, "%[1]s/{unit}"]}
epms: {spool: %[3]s, program: %[4]s, mailbox: %[3]s/inbox}
`+nobodyAnswers, units, stop, v.spool(), v.program())), 0o644))
	run = func(line string) said {
		t.Helper()
		return r.run(append(strings.Fields(line), "--config", config, "--state", filepath.Join(v.dir, "lib/hikeshi"))...)
	}
	running = func() []string {
		entries, err := os.ReadDir(units)
		fine(t, err)
		var all []string
		for _, e := range entries {
			all = append(all, e.Name())
		}
		return all
	}
	return r, run, running
}

// TestStopOnFullDisk: with /var full to the last byte before the first key the services stop all the same, what could not be recorded is said
// and sent to the system log, and the services can be started again later.
func TestStopOnFullDisk(t *testing.T) {
	for _, files := range []bool{false, true} {
		t.Run(fmt.Sprintf("names used up %v", files), func(t *testing.T) {
			r, run, running := fullVar(t, false)
			free := r.fill(filepath.Join(r.dir, "var"), files)
			before := r.picture()
			s := run("service stop --yes --accept-risk disruptive").exits(t, exitOK, "could not be written to disk", "no space left on device", "nothing of this incident is on disk", "once there is room, or with --state DIR on another disk")
			if left := running(); len(left) > 0 {
				t.Errorf("still running: %v", left)
			}
			r.wantLogged(t, s, `"event":"opened"`, `"event":"intent"`, `"event":"result"`, `"state":"done"`, `"event":"closed"`)
			sameBut(t, "after the stop", before, r.picture(), "running", "var/lib")
			// The next invocation finds the services down; nothing it needs is missing.
			run("service stop --yes --accept-risk disruptive").exits(t, exitOK)
			run("status --watch 0").exits(t, exitFound)
			run("service start --yes").exits(t, exitError, "no space left on device", "hint: make room")
			other := []string{"service", "start", "epstdd", "--yes", "--config", filepath.Join(r.dir, "config.yaml"), "--state", filepath.Join(r.dir, "elsewhere")}
			r.run(other...).exits(t, exitOK, "hikeshi undo")
			if left := running(); !slices.Equal(left, []string{"epstdd"}) {
				t.Errorf("started with another state folder: %v", left)
			}
			free()
			run("service start --yes").exits(t, exitOK)
			if left := running(); !slices.Equal(left, []string{"epstdd", "epstrd"}) {
				t.Errorf("running: %v", left)
			}
			run("incidents").exits(t, exitOK, "service-start")
		})
	}
}

// TestRunOnFullDisk: the runbook gets to the stop and through it; the first step that needs a record stops the run.
func TestRunOnFullDisk(t *testing.T) {
	r, run, running := fullVar(t, false)
	free := r.fill(filepath.Join(r.dir, "var"), true)
	before := r.picture()
	s := run("run mail-abuse --yes --accept-risk disruptive --set cause=c --set sources=203.0.113.9").
		exits(t, exitStopped, "could not be written to disk", "stopped at step aside", "no space left on device", "hint: make room", "service start")
	if left := running(); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	if strings.Contains(s.err, "hikeshi resume") {
		t.Errorf("the hint names an incident that is not on disk: %s", s.err)
	}
	r.wantLogged(t, s, `"change":"stop.1"`, `"state":"done"`, `"step":"aside"`)
	sameBut(t, "after the run", before, r.picture(), "running", "var/lib")
	free()
	run("run mail-abuse --yes --accept-risk disruptive --set cause=c --set sources=203.0.113.9 --set settle=10ms --set watch=10ms").exits(t, exitOK)
	if left := running(); len(left) > 0 {
		t.Errorf("a run that found the services down has started them: %v", left)
	}
}

// TestRoomComesBack: what waited in memory is on disk as soon as there is room, and the record says that it came late.
func TestRoomComesBack(t *testing.T) {
	r, run, running := fullVar(t, true)
	r.fill(filepath.Join(r.dir, "var"), true)
	run("run mail-abuse --yes --accept-risk disruptive --set cause=c --set sources=203.0.113.9 --set settle=10ms --set watch=10ms").exits(t, exitOK)
	if left := running(); !slices.Equal(left, []string{"epstdd", "epstrd"}) {
		t.Errorf("the run was to the end; running: %v", left)
	}
	entries, err := os.ReadDir(filepath.Join(r.dir, "var/lib/hikeshi/incidents"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("incidents %v, %v", entries, err)
	}
	id := entries[0].Name()
	run("verify "+id).exits(t, exitOK, "all as written")
	run("report "+id).exits(t, exitOK, "records from", "could not be written to disk at once", "incident opened", "stop epstdd.service")
	run("undo "+id+" --yes --accept-risk disruptive,reopening").exits(t, exitOK)
}

// wantLogged wants words in the system log, and that it was said that they are there.
func (r *room) wantLogged(t *testing.T, s said, words ...string) {
	t.Helper()
	if r.deaf {
		return
	}
	if !s.tells("sent to the system log") {
		t.Errorf("not said that it is in the system log: %s%s", s.out, s.err)
	}
	for _, w := range words {
		if !strings.Contains(r.logged(), w) {
			t.Errorf("the system log lacks %s:\n%s", w, r.logged())
		}
	}
}

// sameBut is same without what lies below some folders.
func sameBut(t *testing.T, what string, want, got picture, but ...string) {
	t.Helper()
	rest := func(p picture) picture {
		part := picture{}
		for rel, x := range p.timeless() {
			if !slices.ContainsFunc(but, func(dir string) bool { return rel == dir || strings.HasPrefix(rel, dir+"/") }) {
				if x.folder {
					x.text = "" // the number of its folders
				}
				part[rel] = x
			}
		}
		return part
	}
	same(t, what, rest(want), rest(got))
}
