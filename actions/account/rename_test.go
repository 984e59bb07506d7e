package account

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hikeshi/actions/account/rename"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

func TestRename(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	out := p.planned("account.rename", names("taro@example.jp"))
	c := out.Changes[0]
	if c.UndoRisk != runbook.Reopening || c.Risk != runbook.Disruptive || !strings.Contains(texts(out.Findings), "until the receiver is restarted") || !strings.Contains(texts(out.Findings), "sales@example.jp") {
		t.Errorf("%+v\n%s", c, texts(out.Findings))
	}
	name, _, _ := strings.Cut(out.Facts.(rename.Facts).New[0], "@")
	if !strings.HasPrefix(name, "zz-") || !strings.HasSuffix(name, "-taro") || len(name) != len("zz-abcdef-taro") {
		t.Errorf("the new name is %q", name)
	}
	p.state(c, runbook.None)
	p.undo(c)
	p.same("undone before it was made", was)
	p.apply(c)
	p.apply(c)
	if idx := p.get("db/example.jp.idx"); strings.Contains(idx, idxLine("taro", "example.jp")) || !strings.Contains(idx, idxLine("hanako", "example.jp")) || strings.Count(idx, "\n") != 5 {
		t.Error("the account file is not right")
	}
	if p.get("inbox/"+name+"/apop.dat") != password+"\r\n1\r\nkept" {
		t.Error("the auth file is not there")
	}
	if _, err := os.Lstat(filepath.Join(p.base, "inbox/taro")); err == nil {
		t.Error("the old folder is still there")
	}
	if out := p.planned("account.rename", names("taro@example.jp")); len(out.Changes) != 0 || !strings.Contains(texts(out.Findings), "renamed already") {
		t.Errorf("planned again: %+v", out)
	}
	for range 2 {
		p.undo(c)
		p.same("undone", was)
		p.state(c, runbook.None)
	}
}

