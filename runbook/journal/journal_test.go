package journal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/runbook/journal/lock"
	"hikeshi/runbook/journal/proof"
	"hikeshi/runbook/journal/vault"
)

// TestMain lets a test run this program again as another process; see child.
func TestMain(m *testing.M) {
	if do := os.Getenv("JOURNAL_CHILD"); do != "" {
		os.Exit(child(do))
	}
	os.Exit(m.Run())
}

var opening = runbook.Opening{
	Version: "test", Runbook: "mail-abuse", Title: runbook.T("relay abuse", "踏み台"),
	Steps: []runbook.StepHead{{ID: "stop", Title: runbook.T("stop", "停止"), Uses: "service.stop"}},
}

var book = []byte("format: 1\nname: mail-abuse\n")

// newStore is a store whose clock advances by a second at each look, from 03:12 in Japan.
func newStore(t testing.TB) Store {
	now := time.Date(2026, 11, 21, 3, 12, 0, 0, time.FixedZone("JST", 9*3600))
	return Store{
		State: filepath.Join(t.TempDir(), "state"),
		Actor: runbook.Actor{User: "root", Sudo: "taro", Host: "mail1.example.jp", PID: os.Getpid(), TTY: "pts/3"},
		Clock: func() time.Time { now = now.Add(time.Second / 100); return now },
	}
}

