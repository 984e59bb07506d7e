package mend

import (
	"bytes"
	"slices"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/proof"
)

// Bounds of what is listed.
const (
	maxAlone    = 20 // edits that are tried alone
	maxAlike    = 2  // decisions of the same line that change in the same way
	maxAffected = 40
)

// alike is what decisions have in common that are listed together.
type alike struct {
	line          int
	before, after effect.Result
}

// affected collects decisions that change.
type affected struct {
	edit  *spool.MendEdit
	edits []edit
	own   effect.Own
	seen  map[alike]int
}

// affect asks the file before and after the same, and lists whose decisions change: first by each edit alone, since one that changes
// much would hide the others, then by all together, for what changes for other reasons.
func affect(e *spool.MendEdit, before []byte, own effect.Own, edits []edit) error {
	a := affected{e, edits, own, map[alike]int{}}
	for _, one := range edits[:min(len(edits), maxAlone)] {
		if err := a.compare(before, alone(before, one), false); err != nil {
			return err
		}
	}
	return a.compare(before, e.After, true)
}

// alone is the file with one edit.
func alone(before []byte, e edit) []byte {
	lines := split(before)
	if e.Old != nil {
		lines[e.Line-1] = e.New
		return bytes.Join(lines, nil)
	}
	if n := len(lines); n > 0 && !bytes.HasSuffix(lines[n-1], []byte("\n")) {
		lines = append(lines, []byte("\n"))
	}
	return bytes.Join(append(lines, e.New), nil)
}

// compare lists the decisions that change, a few of each sort.
func (a *affected) compare(before, after []byte, all bool) error {
	r, err := proof.Compare(effect.Parse(before), effect.Parse(after), proof.Sample{Own: a.own, Seed: 1})
	if err != nil {
		return err
	}
	a.edit.Tested += r.Asked
	for _, d := range r.Differences {
		k := alike{d.Before.Line, d.Before.Result, d.After.Result}
		if d.Before.Result == d.After.Result || all && a.seen[k] > 0 {
			continue
		}
		if a.seen[k]++; a.seen[k] > maxAlike || len(a.edit.Affected) == maxAffected {
			a.edit.More = true
			continue
		}
		one := spool.Affected{Peer: d.Query.Peer, Other: !a.known(d)}
		if d.Query.SenderGiven {
			one.Sender = &d.Query.Sender
		}
		a.edit.Affected = append(a.edit.Affected, one)
	}
	return nil
}

// known says whether an edited line decided before, or does now.
func (a *affected) known(d proof.Difference) bool {
	return edited(a.edits, d.Before.Line) || edited(a.edits, d.After.Line)
}

func edited(edits []edit, line int) bool {
	return line > 0 && slices.ContainsFunc(edits, func(e edit) bool { return e.Line == line })
}
