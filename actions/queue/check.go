package queue

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// CheckFacts are the facts of queue.check. The lists hold names of folders.
type CheckFacts struct {
	Whole    bool     `json:"whole" expr:"whole"`         // every folder stands where it should, and all or none are set aside
	Half     []string `json:"half" expr:"half"`           // folders that the incident left behind when it set the others aside
	Missing  []string `json:"missing" expr:"missing"`     // folders that are not there
	SetAside bool     `json:"set_aside" expr:"set_aside"` // the incident has set something aside
	Room     bool     `json:"room" expr:"room"`           // there is room for new mail on the filesystem; false also if nobody can tell
}

type checker struct{ env Env }

func checkKind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "queue.check", Short: runbook.T("checks whether the queue folders are whole, none missing, none left behind, and whether there is room", "キューのフォルダ一式がそろい、空き容量があるか確かめる"),
		Facts: CheckFacts{}, Reads: []string{"queue"}, Action: checker{env},
	}
}

// check is one look at the set of folders.
type check struct {
	env      Env
	in       runbook.Input
	set      []spool.Folder
	asides   []aside.Set     // of this incident
	recorded map[uint64]bool // inodes that the records of the incident name
	facts    CheckFacts
	bad      bool
	out      []runbook.Finding
}

// Plan looks at the folders, at what is set aside beside them, and at messages whose parts are on both sides.
func (c checker) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	k := &check{env: c.env, in: in, set: c.env.set(), facts: CheckFacts{Half: []string{}, Missing: []string{}}}
	for _, step := range []func(context.Context) error{k.beside, k.folders, k.leftBehind, k.torn} {
		if err := step(ctx); err != nil {
			if ctx.Err() != nil {
				return runbook.Outcome{}, err
			}
			return runbook.Outcome{}, fmt.Errorf("checking the queue: %w: %w", runbook.ErrUndetermined, err)
		}
	}
	k.facts.Whole = !k.bad && len(k.facts.Half) == 0 && len(k.facts.Missing) == 0
	if k.facts.Whole {
		k.find(runbook.OK, c.env.Server.Root(), runbook.Tf("the queue is whole: every folder is there, none is left behind", "キューはそろっている。欠けたフォルダも取り残しもない"))
	}
	var room runbook.Finding
	k.facts.Room, room = c.env.place().Enough()
	return runbook.Outcome{Findings: append(k.out, room), Facts: k.facts}, nil
}

func (k *check) find(level runbook.Level, evidence string, text runbook.Text) {
	k.out = append(k.out, runbook.Finding{Level: level, Text: text, Evidence: evidence})
}

// half remembers a folder that was left behind.
func (k *check) half(name string) {
	if !slices.Contains(k.facts.Half, name) {
		k.facts.Half = append(k.facts.Half, name)
	}
}

// beside looks at what is set aside beside the folders. Sets of other incidents are told; they are theirs to judge.
func (k *check) beside(context.Context) error {
	sets, err := aside.Find(k.set)
	if err != nil {
		return err
	}
	for _, s := range sets {
		var there []string
		for _, f := range s.Folders {
			there = append(there, f.Name)
		}
		list := strings.Join(there, ", ")
		if s.Incident != k.in.Incident && k.in.Incident != "" {
			k.find(runbook.Info, k.env.Server.Root(), runbook.Tf("set aside by incident %s: %s", "事案 %s で退避中: %s", s.Incident, list))
			continue
		}
		k.asides = append(k.asides, s)
		k.find(runbook.Info, k.env.Server.Root(), runbook.Tf("beside the queue: %s", "退避先: %s", list))
	}
	if k.recorded, err = k.inodes(); err != nil {
		return err
	}
	k.facts.SetAside = len(k.asides) > 0
	if known, out := k.count(); known && out == 0 {
		k.facts.SetAside, k.asides = false, nil
		k.find(runbook.Info, k.env.Server.Root(), runbook.T("they were made ready; nothing has been set aside yet", "準備されただけで、まだ何も退避されていない"))
	}
	return nil
}

// inodes are those of what the incident has set aside, or was about to, by its records.
func (k *check) inodes() (map[uint64]bool, error) {
	if k.env.Recorded == nil || k.in.Incident == "" || len(k.asides) == 0 {
		return nil, nil
	}
	ids, err := k.env.Recorded(k.in.Incident)
	inodes := map[uint64]bool{}
	for _, id := range ids {
		inodes[id.Ino] = true // device numbers may change when the machine starts anew
	}
	return inodes, err
}

