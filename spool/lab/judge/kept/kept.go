// Package kept compares the files of a lab with what stood in them when it was built: relay rules, settings, account files, mailboxes.
//
// [Remember] is called twice, before and after; a [Case] of both says what was touched that should not have been. Answers are lists of
// what is wrong, for people: names, paths and lines of effect.dat, never what stands in another file, since there are passwords in them.
package kept

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/spool/lab/standin"
)

// Files are contents by path below the root of the lab.
type Files map[string]string

// Remember reads the program folder, the settings, the account files and the mailboxes. What vanishes meanwhile is left out.
func Remember(c standin.Config) (Files, error) {
	files := Files{}
	for _, tree := range []string{c.Program(), c.Spool("db"), c.Spool("reg"), c.Spool("inbox")} {
		err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return standin.IgnoreGone(err)
			}
			data, err := os.ReadFile(path)
			if err == nil {
				files[below(c, path)] = string(data)
			}
			return standin.IgnoreGone(err)
		})
		if err != nil {
			return nil, fmt.Errorf("reading the files of the lab: %w", err)
		}
	}
	return files, nil
}

func below(c standin.Config, path string) string {
	rel, _ := filepath.Rel(c.Root, path)
	return rel
}

// in are the files below a folder, by their path in it.
func (f Files) in(folder string) Files {
	some := Files{}
	for path, text := range f {
		if name, ok := strings.CutPrefix(path, folder+"/"); ok {
			some[name] = text
		}
	}
	return some
}

// without are the files of f that are not in now, or not as they are in f.
func (f Files) without(now Files) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(f)) {
		if text, ok := now[name]; !ok || text != f[name] {
			names = append(names, name)
		}
	}
	return names
}

// A Case is a lab before and after.
type Case struct {
	Config   standin.Config
	Domain   string // own
	Abused   string // name of the account that was abused; "" if none was
	Opening  string // line of effect.dat that let the spam in; "" if none did
	Was, Now Files
}

// Settings lists the settings that were changed. The counter of messages is the receiver's to move.
func (c Case) Settings() []string {
	return slices.DeleteFunc(c.changed(c.Config.Spool("reg")), func(file string) bool {
		return strings.HasPrefix(filepath.Base(file), "LastMsgId.")
	})
}

// RelayRules lists the files of the program folder that were changed.
func (c Case) RelayRules() []string { return c.changed(c.Config.Program()) }

func (c Case) changed(tree string) []string {
	was, now := c.Was.in(below(c.Config, tree)), c.Now.in(below(c.Config, tree))
	changed := was.without(now)
	for file := range now {
		if _, ok := was[file]; !ok {
			changed = append(changed, file)
		}
	}
	slices.Sort(changed)
	return changed
}

// Lines lists the lines of effect.dat that did not let the spam in and are no longer there, byte for byte and in the same order.
func (c Case) Lines() []string {
	path := below(c.Config, c.Config.Program("effect.dat"))
	now := strings.SplitAfter(c.Now[path], "\n")
	var gone []string
	for line := range strings.Lines(c.Was[path]) {
		text := strings.TrimRight(line, "\r\n")
		if text == c.Opening {
			continue
		}
		i := slices.Index(now, line)
		if i < 0 {
			gone = append(gone, text)
			continue
		}
		now = now[i+1:]
	}
	return gone
}