func TestRenameRefused(t *testing.T) {
	p := newPlace(t)
	for name, test := range map[string]struct {
		account, backend string
		prepare          func()
		want             string
	}{
		"protected":   {account: "Postmaster", want: "the configuration protects"},
		"postmaster":  {account: "admin", want: "it is the postmaster"},
		"prefix":      {account: "jiro", prepare: func() { p.env.Prefix = "a/b-" }, want: "only letters"},
		"long prefix": {account: "jiro", prepare: func() { p.env.Prefix = strings.Repeat("z", 128) }, want: "at most 128"},
		"name taken": {account: "jiro", prepare: func() {
			p.env.Prefix = "old-"
			p.put("db/example.jp.idx", p.get("db/example.jp.idx")+idxLine("OLD-jiro", "example.jp"))
		}, want: "there is an account"},
		"folder taken":  {account: "hanako", prepare: func() { p.env.Prefix = "old-"; p.put("inbox/old-hanako/x", "") }, want: "there is a folder"},
		"no command":    {account: "jiro", backend: "command", want: "no command is configured"},
		"idx not as is": {account: "taro@example.net", backend: "idx", prepare: func() { p.put("db/example.net.idx", idxLine("taro", "example.net")+"x") }, want: ":2: the last line has no line end"},
	} {
		p.env.Prefix = ""
		if test.prepare != nil {
			test.prepare()
		}
		if _, err := p.plan("account.rename", map[string]any{"accounts": []string{test.account}, "backend": test.backend}); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p.env.Prefix = ""
	out := p.planned("account.rename", names("taro@example.net"))
	if f := out.Facts.(rename.Facts); !f.Manual || len(out.Changes) != 0 || len(f.New) != 1 || !strings.Contains(texts(out.Findings), "in the web console rename") {
		t.Errorf("auto with an odd file: %+v\n%s", f, texts(out.Findings))
	}
}

// TestRenameDrift: a folder or a line that is not as planned is left alone.
func TestRenameDrift(t *testing.T) {
	p := newPlace(t)
	c := p.change("account.rename", names("taro@example.jp"))
	trial.Must(t, os.Rename(filepath.Join(p.base, "inbox/taro"), filepath.Join(p.base, "inbox/moved")))
	p.put("inbox/taro/other", "")
	was := p.contents()
	p.state(c, runbook.Drifted)
	if err := p.changer(c.Kind).Apply(context.Background(), c, p.rec); !errors.Is(err, runbook.ErrDrift) {
		t.Errorf("another folder: %v", err)
	}
	p.same("refused", was)

	p = newPlace(t)
	c = p.change("account.rename", names("taro@example.jp"))
	p.apply(c)
	p.put("inbox/taro/B0000000001.MSG", "came meanwhile")
	if err := p.changer(c.Kind).Undo(context.Background(), c, p.rec); !errors.Is(err, runbook.ErrDrift) || !strings.Contains(err.Error(), "nothing in it is lost") {
		t.Errorf("a folder in the way of the undo: %v", err)
	}
	p.state(c, runbook.Done)
}

func TestRestore(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	c := p.change("account.rename", names("taro@example.jp"))
	p.apply(c)
	renamed := p.contents()
	p.env.Recorded = func() ([]Renamed, error) { return RenamedBy("20261121-0312", c) }
	for _, with := range []map[string]any{names("taro@example.jp"), {"incident": "20261121-0312"}, {}, names(strings.SplitN(c.After, ",", 2)[0])} {
		back := p.change("account.restore", with)
		if back.Risk != runbook.Reopening {
			t.Errorf("%+v", back)
		}
		over, err := RestoredBy(back)
		if err != nil || over[0].Account != "taro@example.jp" || over[0].Incident != "20261121-0312" {
			t.Errorf("%+v, %v", over, err)
		}
		p.apply(back)
		p.same("restored", was)
		if out := p.planned("account.restore", with); len(out.Changes) != 0 {
			t.Errorf("planned again: %+v", out)
		}
		p.undo(back)
		p.same("renamed again", renamed)
	}
	for _, who := range [][]string{{"jiro"}, {"taro@example.jp", "jiro"}} {
		if _, err := p.plan("account.restore", names(who...)); !errors.Is(err, runbook.ErrInput) || !strings.Contains(err.Error(), `"jiro": it was not renamed by an incident here`) {
			t.Errorf("of %v: %v", who, err)
		}
	}
	p.env.Recorded = nil
	if out := p.planned("account.restore", nil); len(out.Changes) != 0 || !strings.Contains(texts(out.Findings), "nothing to restore") {
		t.Errorf("of nobody: %+v", out)
	}
}

// TestRestoreUndone: what a restoring took back and was undone itself is not made again by an undo of the restoring.
func TestRestoreUndone(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	first := p.change("account.rename", names("taro@example.jp"))
	stands := true
	p.env.Recorded = func() ([]Renamed, error) { return RenamedBy("20261121-0312", first) }
	p.env.Standing = func(incident, renamed string) (bool, error) {
		if incident != "20261121-0312" || !strings.HasSuffix(renamed, "-taro@example.jp") {
			t.Errorf("asked for %s of %s", renamed, incident)
		}
		return stands, nil
	}
	p.apply(first)
	renamed := p.contents()
	back := p.change("account.restore", names("taro@example.jp"))
	p.apply(back)
	p.same("restored", was)
	p.undo(first)
	p.same("the renaming undone, which was over", was)
	stands = false
	for range 2 {
		p.undo(back)
		p.same("the restoring undone after its renaming", was)
	}
	// in the other order both are taken back, one after the other
	stands = true
	p.apply(first)
	back = p.change("account.restore", names("taro@example.jp"))
	p.apply(back)
	p.undo(back)
	if got := p.contents(); len(got) != len(renamed) {
		t.Errorf("renamed again: %v", got)
	}
	p.state(back, runbook.None)
	p.undo(first)
	p.same("all undone", was)
	p.env.Standing = func(string, string) (bool, error) { return false, errors.New("no record") }
	if err := p.changer(back.Kind).Undo(context.Background(), back, p.rec); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("without a record: %v", err)
	}
	p.same("not told", was)
}

// TestLeftToAPerson: what cannot be renamed here ends open, with what to do, and is no success.
func TestLeftToAPerson(t *testing.T) {
	p := newPlace(t)
	out := p.planned("account.rename", map[string]any{"accounts": []string{"taro@example.jp"}, "backend": "manual"})
	if !strings.Contains(out.ByHand.EN, "by hand: taro@example.jp") || out.ByHand.JA == "" || !strings.Contains(texts(out.Findings), "bad taro@example.jp is not renamed yet") {
		t.Errorf("manual: %+v", out)
	}
	c := p.change("account.rename", names("jiro"))
	p.apply(c)
	p.env.Recorded = func() ([]Renamed, error) { return RenamedBy("20261121-0312", c) }
	p.put("db/example.jp.idx", p.get("db/example.jp.idx")+"\n")
	out = p.planned("account.restore", names("jiro"))
	if !strings.Contains(out.ByHand.EN, "the old name by hand: zz-") || !strings.Contains(texts(out.Findings), "bad zz-") {
		t.Errorf("restoring: %+v", out)
	}
	out = p.planned("account.rename", names("taro@example.jp"))
	if ja := out.Findings[0].Text.JA; !strings.Contains(ja, "空行") || strings.Contains(ja, "empty line") {
		t.Errorf("half English: %q", ja)
	}
	if out = p.planned("account.rename", names("taro@example.net")); len(out.Changes) != 1 || !out.ByHand.IsZero() {
		t.Errorf("what can be renamed: %+v", out)
	}
}

