// Package field reads what the lines of Postfix and Dovecot have in common: peers, addresses, queue ids. It allocates nothing but for an IPv6
// address, and trusts no byte.
package field

import (
	"bytes"
	"net/netip"
)

// MaxID is the length of the longest queue id, in bytes: long ones have 6 or more characters of seconds, 4 of microseconds, a z and the inode
// (src/global/mail_queue.h).
const MaxID = 31

// maxAddr is the length of the longest address, that of an IPv4 address in an IPv6 one with its zone, in bytes.
const maxAddr = 62

// ID cuts the queue id off the beginning of a message, `4104E3D: message-id=<>`. It is nil for NOQUEUE: there is no message yet.
func ID(text []byte) (id, rest []byte, ok bool) {
	n := 0
	for n < len(text) && letters[text[n]] {
		n++
	}
	if n < 5 || n > MaxID || n+1 >= len(text) || text[n] != ':' || text[n+1] != ' ' {
		return nil, text, false
	}
	id, rest = text[:n:n], text[n+2:]
	if string(id) == "NOQUEUE" {
		return nil, rest, true
	}
	if !digits(id) && !hexOnly(id) && !long(id) { // a word such as warning
		return nil, text, false
	}
	return id, rest, true
}

func digits(b []byte) bool {
	for _, c := range b {
		if c >= '0' && c <= '9' {
			return true
		}
	}
	return false
}

func hexOnly(b []byte) bool {
	for _, c := range b {
		if c < 'A' || c > 'F' {
			return false
		}
	}
	return true
}

// long says whether letters can be a long queue id, which has no vowels.
func long(b []byte) bool {
	return len(b) > 10 && bytes.IndexByte(b, 'z') > 0 && !bytes.ContainsAny(b, "AEIOUaeiou")
}

// letters are the bytes that queue ids are made of.
var letters = func() (all [256]bool) {
	for c := range all {
		all[c] = c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
	}
	return all
}()

// Peer reads the first `host[192.0.2.7]` or `[2001:db8::1]:53024` of a text, and returns what follows its bracket. The address is the zero
// Addr where it is unknown. A name before the bracket is Postfix's own, since a host name has no bracket.
func Peer(text []byte) (peer netip.Addr, rest []byte, ok bool) {
	i := bytes.IndexByte(text, '[')
	if i < 0 {
		return peer, nil, false
	}
	n := bytes.IndexByte(text[i:], ']')
	if n < 0 {
		return peer, nil, false
	}
	inner := text[i+1 : i+n]
	peer = Addr(inner)
	return peer, text[i+n+1:], peer.IsValid() || string(inner) == "unknown"
}

// Addr reads an address; the zero Addr if it is none.
func Addr(b []byte) netip.Addr {
	if four, ok := ipv4(b); ok {
		return netip.AddrFrom4(four)
	}
	if rest, ok := bytes.CutPrefix(b, []byte("IPv6:")); ok {
		b = rest
	}
	if len(b) < 2 || len(b) > maxAddr || bytes.IndexByte(b, ':') < 0 {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(string(b))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// ipv4 reads dotted decimal, four numbers without leading zeros.
func ipv4(b []byte) (a [4]byte, ok bool) {
	value, digits, n := 0, 0, 0
	for _, c := range b {
		switch {
		case c >= '0' && c <= '9':
			if digits == 3 || digits > 0 && value == 0 {
				return a, false
			}
			value, digits = value*10+int(c-'0'), digits+1
		case c == '.' && digits > 0 && value < 256 && n < 3:
			a[n] = byte(value)
			value, digits, n = 0, 0, n+1
		default:
			return a, false
		}
	}
	if digits == 0 || value > 255 || n != 3 {
		return a, false
	}
	a[3] = byte(value)
	return a, true
}

// Cut returns what stands between two marks of a text, the first of each, and what follows.
func Cut(text []byte, from, to string) (inner, rest []byte, ok bool) {
	i := bytes.Index(text, []byte(from))
	if i < 0 {
		return nil, nil, false
	}
	text = text[i+len(from):]
	j := bytes.Index(text, []byte(to))
	if j < 0 {
		return nil, nil, false
	}
	return text[:j:j], text[j+len(to):], true
}

// Has cuts a beginning off a text.
func Has(text []byte, begins string) (rest []byte, ok bool) {
	if len(text) < len(begins) || string(text[:len(begins)]) != begins {
		return text, false
	}
	return text[len(begins):], true
}

// Number reads the digits at the beginning of a text; 0 if there are none, or too many.
func Number(text []byte) (n int64) {
	for i, c := range text {
		if c < '0' || c > '9' {
			break
		}
		if i == 15 {
			return 0
		}
		n = n*10 + int64(c-'0')
	}
	return n
}
