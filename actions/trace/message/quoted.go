package message

import (
	"bytes"

	"hikeshi/actions/trace/message/octets"
)

// quoted finds headers that are quoted in a text: a block of fields of which one is Received, with or without marks before its lines.
func (r *reader) quoted(text []byte, p place) {
	if len(text) > maxText {
		text = text[:maxText]
		r.gap(Long, p.part, "")
	}
	var before [][]byte // lines of the block so far, which may be a header
	for rest := text; len(rest) > 0; {
		l, next := octets.Line(rest)
		marks := octets.Marks(l)
		bare := bytes.TrimLeft(l[marks:], " \t")
		switch {
		case len(bare) >= 9 && bytes.EqualFold(bare[:9], []byte("Received:")):
			indent := len(l) - marks - len(bare)
			if len(r.mail.Found) >= maxFound {
				r.gap(Many, p.part, "")
				return
			}
			m, used := block(before, rest, indent, p.base+int64(len(text)-len(rest)))
			if p.base < 0 {
				m.forget()
			}
			m.How, m.Part, m.Depth, m.In = Quoted, p.part, p.depth+1, p.in
			r.mail.Found = append(r.mail.Found, m)
			next, before = rest[used:], nil
		case len(bare) == 0:
			before = nil
		case octets.NameIn(bare) != nil || len(before) > 0 && len(before) < 200:
			before = append(before, l)
		}
		rest = next
	}
}

// forget takes the offsets away, which are those of a decoded text.
func (m *Message) forget() {
	for i := range m.Fields {
		m.Fields[i].Offset = -1
	}
}

// block reads the header of which before are the first lines and rest the others, without the marks. used is how much of rest it took.
func block(before [][]byte, rest []byte, indent int, base int64) (m Message, used int) {
	head := []byte{}
	for _, l := range before {
		head = append(append(head, unmark(l, indent)...), '\n')
	}
	type start struct {
		clean int
		file  int64
	}
	lead := len(head)
	var starts []start
	for used < len(rest) && len(head) < MaxHeader {
		l, next := octets.Line(rest[used:])
		clean := unmark(l, indent)
		starts = append(starts, start{len(head), base + int64(used)})
		used = len(rest) - len(next)
		if head = append(append(head, clean...), '\n'); len(bytes.TrimSpace(clean)) == 0 {
			break
		}
	}
	m, _ = header(head, 0)
	if m.Count("Received") == 0 { // what stands before it is no header
		m, _ = header(head[lead:], int64(lead))
	}
	i := 0
	for k := range m.Fields {
		at := m.Fields[k].Offset
		if m.Fields[k].Offset = -1; at < int64(lead) {
			continue
		}
		for i < len(starts) && int64(starts[i].clean) < at {
			i++
		}
		if i < len(starts) {
			m.Fields[k].Offset = starts[i].file
		}
	}
	return m, used
}

// unmark takes the marks and the indentation of the block off a line.
func unmark(l []byte, indent int) []byte {
	l = l[octets.Marks(l):]
	for range indent {
		if len(l) > 0 && (l[0] == ' ' || l[0] == '\t') {
			l = l[1:]
		}
	}
	return l
}