// TestDoubledName: the server reads the first line of a name; a rename would bring the second one up.
func TestDoubledName(t *testing.T) {
	p := newPlace(t)
	p.put("db/example.jp.idx", p.get("db/example.jp.idx")+idxLine("TARO", "example.jp"))
	for _, backend := range []string{"auto", "idx", "command"} {
		p.env.Command, p.env.Run = []string{"rename"}, func(context.Context, []string) ([]byte, error) { return nil, nil }
		out, err := p.plan("account.rename", map[string]any{"accounts": []string{"taro@example.jp"}, "backend": backend})
		said := texts(out.Findings)
		if err != nil {
			said = err.Error()
		}
		if !strings.Contains(said, "stands in the lines 2, 6 of the account file; the server reads the first") || len(out.Changes) > 0 || errors.Is(err, runbook.ErrInput) == (backend == "auto") || out.ByHand.IsZero() == (backend == "auto") {
			t.Errorf("%s: %v\n%s", backend, err, said)
		}
	}
	out := p.planned("account.lock", names("taro@example.jp"))
	if len(out.Changes) != 1 || !strings.Contains(texts(out.Findings), "the password in line 2 is overwritten; its name stands in the lines 2, 6") {
		t.Errorf("lock: %s", texts(out.Findings))
	}
	p.apply(out.Changes[0])
	lines := strings.SplitAfter(p.get("db/example.jp.idx"), "\n")
	if leaks(lines[1]) || lines[5] != idxLine("TARO", "example.jp") {
		t.Error("not the first line was locked, or not only it")
	}
}

// TestRenameByCommand: the command is believed only if the account file and the folder say so.
func TestRenameByCommand(t *testing.T) {
	p := newPlace(t)
	was := p.contents()
	var ran [][]string
	obey := true
	p.env.Command = []string{"/usr/local/sbin/rename", "-d", "{domain}", "{old}", "{new}", "{address}"}
	p.env.Run = func(ctx context.Context, argv []string) ([]byte, error) {
		ran = append(ran, argv)
		if !obey {
			return []byte(password), errors.New("exit status 1")
		}
		q := newPlaceAt(p)
		c := q.renaming(argv[3], argv[4])
		return []byte("done " + password), c
	}
	c := p.change("account.rename", map[string]any{"accounts": []string{"taro@example.jp"}, "backend": "command"})
	obey = false
	err := p.changer(c.Kind).Apply(context.Background(), c, p.rec)
	secretFree(t, err)
	if err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("%v", err)
	}
	p.same("refused by the command", was)
	obey = true
	p.apply(c)
	p.apply(c)
	if len(ran) != 2 || ran[1][3] != "taro" || ran[1][2] != "example.jp" || ran[1][5] != "taro@example.jp" {
		t.Errorf("ran %q", ran)
	}
	p.undo(c)
	p.same("undone", was)
	if len(ran) != 3 || ran[2][4] != "taro" {
		t.Errorf("ran %q", ran)
	}
}

// newPlaceAt is the same server as a program of the site sees it, which renames by the backend idx.
func newPlaceAt(p *place) *place {
	q := &place{t: p.t, base: p.base, rec: newKeeper()}
	q.reopen()
	return q
}

// renaming renames an account of example.jp on disk.
func (p *place) renaming(old, new string) error {
	files := p.env.Server.(interface {
		Rename(file []byte, old, new string) ([]byte, error)
	})
	after, err := files.Rename([]byte(p.get("db/example.jp.idx")), old, new)
	if err == nil {
		p.put("db/example.jp.idx", string(after))
		err = os.Rename(filepath.Join(p.base, "inbox", old), filepath.Join(p.base, "inbox", new))
	}
	return err
}
