// Package outlog counts what E-Post Mail Server V says it has delivered outside, from one moment on.
//
// outlog holds one line for each delivery to another server (FAQ bsd/05-43), with a minus sign for the null sender and perhaps
// several recipients:
//
//	B0000055688@mail.example.jp sent on [01/Nov/2017:10:29:51] to 192.0.2.99 mx.example.com from a@example.jp to b@example.com
package outlog

import (
	"bytes"
	"context"
	"strings"

	"hikeshi/spool/epms/tail"
)

// limit is how much of each file Meter.Count reads, in bytes.
const limit = 4 << 20

// A Meter counts from one moment on.
type Meter struct {
	mark tail.Mark
	own  map[string]bool
}

// Start begins to count in dir. Deliveries to own domains are not counted: they are for another server of the same owner.
func Start(ctx context.Context, dir string, own []string) (*Meter, error) {
	m := &Meter{own: map[string]bool{}}
	for _, d := range own {
		m.own[strings.ToLower(strings.TrimSuffix(d, "."))] = true
	}
	var err error
	m.mark, err = tail.Now(ctx, dir)
	return m, err
}

// Count returns how many lines have come in for other recipients. A line that makes no sense counts; least says that there may be
// more than were read.
func (m *Meter) Count(ctx context.Context) (n int, least bool, err error) {
	parts, err := m.mark.Since(ctx, limit)
	for _, p := range parts {
		least = least || p.Cut
		for line := range bytes.Lines(p.Data) {
			if text := strings.TrimSpace(string(line)); text != "" && m.outside(text) {
				n++
			}
		}
	}
	return n, least, err
}

// outside says whether a line names a recipient of a domain that is not own. The sender, which a stranger chooses, stands before the
// last " to ", the recipients behind it.
func (m *Meter) outside(line string) bool {
	i := strings.LastIndex(line, " to ")
	if i < 0 || !strings.Contains(line[:i], " from ") {
		return true
	}
	for to := range strings.FieldsSeq(line[i+4:]) {
		_, domain, _ := strings.Cut(to, "@")
		if j := strings.LastIndexByte(domain, '@'); j >= 0 {
			domain = domain[j+1:]
		}
		if !m.own[strings.ToLower(strings.TrimSuffix(domain, "."))] {
			return true
		}
	}
	return false
}
