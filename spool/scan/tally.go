package scan

import (
	"cmp"
	"errors"
	"io/fs"
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

// A tally is what the files that were read add up to.
type tally struct {
	files, bytes                 int64
	timed                        bool
	oldest, newest               int64 // seconds since 1970
	senders, domains, clients    counter
	outside, own, null, listMail int64
	denied                       int64 // files that may not be read
	deniedErr                    error
	broken                       int64 // envelopes that make no sense
}

// size takes in the size in bytes and the modification time of one file.
func (t *tally) size(bytes, sec int64) {
	t.files++
	t.bytes += bytes
	t.time(sec)
}

func (t *tally) time(sec int64) {
	if !t.timed || sec < t.oldest {
		t.oldest = sec
	}
	if !t.timed || sec > t.newest {
		t.newest = sec
	}
	t.timed = true
}

// envelope takes in one envelope; list says that it belongs to list mail.
func (t *tally) envelope(e spool.MessageEnvelope, list bool, own map[string]bool) {
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

func (t *tally) client(a netip.Addr) {
	if a.IsValid() {
		t.clients.add(a.Unmap().WithZone("").String())
	}
}

func (t *tally) refused(err error) {
	t.denied++
	t.deniedErr = err
}

// merge adds o.
func (t *tally) merge(o *tally) {
	t.files += o.files
	t.bytes += o.bytes
	if o.timed {
		t.time(o.oldest)
		t.time(o.newest)
	}
	t.senders.merge(&o.senders)
	t.domains.merge(&o.domains)
	t.clients.merge(&o.clients)
	t.outside += o.outside
	t.own += o.own
	t.null += o.null
	t.listMail += o.listMail
	t.broken += o.broken
	t.denied += o.denied
	if o.deniedErr != nil {
		t.deniedErr = o.deniedErr
	}
}

// times writes the times into f.
func (t *tally) times(f *spool.FolderBacklog) {
	if t.timed {
		f.Oldest, f.Newest = time.Unix(t.oldest, 0).UTC(), time.Unix(t.newest, 0).UTC()
	}
}

// figures writes what the mail says into f, plain figures of what was read.
func (t *tally) figures(f *spool.FolderBacklog, top int) {
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
	return clean(s)
}

// domain is the part behind the last @, "" for a local name.
func domain(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.TrimSuffix(clean(address[i+1:]), ".")
}

// clean makes a text from a stranger's mail safe to show: bounded, in lower case, without anything that a terminal might obey.
func clean(s string) string {
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

func gone(err error) bool { return errors.Is(err, fs.ErrNotExist) }
