package aside_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hikeshi/spool/aside"
	"hikeshi/spool/aside/rename"
	"hikeshi/spool/aside/trial"
)

// scatter draws files of messages and puts them into the queue. mark tells one scattering from another in the contents.
func scatter(t *testing.T, rt *rapid.T, s model, mark string) {
	n := rapid.IntRange(0, 12).Draw(rt, "messages "+mark)
	for i := range n {
		base := fmt.Sprintf("B%010d", rapid.IntRange(1, 6).Draw(rt, "base"))
		stem := base + rapid.SampledFrom([]string{"", "-R0001", "-002"}).Draw(rt, "suffix")
		text := fmt.Sprintf("%s %d", mark, i)
		switch rapid.IntRange(0, 5).Draw(rt, "place") {
		case 0:
			s.put(t, "incoming/"+stem+".MSG", text)
			s.put(t, "incoming/"+stem+".RCP", text)
		case 1:
			s.put(t, "holding/"+stem+".MSG", text)
			s.put(t, "domains/example.com-"+stem+"/"+stem+".RCP", text)
			s.put(t, "domains/example.com-"+stem+"/Domain.mri", text)
		case 2:
			s.put(t, "holding/"+stem+".MSG", text)
			s.put(t, "domains/example.net/"+stem+".RCP", text)
			s.put(t, "domains/example.net/Domain.mri", text)
		case 3:
			s.put(t, "lists/news/"+stem+".MSG", text)
			s.put(t, "lists/news/"+stem+".RCP", text)
		case 4: // half a message
			s.put(t, "incoming/"+stem+".MSG", text)
		case 5: // deeper than usual, beside something odd
			s.put(t, "domains/a/b/"+stem+".RCP", text)
			_ = os.Symlink("nowhere", filepath.Join(s.Base, "domains/a/b/link"))
			s.put(t, "incoming/odd name\n"+stem, text)
		}
	}
}

// model is a trial server in which the first one who takes a name keeps it.
type model struct{ trial.Server }

func (m model) put(t *testing.T, rel, text string) {
	if _, err := os.Lstat(filepath.Join(m.Base, rel)); err != nil {
		m.Put(t, rel, text)
	}
}

// Random queues are set aside and brought back, in both ways, with and without mail that came meanwhile.
func TestModel(t *testing.T) {
	trial.InMemory(t)
	rapid.Check(t, func(rt *rapid.T) {
		m := model{trial.New(t)}
		defer os.RemoveAll(m.Base)
		scatter(t, rt, m, "old")
		before, files := m.Tree(t), m.Files(t)
		var apply func() error
		var undo func() error
		if rapid.Bool().Draw(rt, "rename") {
			set, err := rename.Plan(m.Folders(), stamp)
			trial.Must(t, err)
			apply = func() error { return set.Apply(context.Background()) }
			undo = func() error { return set.Undo(context.Background(), m.Server, quiet) }
		} else {
			bits := rapid.Uint8().Draw(rt, "which")
			move, _ := planMove(t, m.Server, func(base string) bool { return bits>>(base[len(base)-1]-'0')&1 == 1 })
			apply = func() error { return move.Apply(context.Background(), quiet) }
			undo = func() error { _, err := move.Undo(context.Background(), m.Server, quiet); return err }
		}
		trial.Must(t, apply())
		if d := cmp.Diff(files, m.Files(t)); d != "" {
			rt.Fatalf("setting aside changed files:\n%s", d)
		}
		if rapid.Bool().Draw(rt, "new mail") {
			scatter(t, rt, m, "new")
			files = m.Files(t)
			m.merged(t, rt, undo(), before, files)
			return
		}
		trial.Must(t, undo())
		if d := cmp.Diff(before, m.Tree(t)); d != "" {
			rt.Fatalf("a difference is left:\n%s", d)
		}
	})
}

// merged checks an undo that had to merge: no file is lost, no message is torn apart.
func (m model) merged(t *testing.T, rt *rapid.T, err error, before map[string]string, files map[string]int) {
	var left *aside.LeftError
	if err != nil && !errors.As(err, &left) {
		rt.Fatalf("undo: %v", err)
	}
	if d := cmp.Diff(files, m.Files(t)); d != "" {
		rt.Fatalf("files differ:\n%s", d)
	}
	after := m.Tree(t)
	if err == nil {
		for name := range before {
			if _, ok := after[name]; !ok {
				rt.Fatalf("%q is not back", name)
			}
		}
		for name := range after {
			if strings.Contains(name, ".q-") {
				rt.Fatalf("%q is still there", name)
			}
		}
	}
	where := map[string]string{} // of a message that was drawn: in the queue or aside
	for name := range after {
		base, _, ok := m.Message(filepath.Base(name))
		b, err := os.ReadFile(filepath.Join(m.Base, name))
		if !ok || err != nil {
			continue
		}
		side := fmt.Sprint(strings.Contains(name, ".q-"))
		key := base + " " + strings.Fields(string(b))[0] + " " + strings.Fields(string(b))[1]
		if was, ok := where[key]; ok && was != side {
			rt.Fatalf("message %s is on both sides:\n%v", key, left)
		}
		where[key] = side
	}
}
