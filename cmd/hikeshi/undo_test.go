package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUndoOfACompletedRun: undo takes exactly our part out of what stands then, names what it leaves, and can be repeated.
func TestUndoOfACompletedRun(t *testing.T) {
	if !alone(t) {
		return
	}
	plain := build(t, "")
	for _, strategy := range []string{"move", "rename"} {
		for name, try := range map[string]func(*testing.T, *campaign){
			"without reopening": undoWithoutReopening, "a colleague's edit": undoBesideAnEdit, "no final newline": undoWithoutNewline,
			"new mail": undoWithNewMail, "step by step": undoStepByStep, "without disruption": undoWithoutDisruption,
		} {
			t.Run(strategy+" "+name, func(t *testing.T) {
				t.Parallel()
				try(t, &campaign{strategy: strategy, running: []string{"epstrd", "epstdd"}, plain: plain})
			})
		}
	}
}

// completed is a playground after a run, and a picture of how it was before. prepare comes before both.
func (c *campaign) completed(t *testing.T, prepare func(*playground)) *playground {
	t.Helper()
	p := c.playground(t)
	prepare(p)
	c.start = p.tree()
	want(t, 0, p.exec(c.run(p, c.plain), nil))
	c.end = p.tree()
	return p
}

func asItIs(*playground) {}

// undoWithoutReopening accepts fewer risks than there are. Whatever is left is named, and what is undone later leads to the same end.
func undoWithoutReopening(t *testing.T, c *campaign) {
	p := c.completed(t, asItIs)
	reopening := []string{"left in place: lock taro@example.jp (reopening)", "left in place: clean " + filepath.Join(p.spool(), "inbox/taro/ims.ctl") + " (reopening)",
		"left in place: deny " + p.deny() + " (reopening)", "left in place: " + c.strategy + " " + p.spool() + " (reopening)", "left in place: stop epstdd.service, epstrd.service"}
	e := p.exec(p.argv(c.plain, "undo", p.id, "--yes"), nil)
	want(t, 1, e, append(reopening, "left in place: start epstrd.service (disruptive)", "7 changes in force")...)
	e = p.exec(p.argv(c.plain, "undo", p.id, "--yes", "--accept-risk", "disruptive"), nil)
	want(t, 1, e, append(reopening, "5 changes in force")...)
	if strings.Contains(e.out, "left in place: start") {
		t.Errorf("starting was not undone:\n%s", e.out)
	}
	p.holds(t, "203.0.113.9 false\n")
	for _, folder := range []string{"incoming", "lists", "holding", "domains"} {
		if _, err := os.Stat(filepath.Join(p.spool(), folder+".q-"+p.id)); err != nil {
			t.Error(err)
		}
	}
	want(t, 4, p.exec(p.argv(c.plain, "undo", p.id, "--yes"), nil), "aborted, nothing undone", "reopening")
	want(t, 0, p.exec(c.undo(p, c.plain), nil), "undone, 0 changes in force")
	same(t, "after undoing the rest", c.start, p.tree())
	want(t, 0, p.exec(c.undo(p, c.plain), nil), "0 changes in force")
	c.sound(t, p)
}

// undoWithoutDisruption lets the services run: then their being stopped is not undone either, or the rest of the undo would end with them down.
func undoWithoutDisruption(t *testing.T, c *campaign) {
	p := c.completed(t, func(p *playground) { // an empty queue: nothing is set aside, which would need the services down to be undone
		for _, folder := range []string{"incoming", "lists", "holding", "domains"} {
			names, err := filepath.Glob(filepath.Join(p.spool(), folder, "*"))
			fine(t, err)
			for _, name := range names {
				fine(t, os.RemoveAll(name))
			}
		}
	})
	want(t, 1, p.exec(p.argv(c.plain, "undo", p.id, "--yes", "--accept-risk", "reopening"), nil), "left in place: stop", "left in place: start epstrd.service (disruptive)", "3 changes in force")
	want(t, 0, p.exec(c.undo(p, c.plain), nil), "undone, 0 changes in force")
	same(t, "after undoing the rest", c.start, p.tree())
}

// holds wants text in the deny file.
func (p *playground) holds(t *testing.T, text string) {
	t.Helper()
	b, err := os.ReadFile(p.deny())
	fine(t, err)
	if !strings.Contains(string(b), text) {
		t.Errorf("the deny file does not hold %q:\n%s", text, b)
	}
}

// undoBesideAnEdit: a colleague has appended a line to the deny file and forgotten its newline; his bytes stay.
func undoBesideAnEdit(t *testing.T, c *campaign) {
	p := c.completed(t, asItIs)
	before, err := os.ReadFile(p.deny())
	fine(t, err)
	const edit = "198.18.0.1\tfalse  # by hand, \x83\x65"
	fine(t, os.WriteFile(p.deny(), append(before, edit...), 0o604))
	want(t, 0, p.exec(c.undo(p, c.plain), nil), "undone, 0 changes in force")
	after, err := os.ReadFile(p.deny())
	fine(t, err)
	if string(after) != plainDeny+edit {
		t.Errorf("the deny file is\n%q, want\n%q", after, plainDeny+edit)
	}
	fine(t, os.WriteFile(p.deny(), []byte(plainDeny), 0o604))
	same(t, "apart from the edit", c.start, p.tree())
	c.sound(t, p)
}

