// Package tally adds up what the files of a queue say: sizes, times, senders, recipient domains, clients.
package tally

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"hikeshi/spool"
)

const (
	maxNames = 20000 // different names that one counter holds
	maxName  = 320   // bytes of a name that are kept: the longest address of RFC 5321 section 4.5.3.1
)

// A Tally is what the files that were read add up to.
type Tally struct {
	Files, Bytes int64
	Denied       int64 // files that may not be read
	DeniedErr    error // why, of one of them
	Broken       int64 // envelopes that make no sense

	timed                        bool
	oldest, newest               int64 // seconds since 1970
	senders, domains, clients    counter
	outside, own, null, listMail int64
}

// Size takes in the size in bytes and the modification time of one file.
func (t *Tally) Size(bytes, sec int64) {
	t.Files++
	t.Bytes += bytes
	t.Time(sec)
}

// Time takes in a modification time, in seconds since 1970.
func (t *Tally) Time(sec int64) {
	if !t.timed || sec < t.oldest {
		t.oldest = sec
	}
	if !t.timed || sec > t.newest {
		t.newest = sec
	}
	t.timed = true
}

// Envelope takes in one envelope; list says that it belongs to list mail.
func (t *Tally) Envelope(e spool.MessageEnvelope, list bool, own map[string]bool) {
	t.senders.add(senderName(e.Sender))
	outside := false
	seen := map[string]bool{}
	for _, r := range e.Recipients {
		d := domain(r)
		if seen[d] {
			continue
		}
		seen[d] = true
		if d == "" {
			continue // a name of this server
		}
		t.domains.add(d)
		outside = outside || !own[d]
	}
	switch {
	case e.Sender == "":
		t.null++
	case list:
		t.listMail++
	case outside:
		t.outside++
	default:
		t.own++
	}
}

// Client takes in the address of a client; the zero Addr is none.
func (t *Tally) Client(a netip.Addr) {
	if a.IsValid() {
		t.clients.add(a.Unmap().WithZone("").String())
	}
}

// Refused takes in that a file may not be read.
func (t *Tally) Refused(err error) {
	t.Denied++
	t.DeniedErr = err
}

// Merge adds o.
func (t *Tally) Merge(o *Tally) {
	t.Files += o.Files
	t.Bytes += o.Bytes
	if o.timed {
		t.Time(o.oldest)
		t.Time(o.newest)
	}
	t.senders.merge(&o.senders)
	t.domains.merge(&o.domains)
	t.clients.merge(&o.clients)
	t.outside += o.outside
	t.own += o.own
	t.null += o.null
	t.listMail += o.listMail
	t.Broken += o.Broken
	t.Denied += o.Denied
	if o.DeniedErr != nil {
		t.DeniedErr = o.DeniedErr
	}
}

// Times writes the times into f.
func (t *Tally) Times(f *spool.FolderBacklog) {
	if t.timed {
		f.Oldest, f.Newest = time.Unix(t.oldest, 0).UTC(), time.Unix(t.newest, 0).UTC()
	}
}

// Figures writes what the mail says into f, plain figures of what was read.
func (t *Tally) Figures(f *spool.FolderBacklog, top int) {
	f.Senders, f.Domains, f.Clients = t.senders.top(top), t.domains.top(top), t.clients.top(top)
	f.Outside, f.Own, f.NullSender, f.List = t.outside, t.own, t.null, t.listMail
}

// A counter counts names. It holds a bounded number of them: when it is full, the rarest go, so that a name that makes up a
// noticeable part of all stays, counted a little too low.
type counter struct{ n map[string]int64 }

func (c *counter) add(name string) { c.addN(name, 1) }

func (c *counter) addN(name string, n int64) {
	if c.n == nil {
		c.n = map[string]int64{}
	}
	if _, there := c.n[name]; !there && len(c.n) >= maxNames {
		rarest := slices.Min(slices.Collect(maps.Values(c.n)))
		maps.DeleteFunc(c.n, func(_ string, n int64) bool { return n == rarest })
	}
	c.n[name] += n
}

func (c *counter) merge(o *counter) {
	for name, n := range o.n {
		c.addN(name, n)
	}
}

// top returns the most frequent names, at most k.
func (c *counter) top(k int) []spool.Count {
	all := make([]spool.Count, 0, len(c.n))
	for name, n := range c.n {
		all = append(all, spool.Count{Name: name, N: n})
	}
	slices.SortFunc(all, func(a, b spool.Count) int {
		return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name))
	})
	return all[:min(k, len(all))]
}

// senderName is how a sender is counted and shown: servers compare addresses without letter case.
func senderName(s string) string {
	if s == "" {
		return "<>"
	}
	return Clean(s)
}

// domain is the part behind the last @, "" for a local name.
func domain(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.TrimSuffix(Clean(address[i+1:]), ".")
}

// Clean makes a text from a stranger's mail safe to show: bounded, in lower case, without anything that a terminal might obey.
func Clean(s string) string {
	if len(s) > maxName {
		s = s[:maxName]
	}
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return '?'
		}
		return unicode.ToLower(r)
	}, s)
}
