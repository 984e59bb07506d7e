package queuefile

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// rec writes a record.
func rec(kind byte, data string) string {
	var b bytes.Buffer
	b.WriteByte(kind)
	n := len(data)
	for ; n > 0x7f; n >>= 7 {
		b.WriteByte(byte(n&0x7f) | 0x80)
	}
	b.WriteByte(byte(n))
	b.WriteString(data)
	return b.String()
}

// file is a queue file with an envelope, a content, and what follows it.
func file(envelope, content, behind string) []byte {
	const sizes = 2 + 6*16 - 1
	at := sizes + len(envelope) + 2
	head := rec('C', fmt.Sprintf("%15d %15d %15d %15d %15d %15d", len(content), at, 1, 0, len(content), 0))
	if len(head) != sizes {
		panic(len(head))
	}
	return []byte(head + envelope + rec('M', "") + content + rec('X', "") + behind + rec('E', ""))
}

const arrived = "1795190725 123456"

func stolen() []byte {
	env := rec('T', arrived) + rec('A', "create_time=1795190726") + rec('A', "log_client_name=unknown") + rec('A', "log_client_address=203.0.113.9") + rec('A', "log_client_port=51234") +
		rec('A', "log_message_origin=unknown[203.0.113.9]") + rec('A', "log_helo_name=x.example") + rec('A', "log_protocol_name=ESMTPSA") + rec('A', "client_address=127.0.0.1") +
		rec('A', "sasl_method=LOGIN") + rec('A', "sasl_username=taro@example.jp") + rec('S', "taro@example.jp") + rec('A', "dsn_orig_rcpt=rfc822;a@example.com") + rec('O', "a@example.com") + rec('R', "b@example.com") +
		rec('D', "done@example.com") + rec('/', "gone@example.com")
	return file(env, rec('N', "Subject: x")+rec('N', "")+rec('L', "long ")+rec('N', "line")+rec('N', "R looks like a record"), rec('R', "behind@example.com"))
}

func TestRead(t *testing.T) {
	f := stolen()
	m, err := Read(bytes.NewReader(f), int64(len(f)))
	if err != nil {
		t.Fatal(err)
	}
	want := Message{Size: m.Size, Arrived: time.Unix(1795190725, 123456000).UTC(), Created: time.Unix(1795190726, 0).UTC(), Sender: "taro@example.jp", Known: true, Origin: "unknown[203.0.113.9]",
		ClientName: "unknown", Client: netip.MustParseAddr("203.0.113.9"), ClientPort: 51234, HELO: "x.example", Protocol: "ESMTPSA", Method: "LOGIN", Login: "taro@example.jp",
		Recipients: []Recipient{{"b@example.com", "a@example.com", Todo}, {"done@example.com", "", Done}, {"gone@example.com", "", Cancelled}, {"behind@example.com", "", Todo}}, Total: 4, Todo: 2, Content: m.Content}
	if fmt.Sprintf("%+v", m) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", m, want)
	}
	text, _, err := Text(bytes.NewReader(f), int64(len(f)), 1<<20)
	if err != nil || string(text) != "Subject: x\n\nlong line\nR looks like a record\n" {
		t.Errorf("%q, %v", text, err)
	}
}

// TestHostile: circles, lengths that cannot be, and files of other programs end with an error that names the place.
func TestHostile(t *testing.T) {
	sizes := rec('C', "1 100 1 0")
	for name, c := range map[string]struct{ file, want string }{
		"empty":            {"", "offset 0: the file has no end record"},
		"text":             {"From: x\n\n", "no queue file"},
		"a circle":         {sizes + rec('p', fmt.Sprintf("%15d", len(sizes))), "lead in a circle"},
		"to nowhere":       {sizes + rec('p', "99999"), "not in the file"},
		"back":             {sizes + rec('p', "-5"), "not in the file"},
		"no number":        {sizes + rec('p', "x"), "not in the file"},
		"a huge record":    {sizes + "S\xff\xff\xff\x7f", "a record of"},
		"a length no end":  {sizes + "S\xff\xff\xff\xff\xff\xff", "more than five bytes"},
		"sizes of nothing": {rec('C', "x y"), "the sizes are"},
		"negative sizes":   {rec('C', "-1 5"), "the sizes are"},
		"a time of nobody": {sizes + rec('T', "99999999999999999999"), "the time is"},
		"no value":         {sizes + rec('A', "sasl_username"), "without a value"},
	} {
		m, err := Read(strings.NewReader(c.file), int64(len(c.file)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %+v, %v; want %q", name, m, err, c.want)
		}
	}
	many := sizes + strings.Repeat(rec('R', "a@example.com"), 5000) + rec('E', "")
	if m, err := Read(strings.NewReader(many), int64(len(many))); err != nil || m.Total != 5000 || len(m.Recipients) != MaxRecipients {
		t.Errorf("%d of %d recipients, %v", len(m.Recipients), m.Total, err)
	}
	// C lies about the length of the content: then the content is read through, and nothing in it is taken for an envelope.
	lies := strings.Replace(string(stolen()), fmt.Sprintf("%15d", len(rec('N', "Subject: x")+rec('N', "")+rec('L', "long ")+rec('N', "line")+rec('N', "R looks like a record"))), fmt.Sprintf("%15d", 7), 1)
	if m, err := Read(strings.NewReader(lies), int64(len(lies))); err != nil || m.Total != 4 {
		t.Errorf("%+v, %v", m, err)
	}
}

func TestParseID(t *testing.T) {
	for name, want := range map[string]string{"A1B2C3D4E5": "662059 3F4E5", "0F5383D": "62776 3D"} {
		id, ok := ParseID(name)
		if !ok || id.Long {
			t.Errorf("%s: %+v, %v, want %s", name, id, ok, want)
		}
	}
	if id, _ := ParseID("0F5383D"); id.Micro != 0x0F538 || id.Inode != 0x3D {
		t.Errorf("%+v", id)
	}
	id, ok := ParseID("3Pt2mN2VXxznjll")
	if !ok || !id.Long || id.Time.Year() < 2011 || id.Time.Year() > 2016 || id.Inode == 0 {
		t.Errorf("%+v, %v", id, ok)
	}
	for _, bad := range []string{"", "A1B2", "a1b2c3d4e5", "A1B2C3D4E5.tmp", "3Pt2mN2VXxz", "3Pt2mN2VXxzaeiou", ".", "maildrop", strings.Repeat("F", 40), "z"} {
		if id, ok := ParseID(bad); ok {
			t.Errorf("%q: %+v", bad, id)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(stolen())
	f.Add([]byte(rec('C', "1 100 1 0") + rec('p', "0") + rec('E', "")))
	f.Fuzz(func(t *testing.T, file []byte) {
		m, err := Read(bytes.NewReader(file), int64(len(file)))
		if m.Total < len(m.Recipients) || err != nil && !strings.Contains(err.Error(), "offset ") {
			t.Fatalf("%+v, %v", m, err)
		}
		text, more, err := Text(bytes.NewReader(file), int64(len(file)), 1000)
		if len(text) > 1000 || err != nil && !errors.Is(err, ErrIncomplete) && more {
			t.Fatalf("%d bytes, %v", len(text), err)
		}
	})
}

func FuzzParseID(f *testing.F) {
	f.Add("3Pt2mN2VXxznjll")
	f.Add("A1B2C3D4E5")
	f.Fuzz(func(t *testing.T, name string) {
		if id, ok := ParseID(name); ok && (id.Micro < 0 || id.Micro > 0xfffff) {
			t.Fatalf("%q: %+v", name, id)
		}
	})
}
