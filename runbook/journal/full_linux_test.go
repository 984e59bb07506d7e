package journal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/runbook"
)

// smallDisk mounts a tmpfs of size bytes and returns its path. It needs root.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0755", size)); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for root: mounting a small disk: %v", err)
		}
		t.Skipf("mounting a small disk needs root: %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill takes all room on the disk of dir; removing the file it returns gives it back.
func fill(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "fill"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, unix.ENOSPC) {
		t.Fatal(err)
	}
	return f.Name()
}

type memoryLog []string

func (m *memoryLog) Log(line string) error { *m = append(*m, line); return nil }

func smallStore(t *testing.T, size int) (Store, string, *memoryLog) {
	s, log := newStore(t), &memoryLog{}
	dir := smallDisk(t, size)
	s.State, s.System = filepath.Join(dir, "state"), log
	return s, dir, log
}

// With the disk full to the last byte the ballast still takes results; after it nothing is lost either.
func TestDiskFillsUp(t *testing.T) {
	s, dir, log := smallStore(t, 4<<20)
	j := create(t, s)
	full := fill(t, dir)
	n, failed, long := 0, error(nil), strings.Repeat("x", 5000)
	for ; n < 1000 && failed == nil; n++ {
		failed = j.Append(runbook.Record{Event: runbook.Noted, Text: fmt.Sprint(n, " ", long)})
	}
	if !errors.Is(failed, runbook.ErrUnrecorded) || !errors.Is(failed, unix.ENOSPC) {
		t.Fatalf("after %d records: %v", n, failed)
	}
	if n < 190 {
		t.Errorf("the ballast took %d records only", n)
	}
	on := sound(t, s, j.ID(), "")
	if on.Records != n || on.Torn != 0 {
		t.Errorf("on disk: %+v, want %d records", on, n)
	}
	if err := j.Append(runbook.Record{Event: runbook.Applied, Text: "stopped " + long}); !errors.Is(err, runbook.ErrUnrecorded) {
		t.Error(err)
	}
	if text := strings.Join(*log, "\n"); len(*log) != 2 || !strings.Contains(text, "stopped xxx") || !strings.Contains(text, j.ID()) {
		t.Errorf("system log: %.500s", text)
	}
	if count, text := j.Unrecorded(); count != 2 || !strings.Contains(text.EN, "no space left") || text.JA == "" {
		t.Errorf("unrecorded: %d %v", count, text)
	}
	if records, err := j.Records(); err != nil || len(records) != n+2 || records[n+1].Event != runbook.Applied {
		t.Errorf("%d records, %v", len(records), err)
	}
	os.Remove(full)
	add(t, j, "room again")
	if count, _ := j.Unrecorded(); count != 0 {
		t.Errorf("%d unrecorded", count)
	}
	got := texts(t, j)
	if !strings.Contains(got[len(got)-1], "could not be written") || got[len(got)-2] != "room again" {
		t.Errorf("the end: %.300q", got[len(got)-2:])
	}
	for i, text := range got[:n] {
		if !strings.HasPrefix(text, fmt.Sprint(i, " ")) {
			t.Fatalf("record %d: %.20s", i, text)
		}
	}
	if rep := sound(t, s, j.ID(), on.Head); rep.Records != n+4 || rep.HeadAt != n-1 {
		t.Errorf("report: %+v", rep)
	}
}

// With the disk full before the first key an incident works in memory, says so, and is written when there is room.
func TestDiskFullAtTheBeginning(t *testing.T) {
	s, dir, log := smallStore(t, 1<<20)
	full := fill(t, dir)
	j := create(t, s)
	if n, _ := j.Unrecorded(); n != 1 {
		t.Errorf("%d unrecorded", n)
	}
	if err := j.Append(runbook.Record{Event: runbook.Intent, Change: "stop.1"}); !errors.Is(err, runbook.ErrUnrecorded) {
		t.Error(err)
	}
	for _, backup := range []bool{false, true} {
		if err := j.Keep("stop", "unit.log", strings.NewReader("x"), backup); !errors.Is(err, runbook.ErrUnrecorded) {
			t.Errorf("kept: %v", err)
		}
	}
	if names := glob(t, dir, "state/incidents/*"); len(names) != 0 {
		t.Errorf("left on disk: %q", names)
	}
	if list, err := List(s); err != nil || len(list) != 0 {
		t.Errorf("list: %v, %v", list, err)
	}
	if records, err := j.Records(); err != nil || len(records) != 4 || records[0].Opening == nil || records[1].Change != "stop.1" {
		t.Errorf("%d records, %v", len(records), err)
	}
	if len(*log) != 4 {
		t.Errorf("system log: %d lines", len(*log))
	}
	os.Remove(full)
	if err := j.Hold(held(t)); err != nil {
		t.Fatal(err)
	}
	if rep := sound(t, s, j.ID(), ""); rep.Records != 5 || rep.Files != 1 {
		t.Errorf("report: %+v", rep)
	}
	records, err := j.Records()
	if err != nil || len(records) != 5 || records[1].Change != "stop.1" || !strings.Contains(records[4].Error, "4 records") {
		t.Errorf("records: %+v, %v", records, err)
	}
}

