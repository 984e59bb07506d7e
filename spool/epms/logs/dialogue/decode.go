package dialogue

import "hikeshi/spool/epms/logs/field"

// verb is a command that matters.
type verb uint8

const (
	none verb = iota
	other
	auth
	mailFrom
	rcptTo
	data
	message // the end of DATA
	fetch
	quit
)

// mode is how a client logs in.
type mode uint8

const (
	unnamed mode = iota
	plain        // authorization, name and password with a NUL before the last two (RFC 4616)
	login        // name and password one after another
	cram         // name, space, digest (RFC 2195)
	bearer       // user=NAME, 0x01, token
	bare         // POP3 PASS, IMAP4 LOGIN: the password alone, or behind the name
)

func modeOf(word []byte) mode {
	switch {
	case field.Fold(word, "PLAIN"):
		return plain
	case field.Fold(word, "LOGIN"):
		return login
	case field.Fold(word, "CRAM-MD5"):
		return cram
	case field.Fold(word, "XOAUTH2"), field.Fold(word, "XAOUTH2"):
		return bearer
	}
	return unnamed
}

// take decodes the name out of what a client says in a login, and nothing behind it.
func (t *text) take(m mode, said []byte) {
	t.wipe()
	switch m {
	case plain:
		t.decode(said, 0, 1)
		if t.n == 0 { // no name: the authorization is the name (RFC 4616 section 2)
			t.decode(said, 0, 0)
		}
	case login:
		t.decode(said, -1, 0)
	case cram:
		t.decode(said, ' ', 0)
	case bearer:
		t.decode(said, 1, 0)
		const key = "USER="
		if !field.FoldPrefix(t.bytes(), key) {
			t.wipe()
			return
		}
		t.n = copy(t.data[:], t.data[len(key):t.n])
	}
}

// decode decodes Base64 up to the stop byte, -1 for the end of the text, and keeps what comes behind skip earlier ones. What is behind
// the stop byte is never put together; without one nothing is kept, since it may be a password then. Text that is no Base64 gives
// nothing either.
func (t *text) decode(said []byte, stop int, skip int) {
	t.wipe()
	bits, have := uint32(0), 0
	for _, c := range said {
		v := sextet(c)
		if v > 63 {
			if c == '=' {
				break
			}
			t.wipe()
			return
		}
		bits, have = bits<<6|uint32(v), have+6
		if have < 8 {
			continue
		}
		have -= 8
		b := byte(bits >> have)
		bits &= 1<<have - 1
		switch {
		case int(b) == stop && skip == 0:
			return
		case int(b) == stop:
			skip--
		case skip == 0 && t.n < maxText:
			t.data[t.n] = b
			t.n++
		}
	}
	if stop >= 0 {
		t.wipe()
	}
}

// wipe forgets what turned out to be no name.
func (t *text) wipe() {
	clear(t.data[:t.n])
	t.n = 0
}

// sextet is the value of a character of Base64, 64 for every other.
func sextet(c byte) byte {
	switch {
	case c >= 'A' && c <= 'Z':
		return c - 'A'
	case c >= 'a' && c <= 'z':
		return c - 'a' + 26
	case c >= '0' && c <= '9':
		return c - '0' + 52
	case c == '+':
		return 62
	case c == '/':
		return 63
	}
	return 64
}
