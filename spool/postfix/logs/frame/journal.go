package frame

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"hikeshi/spool/postfix/logs/field"
)

// journal reads a line of `journalctl -o json` (Journal Export Formats, "Journal JSON Format"): a flat object, whose values are texts, lists of
// bytes where they are no UTF-8, lists of values where a field is there twice, or null where they are too long.
func (r *Reader) journal(line []byte, l *Line) bool {
	s := scanner{text: line[1:]}
	var at, text, program, command []byte
	for {
		key, ok := s.key()
		if !ok {
			break
		}
		switch string(key) {
		case "__REALTIME_TIMESTAMP":
			at = s.value(nil)
		case "MESSAGE":
			r.text = s.value(r.text[:0])
			text = r.text
		case "SYSLOG_IDENTIFIER":
			r.other = s.value(r.other[:0])
			program = r.other
		case "_COMM":
			command = s.value(nil)
		default:
			s.waste = s.value(s.waste[:0])[:0]
		}
	}
	micros := field.Number(at)
	if bytes.IndexByte(at, '-') >= 0 || len(at) < 7 {
		return false
	}
	if len(at) > 15 {
		micros, _ = strconv.ParseInt(string(at[:min(len(at), 18)]), 10, 64)
	}
	if program == nil {
		program = command
	}
	if micros <= 0 || s.bad {
		return false
	}
	l.Wall = r.clock.local(micros / 1_000_000)
	l.Text = once(text)
	if len(program) > 0 && len(program) <= maxProgram {
		l.Program = program
	}
	return true
}

// A scanner goes through one flat object.
type scanner struct {
	text  []byte
	waste []byte
	bad   bool
}

func (s *scanner) space() {
	for len(s.text) > 0 && (s.text[0] == ' ' || s.text[0] == ',' || s.text[0] == '\t' || s.text[0] == ':') {
		s.text = s.text[1:]
	}
}

// key goes to the next key; false at the end.
func (s *scanner) key() (key []byte, ok bool) {
	s.space()
	if len(s.text) == 0 || s.text[0] != '"' {
		s.bad = s.bad || len(s.text) == 0 || s.text[0] != '}'
		return nil, false
	}
	i := bytes.IndexByte(s.text[1:], '"')
	if i < 0 {
		s.bad = true
		return nil, false
	}
	key, s.text = s.text[1:1+i], s.text[i+2:]
	return key, true
}

// value reads a value to the end of to. Of a list of values the first one counts; null is nothing.
func (s *scanner) value(to []byte) []byte {
	s.space()
	switch {
	case len(s.text) == 0:
		s.bad = true
	case s.text[0] == '"':
		return s.quoted(to)
	case s.text[0] == '[':
		return s.list(to)
	default:
		n := bytes.IndexAny(s.text, ",}]")
		if n < 0 {
			n = len(s.text)
		}
		if string(s.text[:n]) != "null" {
			to = append(to, s.text[:n]...)
		}
		s.text = s.text[n:]
	}
	return to
}

// list reads a list of bytes as a text, and of a list of texts the first.
func (s *scanner) list(to []byte) []byte {
	s.text = s.text[1:]
	first := true
	for {
		s.space()
		switch {
		case len(s.text) == 0:
			s.bad = true
			return to
		case s.text[0] == ']':
			s.text = s.text[1:]
			return to
		case s.text[0] == '"':
			one := s.quoted(s.waste[:0])
			if s.waste = one[:0]; first {
				to = append(to, one...)
			}
		case s.text[0] >= '0' && s.text[0] <= '9':
			if n := field.Number(s.text); n < 256 {
				to = append(to, byte(n))
			}
			for len(s.text) > 0 && s.text[0] >= '0' && s.text[0] <= '9' {
				s.text = s.text[1:]
			}
		default:
			if s.text[0] == '[' { // bytes within a list of values
				s.waste = s.list(s.waste[:0])[:0]
				break
			}
			s.text = s.text[1:]
		}
		first = false
	}
}

// quoted reads a text with its escapes.
func (s *scanner) quoted(to []byte) []byte {
	s.text = s.text[1:]
	for {
		i := bytes.IndexAny(s.text, `"\`)
		if i < 0 || i+1 >= len(s.text) && s.text[i] == '\\' {
			s.text, s.bad = nil, true
			return to
		}
		to = append(to, s.text[:i]...)
		c := s.text[i]
		s.text = s.text[i+1:]
		if c == '"' {
			return to
		}
		to = s.escape(to)
	}
}

func (s *scanner) escape(to []byte) []byte {
	c := s.text[0]
	s.text = s.text[1:]
	switch c {
	case 'n':
		return append(to, '\n')
	case 't':
		return append(to, '\t')
	case 'r':
		return append(to, '\r')
	case 'b':
		return append(to, '\b')
	case 'f':
		return append(to, '\f')
	case 'u':
		if len(s.text) < 4 {
			s.bad, s.text = true, nil
			return to
		}
		n, err := strconv.ParseUint(string(s.text[:4]), 16, 32)
		if err != nil {
			s.bad = true
		}
		s.text = s.text[4:]
		return utf8.AppendRune(to, rune(n))
	}
	return append(to, c)
}
