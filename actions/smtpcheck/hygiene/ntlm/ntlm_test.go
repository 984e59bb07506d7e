package ntlm

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
	"testing"
	"unicode/utf16"
)

func wide(s string) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}

// challenge builds one as a server sends it.
func challenge(domain string, pairs ...string) []byte {
	var info []byte
	for i, p := range pairs {
		info = binary.LittleEndian.AppendUint16(info, uint16(i+1))
		info = binary.LittleEndian.AppendUint16(info, uint16(len(wide(p))))
		info = append(info, wide(p)...)
	}
	info = append(info, 0, 0, 0, 0)
	b := append([]byte("NTLMSSP\x00"), 2, 0, 0, 0)
	lengths := func(n, at int) {
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint32(b, uint32(at))
	}
	lengths(len(wide(domain)), 56)
	b = binary.LittleEndian.AppendUint32(b, 0x02808205)
	b = append(b, make([]byte, 16)...)
	lengths(len(info), 56+len(wide(domain)))
	b = append(b, 10, 0, 0x63, 0x45, 0, 0, 0, 15)
	return append(append(b, wide(domain)...), info...)
}

func TestParse(t *testing.T) {
	l, err := Parse(base64.StdEncoding.EncodeToString(challenge("EXAMPLE", "MAIL01", "EXAMPLE", "mail01.corp.example.jp", "corp.example.jp\x1b[2J")))
	if err != nil || l.String() != "EXAMPLE, MAIL01, mail01.corp.example.jp, corp.example.jp?[2J, build 10.0.17763" {
		t.Errorf("%q, %v", l, err)
	}
	for name, blob := range map[string]string{"nothing": "", "no base64": "%%%", "a text": "VXNlcm5hbWU6", "long": strings.Repeat("A", maxBlob+4), "our own": Negotiate,
		"cut": base64.StdEncoding.EncodeToString(challenge("EXAMPLE")[:30])} {
		if l, err := Parse(blob); err == nil {
			t.Errorf("%s: %v", name, l)
		}
	}
}

// FuzzParse: any bytes are a challenge or none.
func FuzzParse(f *testing.F) {
	f.Add(challenge("A", "B", "C"))
	f.Add(challenge("A", "B", "C")[:44])
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := Parse(base64.StdEncoding.EncodeToString(data))
		if err != nil {
			return
		}
		for _, n := range l.Names {
			if strings.ContainsAny(n, "\x00\r\n\x1b") || len(n) > 4*maxName || len(l.Names) > maxPairs+1 {
				t.Fatalf("%q", l)
			}
		}
	})
}