// undoWithoutNewline: the newline that a denial at the end of the file needs goes with it.
func undoWithoutNewline(t *testing.T, c *campaign) {
	for _, text := range []string{"#<> default\n#blank false", "", "\r\n'x\r\n\x1b", "192.168.2.1 only\n192.168.2.* true"} {
		p := c.completed(t, func(p *playground) {
			fine(t, os.WriteFile(p.deny(), []byte(text), 0o604))
		})
		p.holds(t, "203.0.113.9 false\n")
		want(t, 0, p.exec(c.undo(p, c.plain), nil), "undone, 0 changes in force")
		same(t, "after the undo", c.start, p.tree())
	}
}

// undoWithNewMail: mail has come since. It stays, beside what comes back; where two have one name both stay, and are named.
func undoWithNewMail(t *testing.T, c *campaign) {
	p := c.completed(t, asItIs)
	came := map[string]string{
		"incoming/B0000000020.MSG": "new", "incoming/B0000000020.RCP": envelope("B0000000020", "a@example.com", "taro@example.jp"),
		"holding/B0000000021-R0001.MSG": "new retry", "domains/example.org-B0000000021/B0000000021-R0001.RCP": envelope("B0000000021", "a@example.jp", "b@example.org"),
		"incoming/B0000000002.MSG": "of the same name", "incoming/B0000000002.RCP": envelope("B0000000002", "c@example.com", "hana@example.jp"),
	}
	for name, text := range came {
		p.put(name, text)
	}
	e := p.exec(c.undo(p, c.plain), nil)
	want(t, 1, e, "name", "B0000000002", "left in place: "+c.strategy+" "+p.spool(), "left in place: stop", "2 changes in force")
	texts := map[string]int{}
	for _, name := range p.contents() {
		texts[name]++
	}
	for name, text := range came {
		if texts[filepath.Base(name)+" "+text] != 1 {
			t.Errorf("%s: the new mail is there %d times", name, texts[filepath.Base(name)+" "+text])
		}
	}
	for name, text := range map[string]string{"B0000000002.RCP": envelope("B0000000002", "taro@example.jp", "v2@example.com"), "B0000000001.RCP": envelope("B0000000001", "taro@example.jp", "v1@example.com")} {
		if texts[name+" "+text] != 1 {
			t.Errorf("%s: the mail that was set aside is there %d times", name, texts[name+" "+text])
		}
	}
	if running, err := filepath.Glob(p.running("*")); err != nil || len(running) > 0 {
		t.Errorf("with half a queue these run: %q, %v", running, err)
	}
	// The responder takes the new one of the two elsewhere.
	for _, folder := range []string{"incoming", "incoming.q-" + p.id} {
		for _, name := range []string{"B0000000002.MSG", "B0000000002.RCP"} {
			if b, err := os.ReadFile(filepath.Join(p.spool(), folder, name)); err == nil && string(b) == came["incoming/"+name] {
				fine(t, os.Remove(filepath.Join(p.spool(), folder, name)))
			}
		}
	}
	want(t, 0, p.exec(c.undo(p, c.plain), nil), "undone, 0 changes in force")
	for name := range came {
		if !strings.Contains(name, "B0000000002") {
			fine(t, os.Remove(filepath.Join(p.spool(), name)))
		}
	}
	fine(t, os.Remove(filepath.Join(p.spool(), "domains/example.org-B0000000021")))
	same(t, "apart from the new mail", c.start, p.tree())
	c.sound(t, p)
}

// contents are the names and texts of all files of the queue, wherever they lie.
func (p *playground) contents() []string {
	var all []string
	for name, x := range p.picture() {
		if path := filepath.Join(p.dir, name); strings.HasPrefix(path, p.spool()) && !x.folder {
			b, err := os.ReadFile(path)
			fine(p.t, err)
			all = append(all, filepath.Base(name)+" "+string(b))
		}
	}
	return all
}

// undoStepByStep undoes single steps, in an order of the responder's choice.
func undoStepByStep(t *testing.T, c *campaign) {
	p := c.completed(t, asItIs)
	one := func(step string) []string {
		return p.argv(c.plain, "undo", p.id, step, "--yes", "--accept-risk", "reopening,disruptive")
	}
	want(t, 0, p.exec(one("deny"), nil), "7 changes in force")
	if b, err := os.ReadFile(p.deny()); err != nil || string(b) != plainDeny {
		t.Errorf("the deny file is %q, %v", b, err)
	}
	want(t, 1, p.exec(one("aside"), nil), "in use")
	want(t, 2, p.exec(one("nonesuch"), nil), `no step "nonesuch"`)
	for _, step := range []string{"start_receiver", "start_delivery", "release", "aside", "lock", "clean", "stop"} {
		want(t, 0, p.exec(one(step), nil))
	}
	same(t, "after undoing every step", c.start, p.tree())
	c.sound(t, p)
}
