// Package ntlm reads what a mail server gives away in the challenge of AUTH NTLM (MS-NLMP section 2.2.1.2): the names of the machine and its
// domain, and the build of the system. It computes no answer and logs in nowhere.
//
// The challenge is base64 of little-endian fields: "NTLMSSP\0", the type 2 (uint32), the target name (length, space, offset), flags (uint32),
// a challenge (8 bytes), 8 reserved bytes, the target information (length, space, offset), then the version (major, minor, build as uint16).
// The target information is a list of pairs: id (uint16), length (uint16), UTF-16LE text; id 0 ends it.
package ntlm

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"hikeshi/actions/smtpcheck/talk"
)

// Negotiate is the message that asks for a challenge, in base64. It names nobody.
const Negotiate = "TlRMTVNTUAABAAAAB4IIogAAAAAAAAAAAAAAAAAAAAAGAbEdAAAADw=="

// The bounds of a challenge and of what is kept of it.
const (
	maxBlob  = 4 << 10
	maxName  = 128 // bytes of UTF-16
	maxPairs = 32
)

// A Leak is what a challenge gives away. Its texts are safe for a terminal.
type Leak struct {
	Names []string // of the machine, its domain, its forest, each once
	Build string   // of the system, 10.0.17763; "" if it does not say
}

// String is the leak in one line.
func (l Leak) String() string {
	s := strings.Join(l.Names, ", ")
	if l.Build != "" {
		s = strings.TrimPrefix(s+", build "+l.Build, ", ")
	}
	return s
}

// errShort says that the challenge ends too early.
var errShort = errors.New("reading an NTLM challenge: it is cut short, or none")

// Parse reads a challenge in base64.
func Parse(blob string) (Leak, error) {
	blob = strings.TrimSpace(blob)
	if len(blob) > maxBlob {
		return Leak{}, fmt.Errorf("reading an NTLM challenge: more than %d bytes", maxBlob)
	}
	b, err := base64.StdEncoding.DecodeString(blob)
	if err != nil {
		return Leak{}, fmt.Errorf("reading an NTLM challenge: %w", err)
	}
	if len(b) < 32 || string(b[:8]) != "NTLMSSP\x00" || binary.LittleEndian.Uint32(b[8:]) != 2 {
		return Leak{}, errShort
	}
	var l Leak
	if name, ok := field(b, 12); ok {
		l.add(name)
	}
	if info, ok := field(b, 40); ok {
		l.pairs(info)
	}
	const hasVersion = 0x02000000
	if binary.LittleEndian.Uint32(b[20:])&hasVersion != 0 && len(b) >= 56 {
		l.Build = fmt.Sprintf("%d.%d.%d", b[48], b[49], binary.LittleEndian.Uint16(b[50:]))
	}
	return l, nil
}

// field returns the bytes that a length and an offset at i point to.
func field(b []byte, i int) ([]byte, bool) {
	if len(b) < i+8 {
		return nil, false
	}
	n, at := int(binary.LittleEndian.Uint16(b[i:])), int64(binary.LittleEndian.Uint32(b[i+4:]))
	if n == 0 || at+int64(n) > int64(len(b)) {
		return nil, false
	}
	return b[at : at+int64(n)], true
}

// pairs reads the target information.
func (l *Leak) pairs(info []byte) {
	for range maxPairs {
		if len(info) < 4 {
			return
		}
		id, n := binary.LittleEndian.Uint16(info), int(binary.LittleEndian.Uint16(info[2:]))
		if id == 0 || len(info) < 4+n {
			return
		}
		if id <= 5 { // names of the machine, the domain and the forest; others are times and flags
			l.add(info[4 : 4+n])
		}
		info = info[4+n:]
	}
}

func (l *Leak) add(name []byte) {
	name = name[:min(len(name)/2*2, maxName)]
	units := make([]uint16, len(name)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(name[2*i:])
	}
	s := talk.Safe(string(utf16.Decode(units)))
	for _, have := range l.Names {
		if have == s {
			return
		}
	}
	if s != "" {
		l.Names = append(l.Names, s)
	}
}
