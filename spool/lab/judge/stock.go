package judge

import (
	"errors"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/traffic"
)

// copies says for which recipients of which message (by the lab's id) there is a copy.
type copies map[string]map[string]bool

func (c copies) add(id, rcpt string) {
	if c[id] == nil {
		c[id] = map[string]bool{}
	}
	c[id][strings.ToLower(rcpt)] = true
}

func (c copies) has(id, rcpt string) bool { return c[id][strings.ToLower(rcpt)] }

// A queue is what lies below the spool root as messages.
type queue struct {
	live, aside copies
	halves      []half // of the live queue
}

// tick is more than what a filesystem's clock may be behind.
const tick = 20 * time.Millisecond

// A half is one part of a message without the other.
type half struct {
	path    string    // below the spool root
	id      string    // of a body; "" of an envelope
	written time.Time // of a body
}

// spam are the ids of the thief's messages in the live queue.
func (q queue) spam() iter.Seq[string] {
	return func(yield func(string) bool) {
		for id := range maps.Keys(q.live) {
			if traffic.IsSpam(id) && !yield(id) {
				return
			}
		}
	}
}

// A pair is what was found of one message.
type pair struct{ body, envelope string }

// readQueue pairs the files and reads the pairs. Those that vanish meanwhile have moved on.
func readQueue(c standin.Config) (queue, error) {
	q := queue{live: copies{}, aside: copies{}}
	live, aside, err := pairs(c.Spool())
	if err != nil {
		return q, err
	}
	for _, p := range live {
		switch {
		case p.body == "" || p.envelope == "":
			h, herr := p.half(c.Spool())
			q.halves, err = append(q.halves, h), errors.Join(err, herr)
		default:
			err = errors.Join(err, read(p, q.live))
		}
	}
	for _, p := range aside {
		if p.body != "" && p.envelope != "" {
			err = errors.Join(err, read(p, q.aside))
		}
	}
	return q, err
}

func (p *pair) half(root string) (h half, err error) {
	if p.body != "" {
		var info fs.FileInfo
		if info, err = os.Stat(p.body); err == nil {
			h.written = info.ModTime()
			h.id, err = standin.LabID(p.body)
		}
	}
	h.path, _ = filepath.Rel(root, p.body+p.envelope)
	return h, standin.IgnoreGone(err)
}

// matter are the halves that somebody misses: a body whose client was never told 250 is what a power cut leaves when it falls between
// the body and the envelope. The client sends it again, and is told 250 for another body, which it began to send later.
func (q queue) matter(ledger []traffic.Accepted) []string {
	began := map[string]time.Time{}
	for _, a := range ledger {
		began[a.ID] = a.Began
	}
	var paths []string
	for _, h := range q.halves {
		if t, promised := began[h.id]; h.id == "" || promised && !h.written.Add(tick).Before(t) {
			paths = append(paths, h.path)
		}
	}
	slices.Sort(paths)
	return paths
}

func read(p *pair, to copies) error {
	id, err := standin.LabID(p.body)
	if err != nil {
		return standin.IgnoreGone(err)
	}
	e, err := standin.ReadEnvelope(p.envelope)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, rcpt := range e.Recipients {
		to.add(id, rcpt)
	}
	return err
}

// pairs walks the spool root and puts together what belongs together.
func pairs(root string) (live, aside map[string]*pair, err error) {
	live, aside = map[string]*pair{}, map[string]*pair{}
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return standin.IgnoreGone(err)
		}
		rel, _ := filepath.Rel(root, path)
		top, _, _ := strings.Cut(rel, "/")
		switch what := folder(top); {
		case what == other && d.IsDir():
			return fs.SkipDir
		case !d.Type().IsRegular():
		case what == inQueue:
			put(live, partners(rel, top), path)
		default:
			put(aside, "", path)
		}
		return nil
	})
	return live, aside, err
}

type kind int

const (
	unknown kind = iota // to the server: set aside
	inQueue
	other
)

// folder says what a folder of the spool root is for the server.
func folder(name string) kind {
	switch name {
	case "incoming", "domains", "holding", "lists":
		return inQueue
	case "temp", "dead", "inbox", "db", "reg", "viruslog", "mxcash", "exclusive", "authlock", "iplock", "permit", "cluster",
		"acceptlog", "inlog", "receivelog", "outlog", "outlocallog", "faillog", "senderlog":
		return other
	}
	return unknown
}

// partners names the place whose files belong together for the server.
func partners(rel, top string) string {
	switch top {
	case "domains", "holding":
		return "retry/"
	case "lists":
		return filepath.Dir(rel) + "/"
	}
	return top + "/"
}

func put(all map[string]*pair, place, path string) {
	ext := strings.ToUpper(filepath.Ext(path))
	base := strings.ToUpper(strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	if ext != ".MSG" && ext != ".RCP" && ext != ".$CP" {
		return
	}
	p := all[place+base]
	if p == nil {
		p = &pair{}
		all[place+base] = p
	}
	if ext == ".MSG" {
		p.body = path
	} else {
		p.envelope = path
	}
}

// mailboxes are the folders in which a message lies, by the lab's id.
type mailboxes map[string][]string

// has says whether the recipient has the message. A folder that got characters put in front of its name is still its owner's.
func (m mailboxes) has(id, rcpt string) bool {
	user, _ := standin.SplitAddress(strings.ToLower(rcpt))
	return slices.ContainsFunc(m[id], func(folder string) bool { return strings.HasSuffix(folder, user) })
}

func readMailboxes(c standin.Config) (mailboxes, error) {
	boxes := mailboxes{}
	err := filepath.WalkDir(c.Spool("inbox"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || !strings.EqualFold(filepath.Ext(path), ".MSG") {
			return standin.IgnoreGone(err)
		}
		id, err := standin.LabID(path)
		if err == nil && id != "" {
			boxes[id] = append(boxes[id], strings.ToLower(filepath.Base(filepath.Dir(path))))
		}
		return standin.IgnoreGone(err)
	})
	return boxes, err
}
