package queue

import (
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hikeshi/spool"
)

func TestMessage(t *testing.T) {
	for _, c := range []struct {
		file, base string
		part       spool.Part
	}{
		{"B0000123123.MSG", "B0000123123", spool.Body},
		{"b0000123123.msg", "B0000123123", spool.Body},
		{"B0000123123.RCP", "B0000123123", spool.Envelope},
		{"B0000123123.rcx", "B0000123123", spool.Envelope},
		{"B0000123123.$CP", "B0000123123", spool.Envelope},
		{"B0000123123.$OK", "B0000123123", spool.State},
		{"B0000123123.$ng", "B0000123123", spool.State},
		{"B0000123123.RST", "B0000123123", spool.State},
		{"B0000123123-T001-R0001-EP001.RCP", "B0000123123", spool.Envelope},
		{"B0000123123-001.MSG", "B0000123123", spool.Body},
		{"B0000123123-M0000abcd.RCP", "B0000123123", spool.Envelope},
		{"Ba0000123123.MSG", "Ba0000123123", spool.Body},
		{"BaB0000123123.MSG", "Bab0000123123", spool.Body},
		{"b1F0000123123-R0001.MSG", "B1f0000123123", spool.Body},
		{"B6b0000000001.RCP", "B6b0000000001", spool.Envelope},
		{"B99999999999.MSG", "B99999999999", spool.Body}, // the counter has passed ten digits
	} {
		base, part, ok := Message(c.file)
		if !ok || base != c.base || part != c.part {
			t.Errorf("Message(%q) = %q, %v, %v; want %q, %v", c.file, base, part, ok, c.base, c.part)
		}
	}
	for _, file := range []string{
		"", ".", "B", "B.MSG", "B123456789.MSG", "B0000123123", "B0000123123.", "B0000123123.MSG.bak", "B0000123123.MS", "B0000123123MSG",
		"A0000123123.MSG", "Bxy0000123123.MSG", "Babc0000123123.MSG", "B0000123123 .MSG", "B0000123123-.MSG", "B0000123123--R1.MSG",
		"B0000123123-R 1.MSG", "B0000123123\n.MSG", "B0000123123-R0001\x1b[31m.MSG", "B000012312a.MSG", " B0000123123.MSG",
		"B0000123123.txt", "Domain.mri", "$LockFile", "../B0000123123.MSG", "B0000123123.MSG\x00", strings.Repeat("B", 300),
	} {
		if base, part, ok := Message(file); ok || base != "" || part != spool.Other {
			t.Errorf("Message(%q) = %q, %v, %v", file, base, part, ok)
		}
	}
}

func TestKindsOfNames(t *testing.T) {
	for file, want := range map[string][3]bool{ // companion, bounce, list split
		"Domain.mri":                    {true, false, false},
		"DOMAIN.MRI":                    {true, false, false},
		"$LockFile":                     {true, false, false},
		"B0000000001.MSG":               {},
		"B0000000001-E001.MSG":          {false, true, false},
		"B0000000001-R0001-EP002.RCP":   {false, true, false},
		"b0000000001-ep01.rcp":          {false, true, false},
		"B0000000001-EX01.RCP":          {},
		"B0000000001-M00000001.RCP":     {false, false, true},
		"B0000000001-T001-M0000001.RCP": {false, false, true},
		"B0000000001-001.RCP":           {},
		"B0000000001-E.RCP":             {},
		"E001-E001.RCP":                 {},
	} {
		if got := [3]bool{Companion(file), Bounce(file), ListSplit(file)}; got != want {
			t.Errorf("%q: %v, want %v", file, got, want)
		}
	}
}

