package transfer

import (
	"net/url"
	"path"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/disk"
)

// A Transfer is what to move, as plain data.
type Transfer struct {
	Base  string `json:"base"`          // absolute path of the folder that holds both ends
	Ways  []Way  `json:"ways"`          // folders between which entries are moved
	Units []Unit `json:"units"`         // in the order in which they go
	Out   bool   `json:"out,omitempty"` // leads out of the live queue; else into it
}

// A Way leads from one folder to another, both below the base.
type Way struct {
	From Name `json:"from"`
	To   Name `json:"to"`
}

// A Unit are entries that belong together and are moved all or none.
type Unit []Item

// An Item is one entry: a file, or a folder with everything in it.
type Item struct {
	Way  int    `json:"w"`           // index into Ways
	Name Name   `json:"n"`           // the same at both ends
	Ino  uint64 `json:"i"`           // inode number
	Last bool   `json:"l,omitempty"` // an envelope: goes when all others of the unit are on disk
}

// A Name is a file name or a path below the base, of any bytes. In JSON it is percent-encoded, since JSON knows only Unicode.
type Name string

// MarshalText encodes the name.
func (n Name) MarshalText() ([]byte, error) {
	return []byte(strings.ReplaceAll(url.PathEscape(string(n)), "%2F", "/")), nil
}

// UnmarshalText decodes the name.
func (n *Name) UnmarshalText(b []byte) error {
	s, err := url.PathUnescape(string(b))
	*n = Name(s)
	return err
}

// Files is the number of items.
func (t *Transfer) Files() int {
	n := 0
	for _, u := range t.Units {
		n += len(u)
	}
	return n
}

// way returns the index of the way between two folders; known holds those that there are.
func (t *Transfer) way(known map[Way]int, w Way) int {
	i, ok := known[w]
	if !ok {
		i = len(t.Ways)
		known[w] = i
		t.Ways = append(t.Ways, w)
	}
	return i
}

// A Builder puts a Transfer together.
type Builder struct {
	t     Transfer
	known map[Way]int
	tree  *folders.Tree
}

// NewBuilder begins a Transfer below base, out of the live queue or into it; tree is open on base.
func NewBuilder(base string, tree *folders.Tree, out bool) *Builder {
	return &Builder{t: Transfer{Base: base, Out: out}, known: map[Way]int{}, tree: tree}
}

// Item looks up the entry name of the folder w.From as it stands now. ok is false if it has gone.
func (b *Builder) Item(w Way, name string, part spool.Part) (it Item, ok bool, err error) {
	e, ok, err := b.tree.Lstat(path.Join(string(w.From), name))
	if err != nil || !ok {
		return it, false, err
	}
	return Item{Way: b.t.way(b.known, w), Name: Name(name), Ino: e.Ino, Last: part.Envelope()}, true, nil
}

// Add adds a unit.
func (b *Builder) Add(u Unit) {
	if len(u) > 0 {
		b.t.Units = append(b.t.Units, u)
	}
}

// Transfer returns what was put together.
func (b *Builder) Transfer() Transfer { return b.t }

// Lstat is Tree.Lstat.
func (b *Builder) Lstat(rel string) (disk.Entry, bool, error) { return b.tree.Lstat(rel) }