// count says whether the records name whole folders, and how many of them are set aside. Single files tell nothing here.
func (k *check) count() (known bool, out int) {
	for _, s := range k.asides {
		for _, f := range s.Folders {
			if k.recorded[f.ID.Ino] {
				out++
			}
		}
	}
	known = out > 0
	for _, f := range k.set {
		if e, err := lstat(f.Path); err == nil && k.recorded[e.Ino] {
			known = true
		}
	}
	return known, out
}

func lstat(path string) (disk.Entry, error) {
	d, err := disk.Open(filepath.Dir(path))
	if err != nil {
		return disk.Entry{}, err
	}
	defer d.Close()
	return d.Lstat(filepath.Base(path))
}

// folders looks at each folder of the set, and compares it with the one that is set aside.
func (k *check) folders(context.Context) error {
	base, err := aside.Base(k.set)
	if err != nil {
		return err
	}
	d, err := disk.Open(base)
	if err != nil {
		return err
	}
	defer d.Close()
	for _, f := range k.set {
		e, err := d.Lstat(filepath.Base(f.Path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			k.facts.Missing = append(k.facts.Missing, f.Name)
			k.find(runbook.Bad, f.Path, runbook.Tf("%s is not there", "%s がない", f.Name))
			continue
		case err != nil:
			return err
		case e.Type != fs.ModeDir:
			k.bad = true
			k.find(runbook.Bad, f.Path, runbook.Tf("%s is not a folder", "%s はフォルダではない", f.Name))
			continue
		}
		if err := k.attributes(d, f); err != nil {
			return err
		}
	}
	return nil
}

// attributes compares owner, mode and extended attributes of a folder with those of the one that stood in its place before.
func (k *check) attributes(d *disk.Dir, f spool.Folder) error {
	live, err := attrsOf(d, filepath.Base(f.Path))
	if err != nil {
		return err
	}
	for _, s := range k.asides {
		for _, sf := range s.Folders {
			if sf.Of.Path != f.Path {
				continue
			}
			before, err := attrsOf(d, sf.Name)
			if err != nil {
				return err
			}
			if reflect.DeepEqual(live, before) {
				continue
			}
			k.bad = true
			k.find(runbook.Bad, f.Path, runbook.Tf("%s has owner %d:%d and mode %04o, %s has %d:%d and %04o, or other extended attributes", "%s は所有者 %d:%d, モード %04o。%s は %d:%d, %04o (または拡張属性が違う)",
				f.Name, live.UID, live.GID, live.Mode, sf.Name, before.UID, before.GID, before.Mode))
		}
	}
	return nil
}

func attrsOf(d *disk.Dir, name string) (disk.Attrs, error) {
	s, err := d.Sub(name)
	if err != nil {
		return disk.Attrs{}, err
	}
	defer s.Close()
	return s.Attrs()
}

// leftBehind finds folders that have none set aside though others of the incident have, folders that the records say should be
// set aside and still stand in their place, and the spare folders of a rename that was cut short.
func (k *check) leftBehind(context.Context) error {
	for _, s := range k.asides {
		for _, name := range s.Missing {
			if !slices.Contains(k.facts.Missing, name) {
				k.half(name)
				k.find(runbook.Bad, k.env.Server.Root(), runbook.Tf("%s is not set aside, but other folders of the same set are", "%s だけが退避されずに残っている", name))
			}
		}
		if err := k.spares(s); err != nil {
			return err
		}
	}
	for _, f := range k.set {
		if e, err := lstat(f.Path); err == nil && len(k.asides) > 0 && k.recorded[e.Ino] {
			k.half(f.Name)
			k.find(runbook.Bad, f.Path, runbook.Tf("%s is still the folder that was to be set aside", "%s は退避すべきフォルダのまま", f.Name))
		}
	}
	return nil
}

// spares looks for the folders that a rename in three steps uses in between.
func (k *check) spares(s aside.Set) error {
	d, err := disk.Open(filepath.Dir(k.set[0].Path))
	if err != nil {
		return err
	}
	defer d.Close()
	for _, f := range k.set {
		spare := filepath.Base(f.Path) + ".n-" + s.Stamp
		there, err := d.Exists(spare)
		if err != nil {
			return err
		}
		if there {
			k.half(f.Name)
			k.find(runbook.Bad, filepath.Join(d.Path(), spare), runbook.Tf("setting %s aside was cut short: %s still stands there", "%s の退避が途中で止まっている: %s が残っている", f.Name, spare))
		}
	}
	return nil
}
