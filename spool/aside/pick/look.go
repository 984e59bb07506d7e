package pick

import (
	"net/netip"
	"slices"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/aside/address"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
)

// A pair is a body with its envelope, and what else has their name. What is left of one may lack either.
type pair struct {
	body      index.File   // without a name if there is none
	envelopes []index.File // one, as a rule
	others    []index.File
	to        string // the folder for which it is bound
}

// reader reads the files of an index.
type reader struct {
	tree  *folders.Tree
	x     *index.Index
	queue spool.Queue
}

func (r *reader) envelope(f index.File) (spool.MessageEnvelope, bool) {
	g, err := r.tree.Read(r.x.Path(f))
	if err != nil {
		return spool.MessageEnvelope{}, false
	}
	defer g.Close()
	e, err := r.queue.ReadEnvelope(g)
	return e, err == nil
}

func (r *reader) client(f index.File) netip.Addr {
	g, err := r.tree.Read(r.x.Path(f))
	if err != nil {
		return netip.Addr{}
	}
	defer g.Close()
	a, err := r.queue.ReadClient(g)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// time is when a file was written last, in whole seconds.
func (r *reader) time(f index.File) (time.Time, bool) {
	e, ok, err := r.tree.Lstat(r.x.Path(f))
	return time.Unix(e.Sec, 0), ok && err == nil
}

// A look is what the files of a pair say, each read when it is asked for and only once.
type look struct {
	pair
	whole  bool // a pair that can go
	r      *reader
	origin spool.Origin

	env      []spool.MessageEnvelope
	envOK    bool
	envRead  bool
	addr     netip.Addr
	addrRead bool
}

// envelopes are all of them; ok is false if one cannot be read, or there is none.
func (l *look) envelopes() (all []spool.MessageEnvelope, ok bool) {
	if !l.envRead {
		l.envRead, l.envOK = true, len(l.pair.envelopes) > 0
		for _, f := range l.pair.envelopes {
			e, ok := l.r.envelope(f)
			if ok {
				l.env = append(l.env, e)
			}
			l.envOK = l.envOK && ok
		}
	}
	return l.env, l.envOK
}

// client is the zero Addr if it cannot be told.
func (l *look) client() netip.Addr {
	if !l.addrRead && l.body.Name != "" {
		l.addr = l.r.client(l.body)
	}
	l.addrRead = true
	return l.addr
}

// arrived is the time of the body, which the server leaves as it was; ok is false if there is none.
func (l *look) arrived() (at time.Time, ok bool) {
	if l.body.Name == "" {
		return at, false
	}
	return l.r.time(l.body)
}

// oldest is the earliest time of body and envelopes: neither is written before the message arrives.
func (l *look) oldest() (at time.Time, ok bool) {
	at, ok = l.arrived()
	for _, f := range l.pair.envelopes {
		t, there := l.r.time(f)
		if ok = ok && there; t.Before(at) {
			at = t
		}
	}
	return at, ok
}

// null says whether a sender is the null sender.
func (l *look) null() bool {
	all, _ := l.envelopes()
	return slices.ContainsFunc(all, func(e spool.MessageEnvelope) bool { return address.Null(e.Sender) })
}
