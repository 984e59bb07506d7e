//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

const small = 4 << 20

// undone takes an incident back.
func (r *room) undone(id string) {
	r.t.Helper()
	r.hikeshi("undo", id, "--yes", "--accept-risk", "reopening").exits(r.t, exitOK)
}

// TestSpoolFull: the queue cannot be set aside on a full spool; it says so, nothing is lost or half done, and resume completes it later.
func TestSpoolFull(t *testing.T) {
	for _, strategy := range []string{"rename", "move"} {
		t.Run(strategy, func(t *testing.T) {
			r := newRoom(t, map[string]int{"root/var/spool/epms": small})
			before := r.picture().world()
			free := r.fill(r.spool(), true)
			full := r.picture().world().timeless()
			r.hikeshi("spool", "quarantine", "--strategy", strategy, "--yes").exits(t, exitStopped, "no space left on device", "hint: `hikeshi resume")
			same(t, "on the full disk", full, r.picture().world().timeless())
			id := r.incidents()[0]
			r.hikeshi("resume", id, "--yes").exits(t, exitStopped, "no space left on device")
			same(t, "after a resume on the full disk", full, r.picture().world().timeless())
			free()
			r.hikeshi("resume", id, "--yes").exits(t, exitOK)
			if left, err := os.ReadDir(filepath.Join(r.spool(), "incoming")); err != nil || len(left) > 0 {
				t.Errorf("left in the queue: %v, %v", left, err)
			}
			r.undone(id)
			same(t, "after undo", before.timeless(), r.picture().world().timeless())
			r.hikeshi("verify", id).exits(t, exitOK)
		})
	}
}

// TestReleaseOntoFullSpool: what was set aside comes back to a full disk, or stays where it is, but is never on the way.
func TestReleaseOntoFullSpool(t *testing.T) {
	r := newRoom(t, map[string]int{"root/var/spool/epms": small})
	before := r.picture().world()
	r.hikeshi("spool", "quarantine", "--strategy", "rename", "--yes").exits(t, exitOK)
	id := r.incidents()[0]
	free := r.fill(r.spool(), true)
	s := r.hikeshi("undo", id, "--yes", "--accept-risk", "reopening")
	if s.code != exitOK && !s.tells("no space left on device") {
		t.Errorf("exit %d: %s%s", s.code, s.out, s.err)
	}
	free()
	r.undone(id)
	same(t, "after undo", before.timeless(), r.picture().world().timeless())
}

// TestStateFull: what cannot be recorded is not done, unless it stops the damage. With ballast there is room for a record.
func TestStateFull(t *testing.T) {
	r := newRoom(t, map[string]int{"state": small})
	before := r.picture().world()
	free := r.fill(r.state(), true)
	for range 2 {
		r.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitError, "no space left on device", "could not be written to disk", "hint: make room")
	}
	same(t, "without a record", before, r.picture().world())
	r.hikeshi("incidents").exits(t, exitOK, "no incidents")
	free()
	r.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitOK)
	denied := r.picture().world().timeless()

	// Ballast is there now: on a full disk a denial and its undo are made and recorded.
	first, free := r.incidents()[0], r.fill(r.state(), false)
	r.hikeshi("relay", "deny", "203.0.113.10", "--yes").exits(t, exitOK)
	second := r.incidents()[1]
	r.undone(second)
	same(t, "after undo on a full disk", denied, r.picture().world().timeless())
	r.hikeshi("verify", second).exits(t, exitOK)

	// Without ballast nothing is undone that cannot be recorded.
	free()
	fine(t, os.Remove(filepath.Join(r.state(), "ballast")))
	free = r.fill(r.state(), false)
	r.hikeshi("undo", first, "--yes", "--accept-risk", "reopening").exits(t, exitError, "no space left on device", "hint: mend")
	same(t, "after a refused undo", denied, r.picture().world().timeless())
	free()
	r.undone(first)
	same(t, "after undo", before.timeless(), r.picture().world().timeless())
	r.hikeshi("verify", first).exits(t, exitOK)
}

// TestProgramFolderFull: the deny file is the old one or the new one, never a part, whether a new file cannot be made or cannot be filled.
func TestProgramFolderFull(t *testing.T) {
	for _, files := range []bool{false, true} {
		t.Run(fmt.Sprintf("names used up %v", files), func(t *testing.T) {
			r := newRoom(t, map[string]int{"root/usr/local/mta/bin": small})
			before := r.picture().world()
			free := r.fill(r.program(), files)
			full := r.picture().world().timeless()
			r.hikeshi("relay", "deny", "203.0.113.9", "--yes").exits(t, exitStopped, "no space left on device", "hint: `hikeshi resume")
			same(t, "on the full disk", full, r.picture().world().timeless())
			free()
			id := r.incidents()[0]
			r.hikeshi("resume", id, "--yes").exits(t, exitOK)
			denied := r.picture().world().timeless()
			r.hikeshi("relay", "check", "203.0.113.9").exits(t, exitOK, "deny")

			free = r.fill(r.program(), files)
			full = r.picture().world().timeless()
			r.hikeshi("undo", id, "--yes", "--accept-risk", "reopening").exits(t, exitError, "no space left on device", "hint: mend")
			same(t, "after an undo on the full disk", full, r.picture().world().timeless())
			free()
			same(t, "with room again", denied, r.picture().world().timeless())
			r.undone(id)
			same(t, "after undo", before.timeless(), r.picture().world().timeless())
		})
	}
}

// TestReadOnlyDisk: everything can be looked at, nothing is changed, and it says why.
func TestReadOnlyDisk(t *testing.T) {
	r := newRoom(t, map[string]int{"root": small, "state": small})
	r.hikeshi("relay", "deny", "203.0.113.1", "--yes").exits(t, exitOK) // so that there is a record
	id := r.incidents()[0]
	for _, disks := range [][]string{{"root"}, {"root", "state"}} {
		for _, disk := range disks {
			r.readOnly(filepath.Join(r.dir, disk), unix.MS_RDONLY)
		}
		before := r.picture().world()
		for line, code := range map[string]int{
			"status --watch 0": exitFound, "spool scan": exitFound, "spool list": exitOK, "relay lint": exitOK, "relay check 203.0.113.9": exitOK, "incidents": exitOK,
			"report " + id: exitOK, "verify " + id: exitOK, "doctor": exitFound, "relay deny 203.0.113.9 --dry-run": exitFound, "spool quarantine --dry-run": exitFound,
		} {
			r.hikeshi(strings.Fields(line)...).exits(t, code)
		}
		r.hikeshi("doctor").exits(t, exitFound, "lies on a read-only file system, so nothing can be set aside", "so nobody can be denied: read-only file system")
		for _, line := range []string{"relay deny 203.0.113.9 --yes", "spool quarantine --strategy rename --yes", "spool quarantine --strategy move --yes", "undo " + id + " --yes --accept-risk reopening"} {
			s := r.hikeshi(strings.Fields(line)...)
			if s.code != exitStopped && s.code != exitError || !s.tells("read-only file system") || !s.tells("hikeshi: hint: ") {
				t.Errorf("hikeshi %s: exit %d\n%s%s", line, s.code, s.out, s.err)
			}
			same(t, "after "+line, before, r.picture().world())
		}
		for _, disk := range disks {
			r.readOnly(filepath.Join(r.dir, disk), 0)
		}
	}
	r.undone(id)
}
