// Package pick chooses messages of a queue by what their envelopes, bodies and names say.
//
// Release makes the transfer that brings chosen messages from the folders in which they were set aside back into the queue; Senders says
// which messages a sender has. What cannot be read is never chosen.
package pick

import (
	"io"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/aside/folders"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/transfer"
)

// Criteria say which messages are wanted: those to which every criterion that is given applies.
type Criteria struct {
	OwnDomains []string       // every recipient is in one of these domains, or has none; not nil: asked for
	Senders    []string       // envelope senders: addresses, domains, or <> for the null sender
	Recipients []string       // one of the recipients is one of these: addresses or domains
	Clients    []netip.Prefix // the client that sent it is in one of these
	IDs        []string       // names of messages
	Since      time.Time      // arrived at this time or later
	Until      time.Time      // arrived before this time
}

// A pair is a body with its envelope, and what else has their name.
type pair struct {
	body      index.File
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
	a, err := r.queue.ReadClient(io.Reader(g))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// wants says whether p is wanted. The cheapest questions come first.
func (c Criteria) wants(r *reader, p pair) bool {
	if len(c.IDs) > 0 && !slices.ContainsFunc(c.IDs, func(id string) bool { return names(id, p) }) {
		return false
	}
	if !c.Since.IsZero() || !c.Until.IsZero() {
		e, ok, err := r.tree.Lstat(r.x.Path(p.body))
		at := time.Unix(e.Sec, 0)
		if err != nil || !ok || at.Before(c.Since) || !c.Until.IsZero() && !at.Before(c.Until) {
			return false
		}
	}
	if c.OwnDomains != nil || len(c.Senders) > 0 || len(c.Recipients) > 0 {
		for _, f := range p.envelopes {
			if e, ok := r.envelope(f); !ok || !c.envelope(e) {
				return false
			}
		}
	}
	if len(c.Clients) == 0 {
		return true
	}
	a := r.client(p.body)
	return a.IsValid() && slices.ContainsFunc(c.Clients, func(n netip.Prefix) bool { return n.Contains(a) })
}

func names(id string, p pair) bool {
	return strings.EqualFold(id, p.body.Base) || strings.EqualFold(id, transfer.Stem(p.body.Name))
}

func (c Criteria) envelope(e spool.MessageEnvelope) bool {
	if c.OwnDomains != nil && !c.own(e) {
		return false
	}
	if len(c.Senders) > 0 && !anyOf(c.Senders, e.Sender) {
		return false
	}
	return len(c.Recipients) == 0 || slices.ContainsFunc(e.Recipients, func(r string) bool { return anyOf(c.Recipients, r) })
}

// own says whether the message is for own domains only; recipients that were too many to be read may be anybody.
func (c Criteria) own(e spool.MessageEnvelope) bool {
	if len(e.Recipients) == 0 || e.Total > len(e.Recipients) {
		return false
	}
	for _, r := range e.Recipients {
		if d := domain(r); d != "" && !slices.ContainsFunc(c.OwnDomains, func(own string) bool { return fold(own) == d }) {
			return false
		}
	}
	return true
}

// anyOf says whether address is one of list, or lies in a domain of it.
func anyOf(list []string, address string) bool {
	address = fold(address)
	return slices.ContainsFunc(list, func(want string) bool {
		want = fold(strings.TrimSuffix(strings.TrimPrefix(want, "<"), ">"))
		if want == address {
			return true
		}
		want = strings.TrimPrefix(want, "@")
		return want != "" && !strings.Contains(want, "@") && want == domain(address)
	})
}

func domain(address string) string {
	_, d, ok := strings.Cut(address[max(0, strings.LastIndexByte(address, '@')):], "@")
	if !ok {
		return ""
	}
	return fold(d)
}

func fold(s string) string { return strings.ToLower(strings.TrimSuffix(strings.TrimSpace(s), ".")) }
