package pick

import (
	"context"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside/address"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/transfer"
)

// A Release is what would be brought back.
type Release struct {
	Transfer transfer.Transfer
	Messages int      // of which at least one pair goes
	Left     int      // of which something stays
	Halves   []string // files that stay since they have no partner, or more than one: paths below the base
	Taken    []string // files that stay since their name is taken in the queue
	More     bool     // the bound was reached: there is more to bring back

	Out [Reasons]LeftOut // messages that were asked for of which something stays, by reason
}

// LeftOut are messages that stay for one reason.
type LeftOut struct {
	Messages int
	Examples []string // names of the first of them
}

// maxExamples bounds LeftOut.Examples.
const maxExamples = 5

// A Source is where messages lie, and where they go when they are released.
type Source struct {
	Base  string
	Tree  *folders.Tree // open on Base
	Index *index.Index
	Queue spool.Queue
	To    func(dir string) string // the folder of the queue for which the content of a folder is bound

	// Origin says how a file came about; nil: all were handed in.
	Origin func(dir, file string) spool.Origin
}

// Release plans to bring back those messages that c wants, at most max. A body and an envelope with the same name that are bound
// for the same folder are a pair, and only pairs go: half a message would be deleted by the server.
func (s Source) Release(ctx context.Context, c Criteria, max int) (Release, error) {
	r := s.releasing(c, max)
	err := s.Index.ByMessage(func(_ string, files []index.File) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return r.message(files)
	})
	r.out.Transfer = r.b.Transfer()
	return r.out, err
}

func (s Source) releasing(c Criteria, max int) *releasing {
	return &releasing{reader: reader{tree: s.Tree, x: s.Index, queue: s.Queue}, s: s, c: c, max: max,
		b: transfer.NewBuilder(s.Base, s.Tree, false), bound: map[string]bool{}}
}

type releasing struct {
	reader
	s     Source
	c     Criteria
	max   int
	b     *transfer.Builder
	bound map[string]bool // names at the other end that a pair of this release gets
	out   Release
}

// message takes in the files of one message.
func (r *releasing) message(files []index.File) error {
	if r.out.Messages >= r.max {
		r.out.More = true
		r.out.Left++
		return nil
	}
	m := message{c: r.c, looks: r.looks(files)}
	gone := 0
	var stays [Reasons]bool
	for _, l := range m.looks {
		if !l.whole {
			continue
		}
		if why := m.verdict(l); why != taken {
			stays[why] = true
			continue
		}
		n, err := r.pair(l.pair)
		if err != nil {
			return err
		}
		gone += n
	}
	for why, does := range stays {
		if does && Reason(why) != unasked {
			r.out.Out[why].add(files[0].Base)
		}
	}
	if gone > 0 {
		r.out.Messages++
	}
	if gone < len(files) {
		r.out.Left++
	}
	return nil
}

func (o *LeftOut) add(base string) {
	if o.Messages++; len(o.Examples) < maxExamples {
		o.Examples = append(o.Examples, base)
	}
}

// looks finds the pairs among the files of one message, and notes what has no partner.
func (r *releasing) looks(files []index.File) []*look {
	type key struct{ stem, to string }
	groups := map[key][]index.File{}
	var order []key
	for _, f := range files {
		k := key{transfer.Stem(f.Name), r.s.To(r.x.Dirs[f.Dir])}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], f)
	}
	var all []*look
	for _, k := range order {
		p, ok := match(groups[k])
		if ok {
			p.to = k.to
			all = append(all, &look{pair: p, whole: true, r: &r.reader, origin: r.origin(groups[k])})
			continue
		}
		for _, f := range groups[k] {
			r.out.Halves = append(r.out.Halves, r.x.Path(f))
		}
		all = append(all, r.halves(groups[k])...)
	}
	return all
}

// halves are what can still be read of files that are no pair.
func (r *releasing) halves(files []index.File) []*look {
	rest := &look{r: &r.reader, origin: r.origin(files)}
	all := []*look{rest}
	for _, f := range files {
		switch f.Part {
		case spool.Body:
			all = append(all, &look{pair: pair{body: f}, r: &r.reader, origin: rest.origin})
		case spool.Envelope:
			rest.pair.envelopes = append(rest.pair.envelopes, f)
		}
	}
	return all
}

// origin is that of the file which counts.
func (r *releasing) origin(files []index.File) spool.Origin {
	var o spool.Origin
	for _, f := range files {
		if r.s.Origin != nil {
			o = max(o, r.s.Origin(r.x.Dirs[f.Dir], f.Name))
		}
	}
	return o
}

// match makes a pair of one body and its envelopes: more than one only if they differ in the extension.
func match(files []index.File) (p pair, ok bool) {
	bodies := 0
	for _, f := range files {
		switch f.Part {
		case spool.Body:
			p.body = f
			bodies++
		case spool.Envelope:
			ok = !slices.ContainsFunc(p.envelopes, func(e index.File) bool { return strings.EqualFold(e.Name, f.Name) })
			if !ok {
				return p, false
			}
			p.envelopes = append(p.envelopes, f)
		case spool.Whole:
			p.body, p.envelopes = f, append(p.envelopes, f)
			bodies++
		default:
			p.others = append(p.others, f)
		}
	}
	return p, bodies == 1 && ok
}

// pair adds p to what goes and returns the number of its files, or 0 if a name is taken.
func (r *releasing) pair(p pair) (int, error) {
	files := slices.Concat([]index.File{p.body}, p.others, p.envelopes)
	if p.body.Part == spool.Whole {
		files = files[1:] // it is the envelope, too
	}
	for _, f := range files {
		name := p.to + "/" + f.Name
		_, there, err := r.tree.Lstat(name)
		if err != nil {
			return 0, err
		}
		if there || r.bound[name] {
			r.out.Taken = append(r.out.Taken, r.x.Path(f))
			return 0, nil
		}
	}
	var u transfer.Unit
	for _, f := range files {
		w := transfer.Way{From: transfer.Name(r.x.Dirs[f.Dir]), To: transfer.Name(p.to)}
		it, ok, err := r.b.Item(w, f.Name, f.Part)
		if err != nil || !ok {
			return 0, err
		}
		u = append(u, it)
	}
	for _, f := range files {
		r.bound[p.to+"/"+f.Name] = true
	}
	r.b.Add(u)
	return len(u), nil
}

// Senders returns the messages of which an envelope names one of the senders.
func (s Source) Senders(ctx context.Context, senders []string) (map[string]bool, error) {
	r := &reader{tree: s.Tree, x: s.Index, queue: s.Queue}
	asked, wanted := address.NewSet(senders, nil), map[string]bool{}
	for _, f := range s.Index.Files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f.Kind != index.Queued || f.Part == spool.Body || wanted[f.Base] {
			continue
		}
		if e, ok := r.envelope(f); ok && asked.Has(e.Sender) {
			wanted[f.Base] = true
		}
	}
	return wanted, nil
}