func create(t testing.TB, s Store) *Journal {
	t.Helper()
	j, err := Create(s, opening, book)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

func add(t testing.TB, j *Journal, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if err := j.Append(runbook.Record{Event: runbook.Noted, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t testing.TB, s Store, id, head string) proof.Report {
	t.Helper()
	rep, err := Verify(s, id, head)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

func sound(t testing.TB, s Store, id, head string) proof.Report {
	t.Helper()
	rep := verify(t, s, id, head)
	for _, p := range rep.Problems {
		t.Errorf("record %d %s", p.Record, p.Text.EN)
	}
	return rep
}

func texts(t testing.TB, j *Journal) []string {
	t.Helper()
	records, err := j.Records()
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for i, r := range records {
		if r.Seq != i {
			t.Errorf("record %d has number %d", i, r.Seq)
		}
		if r.Event == runbook.Noted {
			all = append(all, r.Text+r.Error)
		}
	}
	return all
}

func held(t testing.TB) *lock.Lock {
	t.Helper()
	l, err := lock.Take(t.TempDir(), nil, lock.Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Unlock() })
	return l
}

func TestCreateAndRead(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	if j.ID() != "20261121-0312" {
		t.Errorf("id %s", j.ID())
	}
	add(t, j, "one", "null sender <> & 日本語\n\x1b[31m")
	again, err := Open(s, "1121-0312")
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	records, err := again.Records()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 3 || records[2].Text != "null sender <> & 日本語\n\x1b[31m" {
		t.Errorf("records: %+v", records)
	}
	r := records[1]
	if r.Actor != s.Actor || r.Time.Location() != time.UTC || r.Time.Hour() != 18 {
		t.Errorf("signed %v at %v", r.Actor, r.Time)
	}
	o := records[0].Opening
	if o.Incident != j.ID() || o.Format != chain.Format || o.Version != "test" || o.BookHash == "" {
		t.Errorf("opening %+v", o)
	}
	if rep := sound(t, s, j.ID(), ""); rep.Records != 3 || rep.Files != 1 || rep.HeadAt != -1 {
		t.Errorf("report %+v", rep)
	}
	for name, want := range map[string]fs.FileMode{"": 0o700, "evidence": 0o700, "backup": 0o700, "drafts": 0o700, "journal.jsonl": 0o600, "runbook.yaml": 0o600} {
		fi, err := os.Stat(filepath.Join(j.Path(), name))
		if err != nil || fi.Mode().Perm() != want {
			t.Errorf("%q: mode %v, %v", name, fi.Mode(), err)
		}
	}
	if fi, err := os.Stat(filepath.Join(s.State, "ballast")); err != nil || fi.Size() != 1<<20 {
		t.Errorf("ballast: %v", err)
	}
}

func TestIDs(t *testing.T) {
	s := newStore(t)
	var want []string
	for n := range 12 {
		id := create(t, s).ID()
		if n == 0 && id != "20261121-0312" || n == 1 && id != "20261121-0312-02" || n == 11 && id != "20261121-0312-12" {
			t.Errorf("incident %d is %s", n, id)
		}
		want = append(want, id)
	}
	os.Mkdir(s.Path("20251121-0312"), 0o700)
	os.Mkdir(s.Path(".new-1-20261121-0313"), 0o700)
	os.Mkdir(s.Path("20261121-0312-100"), 0o700)
	want = append(append([]string{"20251121-0312"}, want...), "20261121-0312-100")
	list, err := List(s)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.ID)
		if broken := e.ID == want[0] || e.ID == want[13]; broken != (e.Err != nil) {
			t.Errorf("%s: %v", e.ID, e.Err)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("list %v, want %v", got, want)
	}
	if list[1].State != runbook.IncidentOpen || list[1].Opening.Runbook != "mail-abuse" || list[1].Opened.Hour() != 18 {
		t.Errorf("entry %+v", list[1])
	}
	if _, err := Open(s, "1121-0312"); err == nil || !strings.Contains(err.Error(), "any of") {
		t.Errorf("ambiguous: %v", err)
	}
	for _, name := range []string{"0101-0000", "../x", "", "20261121"} {
		if _, err := Open(s, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if got, err := s.Find("1121-0312-07"); err != nil || got != "20261121-0312-07" {
		t.Errorf("short: %s, %v", got, err)
	}
}

func TestNothingThere(t *testing.T) {
	s := newStore(t)
	list, err := List(s)
	if err != nil || len(list) != 0 {
		t.Errorf("%v, %v", list, err)
	}
	if _, err := os.Stat(s.State); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading made %s", s.State)
	}
}

// A line can be torn after each of its bytes. Readers pass over it, only the holder cuts it, and nothing of it is lost.
func TestTornAtEveryByte(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	add(t, j, "kept", "torn")
	file := filepath.Join(j.Path(), "journal.jsonl")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	last := bytes.LastIndexByte(whole[:len(whole)-1], '\n') + 1
	l := held(t)
	for end := last + 1; end < len(whole); end++ {
		tornOnce(t, s, j.ID(), whole[:last], whole[last:end], l)
	}
	nul := bytes.Repeat([]byte{0}, 30)
	tornOnce(t, s, j.ID(), whole[:last], nul, l)
	tornOnce(t, s, j.ID(), whole[:last], append(append(nul, whole[last+30:len(whole)-1]...), '\n'), l)
}

func tornOnce(t *testing.T, s Store, id string, good, torn []byte, l *lock.Lock) {
	t.Helper()
	file := filepath.Join(s.Path(id), "journal.jsonl")
	os.WriteFile(file, append(bytes.Clone(good), torn...), 0o600)
	for _, old := range glob(t, s.Path(id), "journal.torn-*") {
		os.Remove(old)
	}
	j, err := Open(s, id)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if got := texts(t, j); len(got) != 1 {
		t.Fatalf("%d torn bytes: records %q", len(torn), got)
	}
	if rep := sound(t, s, id, ""); rep.Torn != int64(len(torn)) {
		t.Fatalf("%d torn bytes: reported %d", len(torn), rep.Torn)
	}
	if err := j.Append(runbook.Record{Event: runbook.Noted}); !errors.Is(err, ErrTorn) {
		t.Fatalf("%d torn bytes: append without the lock: %v", len(torn), err)
	}
	if now, _ := os.ReadFile(file); len(now) != len(good)+len(torn) {
		t.Fatal("a process without the lock changed the journal")
	}
	if err := j.Hold(l); err != nil {
		t.Fatal(err)
	}
	add(t, j, "after")
	records, err := j.Records()
	if err != nil || len(records) != 4 || records[2].Event != runbook.Torn || records[3].Text != "after" {
		t.Fatalf("%d torn bytes: %v, %+v", len(torn), err, records)
	}
	if kept, err := os.ReadFile(filepath.Join(s.Path(id), records[2].Evidence.Name)); err != nil || !bytes.Equal(kept, torn) {
		t.Fatalf("%d torn bytes: kept %q, %v", len(torn), kept, err)
	}
	if rep := sound(t, s, id, ""); rep.Torn != 0 || len(rep.Extra) != 0 {
		t.Fatalf("after the repair: %+v", rep)
	}
}

// A repair that was cut short between keeping the bytes, cutting and recording is finished by the next one.
func TestRepairCutShort(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	add(t, j, "kept")
	os.WriteFile(filepath.Join(j.Path(), "journal.torn-1"), []byte(`{"seq":2,"ti`), 0o600)
	next, err := Open(s, j.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	if rep := sound(t, s, j.ID(), ""); len(rep.Extra) != 1 {
		t.Errorf("extra: %q", rep.Extra)
	}
	for range 2 {
		if err := next.Hold(held(t)); err != nil {
			t.Fatal(err)
		}
	}
	records, _ := next.Records()
	if n := len(records); n != 3 || records[2].Event != runbook.Torn || records[2].Evidence.Name != "journal.torn-1" {
		t.Errorf("%d records: %+v", n, records[n-1])
	}
	if rep := sound(t, s, j.ID(), ""); len(rep.Extra) != 0 {
		t.Errorf("extra: %q", rep.Extra)
	}
	if err := next.Hold(nil); err == nil {
		t.Error("held without a lock")
	}
}

func TestKeep(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	keep := func(name, text string, backup bool) {
		t.Helper()
		if err := j.Keep("deny", name, strings.NewReader(text), backup); err != nil {
			t.Fatal(err)
		}
	}
	keep("effect.dat", "first", false)
	keep("effect.dat", "second", false)
	keep("../../x\n\x1b[2J \u202e日本.txt", "odd", false)
	keep("effect.dat", "true original", true)
	keep("effect.dat", "changed already", true)
	for name, want := range map[string]string{
		"evidence/deny-effect.dat": "first", "evidence/deny-effect-2.dat": "second", "backup/deny-effect.dat": "true original",
		"evidence/deny-.._.._x___2J__日本.txt": "odd",
	} {
		got, err := os.ReadFile(filepath.Join(j.Path(), name))
		if err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if fi, _ := os.Stat(filepath.Join(j.Path(), name)); fi != nil && fi.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v", name, fi.Mode())
		}
	}
	records, _ := j.Records()
	if len(records) != 5 || !records[4].Evidence.Backup || records[4].Step != "deny" || records[4].Evidence.Size != 13 {
		t.Errorf("%d records, %+v", len(records), records[len(records)-1])
	}
	if rep := sound(t, s, j.ID(), ""); rep.Files != 5 {
		t.Errorf("%d files", rep.Files)
	}
}

// A crash between a backup and its record leaves the backup, which the restarted step then records.
func TestBackupWithoutRecord(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	os.WriteFile(filepath.Join(j.Path(), "backup", "deny-effect.dat"), []byte("original"), 0o600)
	if rep := sound(t, s, j.ID(), ""); len(rep.Extra) != 1 {
		t.Errorf("extra: %q", rep.Extra)
	}
	if err := j.Keep("deny", "effect.dat", strings.NewReader("later"), true); err != nil {
		t.Fatal(err)
	}
	rep := sound(t, s, j.ID(), "")
	if rep.Files != 2 || len(rep.Extra) != 0 {
		t.Errorf("report: %+v", rep)
	}
}

func TestKeepBounds(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	zero := func(n int64) io.Reader { return io.LimitReader(zeros{}, n) }
	for _, n := range []int64{vault.MaxFile, vault.MaxFile + 1} {
		if err := j.Keep("look", "big", zero(n), false); err != nil {
			t.Fatal(err)
		}
	}
	fill, err := os.Create(filepath.Join(j.Path(), "evidence", "fill"))
	if err != nil {
		t.Fatal(err)
	}
	fill.Truncate(vault.MaxAll - 2*vault.MaxFile - 5)
	fill.Close()
	for range 2 {
		if err := j.Keep("look", "rest", strings.NewReader("0123456789"), false); err != nil {
			t.Fatal(err)
		}
	}
	broken := errors.New("the disk of the mail is broken")
	err = j.Keep("look", "bad", io.MultiReader(strings.NewReader("abc"), iotestErr{broken}), true)
	if !errors.Is(err, broken) || errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("reading error: %v", err)
	}
	records, _ := j.Records()
	var got []string
	for _, r := range records[1:] {
		e := r.Evidence
		got = append(got, fmt.Sprintf("%s %d %v %v %s", e.Name, e.Size, e.Cut, e.SHA256 != "", r.Error))
	}
	want := []string{
		"evidence/look-big 33554432 false true ", "evidence/look-big-2 33554432 true true ",
		"evidence/look-rest 5 true true ", "evidence/look-rest 0 true false ",
	}
	if fmt.Sprint(got[:4]) != fmt.Sprint(want) || !strings.Contains(got[4], "not kept") {
		t.Errorf("kept\n%s", strings.Join(got, "\n"))
	}
	if left := glob(t, j.Path(), "backup/*"); len(left) != 0 {
		t.Errorf("left a part of a backup: %q", left)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type iotestErr struct{ err error }

func (e iotestErr) Read([]byte) (int, error) { return 0, e.err }

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestTooLong(t *testing.T) {
	j := create(t, newStore(t))
	err := j.Append(runbook.Record{Event: runbook.Noted, Text: strings.Repeat("x", chain.MaxLine)})
	if err == nil || errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("append: %v", err)
	}
	add(t, j, strings.Repeat("y", chain.MaxLine-1000), "next")
	if got := texts(t, j); len(got) != 2 || got[1] != "next" {
		t.Errorf("%d records", len(got))
	}
}

func TestBroken(t *testing.T) {
	s := newStore(t)
	j := create(t, s)
	add(t, j, "one", "two")
	file := filepath.Join(j.Path(), "journal.jsonl")
	whole, _ := os.ReadFile(file)
	for name, bad := range map[string]string{
		"empty": "", "no record": string(whole) + "hello\n", "changed": strings.Replace(string(whole), "one", "two", 1),
		"newer": strings.Replace(string(whole), `"format":1`, `"format":2`, 1), "removed": string(whole[bytes.IndexByte(whole, '\n')+1:]),
	} {
		os.WriteFile(file, []byte(bad), 0o600)
		k, err := Open(s, j.ID())
		if err != nil {
			t.Fatal(err)
		}
		_, err = k.Records()
		if name != "empty" && err == nil {
			t.Errorf("%s: read without error", name)
		}
		if rep := verify(t, s, j.ID(), ""); len(rep.Problems) == 0 {
			t.Errorf("%s: verified", name)
		}
		err = k.Append(runbook.Record{Event: runbook.Noted})
		if (name == "empty" || name == "no record") && !errors.Is(err, ErrBroken) {
			t.Errorf("%s: append: %v", name, err)
		}
		k.Close()
	}
	os.Remove(file)
	if err := create(t, s).Append(runbook.Record{Event: runbook.Noted}); err != nil {
		t.Error(err)
	}
	if err := j.Append(runbook.Record{Event: runbook.Noted}); !errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("deleted while in use: %v", err)
	}
}

// Where an incident can never be, Create says so; only a disk that takes nothing for the moment is made up for in memory.
func TestCreateWhereNothingCanBe(t *testing.T) {
	s := newStore(t)
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	s.State = filepath.Join(file, "state")
	if j, err := Create(s, opening, book); j != nil || err == nil || errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("below a file: %v, %v", j, err)
	}
	if os.Geteuid() == 0 {
		return // root may write everywhere
	}
	dir := t.TempDir()
	os.Chmod(dir, 0o500)
	s.State = filepath.Join(dir, "state")
	if j, err := Create(s, opening, book); j != nil || !errors.Is(err, fs.ErrPermission) || errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("without the right: %v, %v", j, err)
	}
}

