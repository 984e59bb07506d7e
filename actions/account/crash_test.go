package account

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// onDisk keeps backups in a folder, as the journal does: a whole file or none.
type onDisk struct{ dir string }

func (onDisk) Evidence(string, io.Reader) error { return nil }
func (onDisk) Progress(int64, int64)            {}
func (d onDisk) Backup(name string, r io.Reader) error {
	at := filepath.Join(d.dir, strings.ReplaceAll(name, "/", "_"))
	if _, err := os.Lstat(at); err == nil {
		return nil
	}
	data, err := io.ReadAll(r)
	if err == nil {
		err = os.WriteFile(at+".part", data, 0o600)
	}
	return errors.Join(err, os.Rename(at+".part", at))
}
func (d onDisk) Kept(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(d.dir, strings.ReplaceAll(name, "/", "_")))
}

// A job is what the child of a crash test does.
type job struct {
	Base, Kept string
	Change     runbook.Change
	Undo       bool
}

func (j job) do(t *testing.T) error {
	p := &place{t: t, base: j.Base}
	p.reopen()
	k := p.changer(j.Change.Kind)
	if j.Undo {
		return k.Undo(context.Background(), j.Change, onDisk{j.Kept})
	}
	return k.Apply(context.Background(), j.Change, onDisk{j.Kept})
}

func TestCrashChild(t *testing.T) {
	var j job
	trial.Child(t, &j)
	trial.Must(t, j.do(t))
}

// whole fails if an account file has not all its lines, or if a mailbox or an auth file is not there under exactly one name.
func (p *place) whole() {
	p.t.Helper()
	if idx := p.get("db/example.jp.idx"); strings.Count(idx, "\n") != 5 || !strings.HasSuffix(idx, "\n") {
		p.t.Errorf("the account file has %d lines", strings.Count(idx, "\n"))
	}
	mail, err := filepath.Glob(filepath.Join(p.base, "inbox/*taro/0000000001-100000.MSG"))
	auth, err2 := filepath.Glob(filepath.Join(p.base, "inbox/*taro/apop.dat"))
	if len(mail) != 1 || len(auth) != 1 || err != nil || err2 != nil {
		p.t.Errorf("mail %v, auth files %v", mail, auth)
	}
}

// TestCrash: the process ends before and after every writing call of applying and undoing; the state can be told, both files are whole, and
// the change can be finished or taken back from there, byte for byte, with nothing left beside.
func TestCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a second test binary: not with -short")
	}
	crasher := trial.NewCrasher(t)
	for _, kind := range []string{"account.lock", "account.rename", "account.clean"} {
		t.Run(kind, func(t *testing.T) {
			calls := crasher.Every(t, func(t *testing.T, run func(any) bool) { crashOnce(t, kind, run) })
			if calls < 8 {
				t.Errorf("only %d writing calls", calls)
			}
			t.Logf("%d writing calls", calls)
		})
	}
	t.Run("account.clean beside an edit", func(t *testing.T) {
		if calls := crasher.Every(t, crashBesideAnEdit); calls < 6 {
			t.Errorf("only %d writing calls", calls)
		}
	})
}

// crashBesideAnEdit ends an undo of account.clean that puts the lines back beside what a colleague has written.
func crashBesideAnEdit(t *testing.T, run func(any) bool) {
	p := newPlace(t)
	j := job{Base: p.base, Kept: t.TempDir(), Change: p.change("account.clean", names("taro@example.jp"))}
	trial.Must(t, j.do(t))
	edited := "; a colleague's\r\n" + p.get("inbox/taro/ims.ctl") + "SaveTo=x\r\n"
	want := strings.NewReplacer("[AutoForward]\r\n", "[AutoForward]\r\nForwardTo=thief@example.com\r\n", "[Delivery]\r\n", "[Delivery]\r\nDiscard=Yes\r\n").Replace(edited)
	p.put("inbox/taro/ims.ctl", want)
	whole := p.contents()
	p.put("inbox/taro/ims.ctl", edited)
	j.Undo = true
	if run(j) {
		if got := p.get("inbox/taro/ims.ctl"); got != edited && got != want {
			t.Errorf("half: %q", got)
		}
		trial.Must(t, j.do(t))
	}
	p.same("undone", whole)
	trial.Must(t, j.do(t))
	p.same("undone twice", whole)
}

func crashOnce(t *testing.T, kind string, run func(any) bool) {
	p := newPlace(t)
	was := p.contents()
	c := p.change(kind, names("taro@example.jp"))
	j := job{Base: p.base, Kept: t.TempDir(), Change: c}
	k := p.changer(kind)
	state := func(when string, want ...runbook.State) {
		t.Helper()
		got, err := k.Verify(context.Background(), c, onDisk{j.Kept})
		for _, w := range want {
			if err == nil && got == w {
				return
			}
		}
		t.Fatalf("%s: state %q, %v", when, got, err)
	}
	if run(j) {
		p.whole()
		state("ended in the middle", runbook.None, runbook.Partial, runbook.Done)
		trial.Must(t, j.do(t))
	}
	state("made", runbook.Done)
	p.whole()
	made := p.contents()
	j.Undo = true
	if run(j) {
		p.whole()
		trial.Must(t, j.do(t))
	}
	p.same("undone", was)
	state("undone", runbook.None)
	j.Undo = false
	trial.Must(t, j.do(t))
	if kind != "account.lock" {
		p.same("made again", made)
	}
	back := job{Base: p.base, Kept: j.Kept, Change: c, Undo: true}
	trial.Must(t, back.do(t))
	if run(j) { // ended in the middle and taken back at once
		p.whole()
		for range 2 {
			trial.Must(t, back.do(t))
			p.same("ended in the middle and undone", was)
		}
	}
}