// Ballast that an earlier incident left lets a new one begin on a full disk.
func TestDiskFullWithBallast(t *testing.T) {
	s, dir, _ := smallStore(t, 4<<20)
	create(t, s)
	fill(t, dir)
	j := create(t, s)
	add(t, j, "on disk")
	if n, _ := j.Unrecorded(); n != 0 {
		t.Errorf("%d unrecorded", n)
	}
	if rep := sound(t, s, j.ID(), ""); rep.Records != 2 {
		t.Errorf("report: %+v", rep)
	}
	if hidden := glob(t, dir, "state/incidents/.new-*"); len(hidden) != 0 {
		t.Errorf("left: %q", hidden)
	}
}

// What is left of the ballast stays for the next time, and is made whole again when there is room.
func TestBallastIsKept(t *testing.T) {
	s, dir, _ := smallStore(t, 4<<20)
	size := func() int64 {
		fi, err := os.Stat(filepath.Join(s.State, "ballast"))
		if err != nil {
			t.Fatal(err)
		}
		return fi.Size()
	}
	create(t, s)
	full := fill(t, dir)
	j := create(t, s)
	left := size()
	if left == 0 || left >= 1<<20 {
		t.Errorf("%d bytes left after one incident", left)
	}
	if err := j.Hold(held(t)); err != nil || size() != left {
		t.Errorf("%d bytes left, before %d; %v", size(), left, err)
	}
	os.Remove(full)
	if err := j.Hold(held(t)); err != nil || size() != 1<<20 {
		t.Errorf("%d bytes with room; %v", size(), err)
	}
}

// A backup that does not fit is an error and leaves nothing; evidence that does not fit is recorded as not kept.
func TestKeepOnFullDisk(t *testing.T) {
	s, dir, _ := smallStore(t, 4<<20)
	j := create(t, s)
	fill(t, dir)
	for _, backup := range []bool{true, false} {
		if err := j.Keep("deny", "effect.dat", strings.NewReader(strings.Repeat("x", 100000)), backup); !errors.Is(err, runbook.ErrUnrecorded) {
			t.Errorf("backup %v: %v", backup, err)
		}
	}
	records, err := j.Records()
	if err != nil || len(records) != 3 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if !slices.Equal(glob(t, j.Path(), "*/*"), nil) || len(glob(t, j.Path(), "*/.part*")) != 0 {
		t.Errorf("left: %q", glob(t, j.Path(), "*/*"))
	}
	for _, r := range records[1:] {
		if r.Evidence == nil || r.Evidence.SHA256 != "" || !strings.Contains(r.Error, "no space left") {
			t.Errorf("record: %+v", r)
		}
	}
	if n, _ := j.Unrecorded(); n != 0 {
		t.Errorf("%d unrecorded although the ballast had room", n)
	}
}

func TestReadOnlyDisk(t *testing.T) {
	s, dir, log := smallStore(t, 4<<20)
	j := create(t, s)
	add(t, j, "before")
	remount := func(flags uintptr) {
		t.Helper()
		j.Close()
		if err := unix.Mount("", dir, "", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	k, err := Open(s, j.ID())
	if err != nil {
		t.Fatal(err)
	}
	if got := texts(t, k); len(got) != 1 {
		t.Errorf("read %q", got)
	}
	sound(t, s, j.ID(), "")
	if err := k.Append(runbook.Record{Event: runbook.Noted, Text: "on a read-only disk"}); !errors.Is(err, runbook.ErrUnrecorded) || !errors.Is(err, unix.EROFS) {
		t.Errorf("append: %v", err)
	}
	fresh, err := Create(s, opening, book)
	if err != nil {
		t.Fatal(err)
	}
	if n, text := fresh.Unrecorded(); n != 1 || !strings.Contains(text.EN, "read-only") || len(*log) != 2 {
		t.Errorf("unrecorded: %d %v; system log %q", n, text, *log)
	}
	remount(0)
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if err := fresh.Close(); err != nil {
		t.Error(err)
	}
	for _, id := range []string{k.ID(), fresh.ID()} {
		sound(t, s, id, "")
	}
	if list, err := List(s); err != nil || len(list) != 2 {
		t.Errorf("list: %v, %v", list, err)
	}
}
