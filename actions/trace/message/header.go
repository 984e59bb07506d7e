package message

import (
	"bytes"

	"hikeshi/actions/trace/message/octets"
)

// A keeper collects the fields of a header within their bounds.
type keeper struct {
	m     Message
	value []byte // of the last field
	open  bool   // the last field is kept
	kept  int
}

// add adds text to the last field.
func (k *keeper) add(text []byte) {
	if !k.open {
		return
	}
	if n := min(len(text), maxValue-len(k.value), MaxHeader-k.kept); n > 0 {
		k.value = append(k.value, text[:n]...)
		k.kept += n
	}
}

// begin begins a field.
func (k *keeper) begin(name []byte, at int64) {
	k.end()
	if k.open = len(k.m.Fields) < maxFields && k.kept < MaxHeader; !k.open {
		if k.m.Dropped++; bytes.EqualFold(bytes.TrimRight(name, " \t:"), []byte("Received")) {
			k.m.Lost++
		}
		return
	}
	k.m.Fields = append(k.m.Fields, Field{Name: string(bytes.TrimRight(name, " \t:")), Offset: at})
	k.kept += len(name)
}

// end writes down the value of the last field.
func (k *keeper) end() {
	if k.open {
		k.m.Fields[len(k.m.Fields)-1].Value = string(k.value)
	}
	k.value, k.open = k.value[:0], false
}

// wrapped says that the last field is a Received line that is not complete.
func (k *keeper) wrapped() bool {
	if !k.open || !k.m.Fields[len(k.m.Fields)-1].Is("Received") || len(k.value) >= maxValue {
		return false
	}
	at := bytes.IndexByte(k.value, ';')
	return at < 0 || len(bytes.TrimSpace(k.value[at+1:])) == 0
}

// header reads a header at the beginning of b. base is where b begins in its file, -1 if nobody knows. What follows the header is body.
func header(b []byte, base int64) (m Message, body []byte) {
	var k keeper
	rest := b
	for len(rest) > 0 {
		l, next := octets.Line(rest)
		name := octets.NameIn(l)
		switch {
		case octets.Blank(l):
			k.end()
			return k.m, next
		case (l[0] == ' ' || l[0] == '\t') && len(k.m.Fields) > 0:
			k.add([]byte{'\n'})
			k.add(l)
		case name != nil:
			at := base
			if base >= 0 {
				at += int64(len(b) - len(rest))
			}
			k.begin(name, at)
			k.add(l[len(name):])
		case k.wrapped(): // on the way, and it lost its blank
			k.add([]byte{' '})
			k.add(l)
		case len(k.m.Fields) == 0 && octets.MboxLine.Match(l[:min(len(l), 500)]):
		default:
			k.end()
			k.m.NoBlank = true
			return k.m, rest
		}
		rest = next
	}
	k.end()
	return k.m, rest
}
