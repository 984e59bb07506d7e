package lockout

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect/pattern"
)

// target is what a row is to refuse.
type target struct {
	text   string // the pattern of the row
	lo, hi netip.Addr
}

// refused is the reason why a target is not taken.
func refused(s, en, ja string) error {
	return &spool.Refusal{EN: fmt.Sprintf("reading the target %.80q: %s", s, en), JA: fmt.Sprintf("対象 %.80q: %s", s, ja)}
}

// readTarget reads an address, or an IPv4 network that ends at a dot.
func readTarget(s string) (target, error) {
	if a, err := netip.ParseAddr(s); err == nil {
		if a.Zone() != "" {
			return target{}, refused(s, "the server knows no zones of addresses", "ゾーン付きのアドレスは扱えない")
		}
		a = a.Unmap()
		return usable(s, target{a.String(), a, a})
	}
	p, err := netip.ParsePrefix(s)
	switch {
	case err != nil:
		return target{}, refused(s, "the tables of the hard cut hold addresses only, no senders", "強制遮断の表に書けるのはアドレスだけ。差出人は書けない")
	case p != p.Masked():
		return target{}, refused(s, "it has host bits: the network is "+p.Masked().String(), "ホスト部が 0 ではない。ネットワークは "+p.Masked().String())
	case p.IsSingleIP():
		return readTarget(p.Addr().String())
	case p.Addr().Is6() || p.Bits() != 16 && p.Bits() != 24:
		return target{}, refused(s, "of networks only IPv4 /24 and /16 can be written soundly; name single addresses, or the /24",
			"ネットワークは IPv4 の /24 と /16 だけが確実に書ける。アドレスを 1 つずつ、または /24 を指定すること")
	}
	lo, hi := pattern.Bounds(p)
	octets := strings.Split(lo.String(), ".")
	return usable(s, target{strings.Join(octets[:p.Bits()/8], ".") + ".*", lo, hi})
}

// usable refuses what would cut off the machine itself, or nobody.
func usable(s string, t target) (target, error) {
	if t.lo.IsLoopback() || t.lo.IsUnspecified() || t.lo.IsMulticast() || t.lo.Is4() && (t.lo.As4()[0] == 0 || t.lo.As4()[0] >= 224) {
		return target{}, refused(s, "no peer has such an address, or only this machine", "接続元にならないアドレス、またはこのサーバー自身")
	}
	return t, nil
}

// Deny plans rows that refuse the targets for ever. They go to the end of the table, as a service appends its own; if a row that
// allows may be about one of them, all go above the first such row, for which the table is rewritten. A row is never added twice, nor
// for a target that is refused for ever already.
func (f *File) Deny(targets []string) (spool.HardEdit, error) {
	e := spool.HardEdit{Rows: []spool.HardRow{}, Offset: int64(len(f.text))}
	var errs []error
	done := map[string]bool{}
	for _, s := range targets {
		t, err := readTarget(s)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		allowed, already := f.look(t)
		switch {
		case already:
			e.Already = append(e.Already, s)
			continue
		case done[t.text]:
			continue
		case allowed >= 0 && int64(allowed) < e.Offset:
			e.Insert, e.Offset = true, int64(allowed)
		}
		done[t.text] = true
		row := t.text + "\t\n"
		e.Rows = append(e.Rows, spool.HardRow{Target: s, Row: row, Twins: len(find(f.text, row))})
	}
	if len(errs) > 0 {
		return spool.HardEdit{}, errors.Join(errs...)
	}
	if open := len(f.text) - lineStart(f.text, len(f.text)); !e.Insert {
		e.Open = open
	}
	return e, nil
}

// look finds the start of the line of the first row that allows some of the target, or -1, and whether a row above it refuses all of it for ever.
func (f *File) look(t target) (allowed int, already bool) {
	for r := range f.Rows() {
		switch {
		case r.Allowed && !r.Flood && r.touches(t.lo, t.hi):
			return lineStart(f.text, r.Offset), false
		case !r.Allowed && !r.Flood && r.Stamp == 0 && r.covers(t.lo, t.hi):
			return -1, true
		}
	}
	return -1, false
}

// lineStart is where the line begins in which at stands.
func lineStart(text string, at int) int { return strings.LastIndexByte(text[:at], '\n') + 1 }

// find returns the offsets of all lines of exactly these bytes.
func find(text, line string) (at []int) {
	for from := 0; ; {
		i := strings.Index(text[from:], line)
		if i < 0 {
			return at
		}
		i += from
		from = i + 1
		if i == 0 || text[i-1] == '\n' {
			at = append(at, i)
		}
	}
}

// Apply returns the table with the edit made, which must be the one that the edit was planned for.
func Apply(table []byte, e spool.HardEdit) ([]byte, error) {
	if e.Offset < 0 || e.Offset > int64(len(table)) {
		return nil, fmt.Errorf("adding rows at byte %d: the table has %d bytes", e.Offset, len(table))
	}
	after := append([]byte{}, table[:e.Offset]...)
	after = append(after, e.Bytes()...)
	return append(after, table[e.Offset:]...), nil
}

// Remove takes out exactly the rows that the edit added, whatever was appended since. A row that no longer stands there, or as often
// as before the edit, was taken out by somebody else. Of equal rows the first goes, since the edit put its own above them. An LF that
// the edit put behind an unfinished line goes too, if that line, told by its length, would end the table again. The error wraps
// fs.ErrNotExist when no row was taken out.
func Remove(table []byte, e spool.HardEdit) ([]byte, error) {
	text, taken := string(table), 0
	atEnd := false
	end := -1
	for _, r := range e.Rows {
		at := find(text, r.Row)
		if len(at) != r.Twins+1 {
			continue
		}
		text = text[:at[0]] + text[at[0]+len(r.Row):]
		end, atEnd = at[0], at[0] == len(text)
		taken++
	}
	if taken == 0 {
		return nil, fmt.Errorf("taking out rows: none of them stands in the table: %w", fs.ErrNotExist)
	}
	if e.Open > 0 && atEnd && end > 0 && end-1-lineStart(text, end-1) == e.Open {
		text = strings.TrimSuffix(text, "\n")
	}
	return []byte(text), nil
}