// A note by somebody who may read but not write changes nothing and is refused.
func TestReadingNeedsNoRightToWrite(t *testing.T) {
	if os.Geteuid() == 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "user") {
			t.Fatal("HIKESHI_REQUIRE asks for an ordinary user")
		}
		t.Skip("root may write everywhere")
	}
	s := newStore(t)
	j := create(t, s)
	add(t, j, "one")
	file := filepath.Join(j.Path(), "journal.jsonl")
	os.Chmod(file, 0o400)
	os.Chmod(j.Path(), 0o500)
	t.Cleanup(func() { os.Chmod(j.Path(), 0o700) })
	k, err := Open(s, j.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if got := texts(t, k); len(got) != 1 {
		t.Errorf("read %q", got)
	}
	sound(t, s, j.ID(), "")
	if err := k.Append(runbook.Record{Event: runbook.Noted}); !errors.Is(err, fs.ErrPermission) || errors.Is(err, runbook.ErrUnrecorded) {
		t.Errorf("append: %v", err)
	}
}

// What a backup holds can be read again, by any step; the first copy of a name is the one.
func TestKept(t *testing.T) {
	j := create(t, newStore(t))
	for step, text := range []string{"the original", "changed since"} {
		if err := j.Keep(fmt.Sprintf("step%d", step), "effect.dat", strings.NewReader(text), true); err != nil {
			t.Fatal(err)
		}
	}
	if b, err := j.Kept("effect.dat"); err != nil || string(b) != "the original" {
		t.Errorf("kept %q, %v", b, err)
	}
	if _, err := j.Kept("other.dat"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was not kept: %v", err)
	}
}
