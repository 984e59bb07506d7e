// Package aside sets the folders of a queue aside and brings them back.
//
// What a folder holds is set aside in a folder beside it: incoming in incoming.q-<stamp>, where the stamp is the id of the incident,
// with _2, _3, … behind it if an incident sets a queue aside more than once. The folders of a set belong together, since the parts
// of one message lie in several of them; they go all or none, in the order in which the server names them.
//
// There are two ways. Package rename gives whole folders their new names; it costs the same whatever they hold. Move, here, moves the
// files of some messages, each to the same place in the folder beside, and leaves the rest.
//
// Both are plain data, made while looking. The inode under a name decides what has happened, so Apply and Undo can be called again
// after a stop at any moment, and State says how far they got. Device numbers may be given anew when a machine starts; both ends lie
// on one filesystem, so an inode number on the filesystem of the folder above is enough.
//
// Find lists what is set aside on disk, Purge removes it for good. The services that use the queue must be stopped; that is for the
// caller to see to.
package aside

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside/transfer"
)

// mark stands between the name of a folder and the stamp.
const mark = ".q-"

// State says how far something has been done.
type State int

// The states.
const (
	None    State = iota // nothing has been done
	Partial              // some of it
	Done
	Drifted // somebody else has put something in the place
)

// Together is the state of several things that are one.
func Together(all []State) State {
	switch {
	case slices.Contains(all, Drifted):
		return Drifted
	case len(all) == 0:
		return None
	case slices.Min(all) == slices.Max(all):
		return all[0]
	}
	return Partial
}

// Name is the name of the folder in which folder is set aside.
func Name(folder, stamp string) string { return folder + mark + stamp }

// Parse splits the name of a folder that was set aside; ok is false for all other names.
func Parse(name string) (folder, stamp string, ok bool) {
	i := strings.LastIndex(name, mark)
	if i <= 0 {
		return "", "", false
	}
	folder, stamp = name[:i], name[i+len(mark):]
	return folder, stamp, checkStamp(stamp) == nil
}

// Incident is the id of the incident that a stamp belongs to.
func Incident(stamp string) string {
	id, n, ok := strings.Cut(stamp, "_")
	if _, err := strconv.Atoi(n); ok && err == nil {
		return id
	}
	return stamp
}

// checkStamp refuses what could not stand in the name of a folder.
func checkStamp(s string) error {
	const runes = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	if s == "" || len(s) > 100 || strings.Trim(s, runes) != "" {
		return fmt.Errorf("%q cannot be part of a folder name", s)
	}
	return nil
}

// maxStamps is how often one incident can set the queue aside.
const maxStamps = 100

// Stamp returns the stamp under which incident can set folders aside next.
func Stamp(folders []spool.Folder, incident string) (string, error) {
	if err := checkStamp(incident); err != nil {
		return "", fmt.Errorf("naming what is set aside: incident %w", err)
	}
	sets, err := Find(folders)
	if err != nil {
		return "", err
	}
	used := map[string]bool{}
	for _, s := range sets {
		used[s.Stamp] = true
	}
	stamp := incident
	for n := 2; used[stamp]; n++ {
		if n > maxStamps {
			return "", fmt.Errorf("incident %s has set the queue aside %d times", incident, maxStamps)
		}
		stamp = incident + "_" + strconv.Itoa(n)
	}
	return stamp, nil
}

// Base is the folder in which the folders of a set lie, all in the same.
func Base(folders []spool.Folder) (string, error) {
	if len(folders) == 0 {
		return "", errors.New("this server has no folders that could be set aside")
	}
	base := filepath.Dir(folders[0].Path)
	for _, f := range folders {
		if filepath.Dir(f.Path) != base || !filepath.IsAbs(f.Path) {
			return "", fmt.Errorf("the queue folders %s and %s do not lie in the same folder", folders[0].Path, f.Path)
		}
	}
	return base, nil
}

// Left turns what a transfer could not move into an error that names it, or nil.
func Left(doing string, r transfer.Report) error {
	left := append(append([]string{}, r.Taken...), r.Torn...)
	if len(left) == 0 {
		return nil
	}
	return &LeftError{Doing: doing, Taken: r.Taken, Torn: r.Torn}
}

// A LeftError names messages that stay whole where they are since they could not be moved.
type LeftError struct {
	Doing string
	Taken []string // names that are taken already
	Torn  []string // parts whose other half is missing
}

func (e *LeftError) Error() string {
	var why []string
	if n := len(e.Taken); n > 0 {
		why = append(why, fmt.Sprintf("%d names are taken already, e.g. %q", n, e.Taken[0]))
	}
	if n := len(e.Torn); n > 0 {
		why = append(why, fmt.Sprintf("%d files have lost their other half, e.g. %q", n, e.Torn[0]))
	}
	return fmt.Sprintf("%s: not everything could be moved, the rest stays where it is: %s", e.Doing, strings.Join(why, "; "))
}

// Renamed gives the first element of a path another name.
func Renamed(names map[string]string) func(string) string {
	return func(dir string) string {
		first, rest, deep := strings.Cut(dir, "/")
		if deep {
			return names[first] + "/" + rest
		}
		return names[first]
	}
}
