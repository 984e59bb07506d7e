package transfer

import (
	"context"
	"path"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
)

// Stem is what the files of one pair have in common, a body and its envelope: the name without its extension. Letter case is nothing
// to the server.
func Stem(name string) string { return strings.ToUpper(strings.TrimSuffix(name, path.Ext(name))) }

// Remains is what is left of t to be moved Back after some of it was taken from the other end: released, delivered, purged. Of a unit of
// which something has gone, each pair that is still there, with the folder in which its envelope lies, is a unit of its own, and so
// is a folder in which no file of the queue is left; where such a folder has no place any more it is left out. A pair of which one half
// is there stays a unit that cannot go. It returns of how many units something has gone, and changes nothing.
func (t *Transfer) Remains(ctx context.Context, q spool.Queue) (rest Transfer, gone int, err error) {
	tree, err := folders.Open(t.Base)
	if err != nil {
		return rest, 0, err
	}
	defer tree.Close()
	rest = *t
	rest.Units = nil
	r := &run{t: t, tree: tree, d: Back}
	for _, u := range t.Units {
		if err := ctx.Err(); err != nil {
			return rest, 0, err
		}
		p := parting{run: r, queue: q, root: map[string]string{}}
		if err := p.look(u); err != nil {
			return rest, 0, err
		}
		units, missing := []Unit{u}, false
		if !p.whole() {
			units, missing = p.units()
		}
		rest.Units = append(rest.Units, units...)
		if missing {
			gone++
		}
	}
	return rest, gone, nil
}

// A parting takes one unit apart.
type parting struct {
	*run
	queue   spool.Queue
	root    map[string]string // stem: one with which it goes
	parts   []part
	unknown bool // something has gone of which nobody can tell what it held
}

// A part is an item as it is now.
type part struct {
	it     Item
	at     place
	key    string // stem of a file, or of one in the folder
	hollow bool   // a folder without a file of the queue
}

func (p *parting) look(u Unit) error {
	for _, it := range u {
		at, err := p.where(it)
		if err != nil {
			return err
		}
		x := part{it: it, at: at, key: Stem(string(it.Name))}
		if at != gone {
			err = p.folder(&x)
		} else if _, _, ok := p.queue.Message(string(it.Name)); !ok {
			p.unknown = true
		}
		if err != nil {
			return err
		}
		p.parts = append(p.parts, x)
	}
	return nil
}

// folder finds out whose files lie in a folder: they go together. An item that is no folder stands for itself.
func (p *parting) folder(x *part) error {
	here, there := p.ends(x.it)
	if x.at == arrived {
		here = there
	}
	rel := path.Join(here, string(x.it.Name))
	d, err := p.tree.Dir(rel)
	if folders.Absent(err) {
		return nil
	}
	if err != nil {
		return err
	}
	x.key = rel // no stem
	names, err := d.Names()
	if err != nil {
		return err
	}
	x.hollow = true
	for _, name := range names {
		if _, _, ok := p.queue.Message(name); ok {
			p.root[p.find(Stem(name))] = p.find(x.key)
			x.hollow = false
		}
	}
	return nil
}

func (p *parting) find(key string) string {
	for p.root[key] != "" && p.root[key] != key {
		key = p.root[key]
	}
	return key
}

// whole says whether the unit goes, or stays, as it is.
func (p *parting) whole() bool {
	if p.unknown {
		return slices.ContainsFunc(p.parts, func(x part) bool { return x.at != gone })
	}
	return !slices.ContainsFunc(p.parts, func(x part) bool { return x.at == gone || x.hollow })
}

// units are the units that remain; missing says that there is a pair, or what a folder held, of which nothing remains.
func (p *parting) units() (units []Unit, missing bool) {
	groups, there := map[string]int{}, map[string]bool{}
	for _, x := range p.parts {
		there[p.find(x.key)] = there[p.find(x.key)] || x.at != gone
	}
	for _, x := range p.parts {
		key := p.find(x.key)
		missing = missing || x.hollow || !there[key]
		if !there[key] || x.hollow && x.at == barred {
			continue
		}
		i, ok := groups[key]
		if !ok {
			i = len(units)
			groups[key] = i
			units = append(units, nil)
		}
		units[i] = append(units[i], x.it)
	}
	return units, missing
}