func TestReadEnvelope(t *testing.T) {
	many := "Return-path: <a@example.jp>\n" + strings.Repeat("Recipient: <v@example.com>\n", MaxRecipients+5)
	for _, c := range []struct {
		name, text string
		want       spool.MessageEnvelope
	}{
		{"as written", "Message-ID: <B0000000001@mail.example.jp>\r\nReturn-path: <taro@example.jp>\r\nRecipient: <a@example.com>\r\nRecipient: <b@example.net>\r\n",
			spool.MessageEnvelope{ID: "B0000000001@mail.example.jp", Sender: "taro@example.jp", Recipients: []string{"a@example.com", "b@example.net"}, Total: 2}},
		{"LF, other case, no final LF", "message-id: <x>\nRETURN-PATH:taro@example.jp\nrecipient:  a@example.com", spool.MessageEnvelope{ID: "x", Sender: "taro@example.jp", Recipients: []string{"a@example.com"}, Total: 1}},
		{"null sender", "Message-ID: <x>\r\nReturn-path: \r\nRecipient: <a@example.com>\r\n", spool.MessageEnvelope{ID: "x", Recipients: []string{"a@example.com"}, Total: 1}},
		{"null sender in brackets", "Return-path: <>\nRecipient: <a@example.com>\n", spool.MessageEnvelope{Recipients: []string{"a@example.com"}, Total: 1}},
		{"the first sender counts", "Return-path: <a@example.jp>\nReturn-path: <b@example.jp>\n", spool.MessageEnvelope{Sender: "a@example.jp"}},
		{"an empty first sender counts", "Return-path:\nReturn-path: <b@example.jp>\n", spool.MessageEnvelope{}},
		{"unknown lines", "X: y\n\n\x00\nReturn-path: <a@example.jp>\nnothing\n", spool.MessageEnvelope{Sender: "a@example.jp"}},
		{"more than are kept", many, spool.MessageEnvelope{Sender: "a@example.jp", Recipients: slices.Repeat([]string{"v@example.com"}, MaxRecipients), Total: MaxRecipients + 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ReadEnvelope(strings.NewReader(c.text))
			if err != nil || got.ID != c.want.ID || got.Sender != c.want.Sender || got.Total != c.want.Total || !slices.Equal(got.Recipients, c.want.Recipients) {
				t.Errorf("got %.200v, %v", got, err)
			}
		})
	}
	for name, r := range map[string]io.Reader{
		"empty":       strings.NewReader(""),
		"no sender":   strings.NewReader("Message-ID: <x>\nRecipient: <a@example.com>\n"),
		"a long line": strings.NewReader("Return-path: <" + strings.Repeat("a", 5000) + ">\n"),
		"endless":     io.MultiReader(strings.NewReader("Return-path: <a@example.jp>\n"), endless("Recipient: <v@example.com>\n")),
		"endless NUL": endless("\x00"),
	} {
		if e, err := ReadEnvelope(r); err == nil {
			t.Errorf("%s: read as %v", name, e)
		} else if !strings.HasPrefix(err.Error(), "reading envelope: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// endless repeats itself for ever.
type endless string

func (e endless) Read(b []byte) (int, error) {
	n := 0
	for n < len(b) {
		n += copy(b[n:], e)
	}
	return n, nil
}

func TestReadClient(t *testing.T) {
	const tail = " by mail.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail.example.jp>;\r\n\tSat, 21 Nov 2026 03:12:00 +0900\r\n"
	for _, c := range []struct{ name, text, want string }{
		{"as written", "Received: from pc (unverified [203.0.113.9])" + tail + "From: x\r\n\r\n", "203.0.113.9"},
		{"LF and lower case", "received: from pc (unverified [203.0.113.9]) by x\n\t(y) id <z>;\n\n", "203.0.113.9"},
		{"IPv6", "Received: from pc (unverified [2001:db8::9])" + tail, "2001:db8::9"},
		{"IPv6 with its tag", "Received: from pc (unverified [IPv6:2001:db8::9])" + tail, "2001:db8::9"},
		{"IPv4 in IPv6", "Received: from pc (unverified [::ffff:203.0.113.9])" + tail, "203.0.113.9"},
		{"with TLS", "Received: from pc (unverified [203.0.113.9]) by mail.example.jp (version=TLSv1.3 cipher=AES256 bits=256)\r\n\t(E-POST) with ESMTP id <x>;\r\n", "203.0.113.9"},
		{"folded before the address", "Received: from pc\r\n\t(unverified [203.0.113.9])" + tail, "203.0.113.9"},
		{"a name before the address", "Received: from pc (pc.example.com [203.0.113.9])" + tail, "203.0.113.9"},
		{"short form", "Received: from x ([203.0.113.9])\r\nFrom: y\r\n", "203.0.113.9"},
		{"behind other fields", "Return-Path: <a@example.jp>\r\nX: y\r\n z\r\nReceived: from pc (unverified [203.0.113.9])" + tail, "203.0.113.9"},
		{"only the topmost counts", "Received: from pc (unverified [203.0.113.9])" + tail + "Received: from pc (unverified [198.51.100.1])" + tail, "203.0.113.9"},
		{"forged in HELO", "Received: from [198.51.100.1] (unverified [203.0.113.9])" + tail, "203.0.113.9"},
		{"a whole line forged in HELO", "Received: from x (unverified [198.51.100.1]) by mail.example.jp (unverified [203.0.113.9])" + tail, "203.0.113.9"},
		{"no address at the top", "Received: by mail.example.jp\r\nReceived: from pc (unverified [198.51.100.1])" + tail, ""},
		{"address in HELO alone", "Received: from [198.51.100.1] by mail.example.jp (E-POST)\r\n", ""},
		{"address among other words", "Received: from x (account a HELO [198.51.100.1])" + tail, ""},
		{"no address", "Received: from pc (unverified [not one])" + tail, ""},
		{"a zone", "Received: from pc (unverified [fe80::1%eth0])" + tail, ""},
		{"in the body", "From: x\r\n\r\nReceived: from pc (unverified [198.51.100.1])" + tail, ""},
		{"none", "From: x\r\n\r\nbody", ""},
		{"empty", "", ""},
		{"no line end", "Received: from pc (unverified [203.0.113.9])", "203.0.113.9"},
		{"long line", "Received: from " + strings.Repeat("h", 3000) + " (unverified [203.0.113.9])" + tail, "203.0.113.9"},
		{"too long a line", "Received: from " + strings.Repeat("h", 9000) + " (unverified [203.0.113.9])" + tail, ""},
		{"behind too long a header", strings.Repeat("X: y\r\n", 20000) + "Received: from pc (unverified [203.0.113.9])" + tail, ""},
		{"a word that begins alike", "Received-SPF: from pc (unverified [198.51.100.1])" + tail, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, err := ReadClient(strings.NewReader(c.text))
			want, _ := netip.ParseAddr(c.want)
			if err != nil || a != want {
				t.Errorf("got %v, %v", a, err)
			}
		})
	}
	if a, err := ReadClient(endless("Received: x ")); err != nil || a.IsValid() {
		t.Errorf("endless: %v, %v", a, err)
	}
}

func FuzzMessage(f *testing.F) {
	for _, s := range []string{"B0000123123.MSG", "bAf0000123123-R0001.$CP", "B0000123123-T001-R0001-EP001.rcp", "Domain.mri", "B\n.MSG", "B0000123123-\xff.MSG"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		base, part, ok := Message(file)
		if Companion(file) && ok {
			t.Errorf("%q is both", file)
		}
		Bounce(file)
		ListSplit(file)
		if !ok {
			if base != "" || part != spool.Other {
				t.Errorf("%q: %q, %v", file, base, part)
			}
			return
		}
		if part == spool.Other || len(base) < 11 || len(base) > 13 || !strings.HasPrefix(strings.ToUpper(file), strings.ToUpper(base)) {
			t.Errorf("%q: %q, %v", file, base, part)
		}
		for _, other := range []string{strings.ToUpper(file), strings.ToLower(file), base + ".MSG"} {
			if b, _, ok := Message(other); !ok || b != base {
				t.Errorf("%q gives %q, %q gives %q", file, base, other, b)
			}
		}
		if strings.ContainsFunc(file, func(r rune) bool { return r < ' ' || r > '~' || r == '/' }) {
			t.Errorf("%q was taken", file)
		}
	})
}

func FuzzReadEnvelope(f *testing.F) {
	f.Add([]byte("Message-ID: <B0000000001@mail.example.jp>\r\nReturn-path: <taro@example.jp>\r\nRecipient: <a@example.com>\r\n"))
	f.Add([]byte("Return-path:\nRecipient: x\nRecipient:\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ReadEnvelope(strings.NewReader(string(data)))
		if e.Total < len(e.Recipients) || len(e.Recipients) > MaxRecipients {
			t.Errorf("%d of %d recipients", len(e.Recipients), e.Total)
		}
		if err != nil {
			return
		}
		// What was read, written again, reads the same, if no address has brackets or white space of its own.
		var b strings.Builder
		fmt.Fprintf(&b, "Message-ID: <%s>\r\nReturn-path: <%s>\r\n", e.ID, e.Sender)
		for _, r := range e.Recipients {
			fmt.Fprintf(&b, "Recipient: <%s>\r\n", r)
			if strings.ContainsAny(r, "\n") {
				t.Errorf("recipient %q", r)
			}
		}
		again, err := ReadEnvelope(strings.NewReader(b.String()))
		if err != nil || again.Sender != e.Sender || again.ID != e.ID || !slices.Equal(again.Recipients, e.Recipients) {
			t.Errorf("%+v became %+v, %v", e, again, err)
		}
	})
}

func FuzzReadClient(f *testing.F) {
	f.Add("pc", []byte("Received: from a (unverified [203.0.113.9]) by b\r\n\r\n"))
	f.Add("[198.51.100.1] (unverified [198.51.100.1]) by x", []byte("Received: by\r\n\t[203.0.113.9])\r\n"))
	f.Fuzz(func(t *testing.T, helo string, data []byte) {
		if _, err := ReadClient(strings.NewReader(string(data))); err != nil {
			t.Error(err)
		}
		// Whatever a client says in HELO, and in the mail itself, cannot hide its address.
		if strings.ContainsAny(helo, "\r\n") || len(helo) > 4000 {
			return
		}
		mail := "Received: from " + helo + " (unverified [203.0.113.9]) by mail.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail.example.jp>;\r\n\tSat, 21 Nov 2026 03:12:00 +0900\r\n" + string(data)
		if strings.HasPrefix(string(data), " ") || strings.HasPrefix(string(data), "\t") {
			return // would be part of the same field
		}
		if a, err := ReadClient(strings.NewReader(mail)); err != nil || a != netip.MustParseAddr("203.0.113.9") {
			t.Errorf("%v, %v from %q", a, err, mail)
		}
	})
}
