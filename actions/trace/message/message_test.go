package message

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

const spam = "Received: from pc (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 12:12:00 +0900\r\nFrom: taro@example.jp\r\nSubject: win\r\n\r\nbuy\r\n"

const envelope = "Received: from mx.example.net (mx.example.net [198.51.100.7]) by abuse.example.jp; Sat, 21 Nov 2026 13:00:00 +0900\r\nFrom: angry@example.net\r\nMIME-Version: 1.0\r\n"

// mixed is a complaint with one part after a word.
func mixed(kind, header, body string) string {
	return envelope + "Content-Type: " + kind + "; boundary=\"b(1)\"\r\n\r\n--b(1)\r\n\r\nStop this.\r\n--b(1)\r\n" + header + "\r\n\r\n" + body + "\r\n--b(1)--\r\n"
}

// other gives the outer boundary another name.
func other(text string, n int) string {
	return strings.ReplaceAll(text, "b(1)", fmt.Sprintf("b(%d)", n))
}

func quote(text, mark string) string {
	return mark + strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\n", "\n"+mark) + "\n"
}

// taken is the last message of a mail that has a way of its own.
func taken(m Mail) Message {
	all := m.Judged()
	return m.Found[all[len(all)-1]]
}

// why are the reasons for which parts were not read.
func why(m Mail) (all []Why) {
	for _, g := range m.Gaps {
		all = append(all, g.Why)
	}
	return all
}

func read(t *testing.T, text string) File {
	t.Helper()
	f, err := Read(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFindsTheSpam: the spam is found in every dress, its Received line whole, and at its place.
func TestFindsTheSpam(t *testing.T) {
	wrapped := strings.NewReplacer("\r\n\t", "\n").Replace(spam)
	outlook := strings.ReplaceAll(spam, "Subject", "X-Odd: \xff\xfe\xe3\r\nSubject")
	for _, c := range []struct {
		name, text string
		how        How
		part       string
		placed     bool
	}{
		{"as a file", spam, Itself, "", true},
		{"with LF", strings.ReplaceAll(spam, "\r\n", "\n"), Itself, "", true},
		{"with CR alone", strings.ReplaceAll(spam, "\r\n", "\r"), Itself, "", true},
		{"with octets above 127", outlook, Itself, "", true},
		{"in an mbox of one", "From taro@example.jp Sat Nov 21 12:12:00 2026\n" + strings.ReplaceAll(spam, "\r\n", "\n"), Itself, "", true},
		{"without a blank line", strings.Replace(spam, "\r\n\r\n", "\r\n", 1), Itself, "", true},
		{"with a mark of UTF-8", "\xef\xbb\xbf" + spam, Itself, "", false},
		{"attached", mixed("multipart/mixed", "Content-Type: message/rfc822", spam), Attached, "2", true},
		{"attached as a file", mixed("multipart/mixed", "Content-Type: application/octet-stream; name=\"spam.eml\"", spam), Attached, "2", true},
		{"attached in base64", mixed("multipart/mixed", "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64", base64.StdEncoding.EncodeToString([]byte(spam))), Attached, "2", false},
		{"attached in what is attached", mixed("multipart/mixed", "Content-Type: message/rfc822", other(mixed("multipart/mixed", "Content-Type: message/rfc822", spam), 2)), Attached, "2.2", true},
		{"in a digest", mixed("multipart/digest", "X-Nothing: here", spam), Attached, "2", true},
		{"its header in a bounce", mixed("multipart/report; report-type=delivery-status", "Content-Type: text/rfc822-headers", spam), Reported, "2", true},
		{"reported, with another one in it", mixed("multipart/report; report-type=feedback-report", "Content-Type: message/rfc822",
			"Received: from pc (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 12:12:00 +0900\r\n"+other(mixed("multipart/mixed", "Content-Type: message/rfc822", envelope+"\r\n"), 2)), Reported, "2", true},
		{"quoted", envelope + "\r\nLook:\n\n" + quote(spam, "> ") + "\nBye\n", Quoted, "", true},
		{"quoted twice, and a field before", envelope + "\r\n>> Return-Path: <taro@example.jp>\n" + quote(spam, ">> ") + "\nBye\n", Quoted, "", true},
		{"quoted without marks, after prose", envelope + "\r\nNote: see what\ncame here\n" + spam, Quoted, "", true},
		{"quoted and wrapped", envelope + "\r\nLook:\n" + quote(wrapped, "> "), Quoted, "", true},
		{"quoted and indented", envelope + "\r\nLook:\n" + quote(spam, "    "), Quoted, "", true},
		{"quoted in quoted-printable", envelope + "Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + strings.ReplaceAll(quote(spam, "> "), "id <B", "id=\r\n <B"), Quoted, "", false},
		{"quoted in HTML", envelope + "Content-Type: text/html\r\n\r\n<p>Look:</p><div>" + strings.NewReplacer("<", "&lt;", ">", "&gt;", "\r\n", "<br>\r\n").Replace(spam) + "</div>", Quoted, "", false},
		{"pasted", "\nThis came:\n\n" + spam, Quoted, "", true},
		{"with a boundary that nobody closes", strings.TrimSuffix(mixed("multipart/mixed", "Content-Type: message/rfc822", spam), "\r\n--b(1)--\r\n"), Attached, "2", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := read(t, c.text)
			m := taken(f.Mails[0])
			if c.how == Reported && len(f.Mails[0].Found) != 2 {
				t.Errorf("%d messages are found: what is attached to the spam is the spammer's", len(f.Mails[0].Found))
			}
			if m.How != c.how || m.Part != c.part || len(f.Mails) != 1 {
				t.Errorf("it is %s %q of %d mails, want %s %q", m.How, m.Part, len(f.Mails), c.how, c.part)
			}
			got := strings.Join(strings.Fields(m.Get("Received")), " ")
			if want := "from pc (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>; Sat, 21 Nov 2026 12:12:00 +0900"; got != want {
				t.Errorf("its line is\n%s", got)
			}
			for _, field := range m.Fields {
				if !field.Is("Received") {
					continue
				}
				if placed := field.Offset >= 0; placed != c.placed || placed && !strings.HasPrefix(strings.TrimLeft(c.text[field.Offset:], "> \t"), "Received:") {
					t.Errorf("its place is %d", field.Offset)
				}
			}
			if outer := f.Mails[0].Found[0]; outer.Depth != 0 || outer.In != -1 || m.Depth > 0 && !f.Mails[0].Holds(0, len(f.Mails[0].Found)-1) {
				t.Errorf("the mail itself is %+v", outer)
			}
		})
	}
}

// TestUTF16: both orders, with and without the mark.
func TestUTF16(t *testing.T) {
	for _, order := range []string{"little", "big"} {
		for _, mark := range []string{"\ufeff", ""} {
			var b []byte
			for _, u := range utf16.Encode([]rune(mark + spam)) {
				if order == "little" {
					b = append(b, byte(u), byte(u>>8))
				} else {
					b = append(b, byte(u>>8), byte(u))
				}
			}
			f, err := Read(bytes.NewReader(b))
			if err != nil || !strings.HasPrefix(taken(f.Mails[0]).Get("Received"), "from pc ") {
				t.Errorf("%s endian, mark %q: %+v %v", order, mark, f, err)
			}
		}
	}
}

// TestGaps: what may hold the spam and cannot be read is named, with its file; what is no mail is not.
func TestGaps(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
	}{
		{"nothing", spam, "[]"},
		{"a picture", mixed("multipart/mixed", "Content-Type: image/png; name=x.png", "x"), "[]"},
		{"mail of Outlook", mixed("multipart/mixed", "Content-Type: application/vnd.ms-outlook; name=\"spam.msg\"", "x"), "[{sealed 2 spam.msg}]"},
		{"mail of Outlook by its name", mixed("multipart/mixed", "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"SPAM.MSG\"", "x"), "[{sealed 2 SPAM.MSG}]"},
		{"a name that moves the cursor", mixed("multipart/mixed", "Content-Type: application/octet-stream; name=\"\x1b[2J.msg\"", "x"), "[{sealed 2 ?[2J.msg}]"},
		{"an archive", mixed("multipart/mixed", "Content-Type: application/zip; name=a.zip", "x"), "[{packed 2 a.zip}]"},
		{"encrypted", envelope + "Content-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\nContent-Type: application/pgp-encrypted\r\n\r\nVersion: 1\r\n--b--\r\n", "[{sealed 1 }]"},
		{"no boundary", envelope + "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", "[{broken  }]"},
		{"a boundary that never comes", envelope + "Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", "[{broken  }]"},
	} {
		if got := fmt.Sprint(read(t, c.text).Mails[0].Gaps); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// TestJudged: of several messages each is found, with the one that holds it; one in a mail whose parts cannot be told is found as text.
func TestJudged(t *testing.T) {
	two := strings.Replace(mixed("multipart/mixed", "Content-Type: message/rfc822", spam), "\r\n--b(1)--", "\r\n--b(1)\r\nContent-Type: message/rfc822\r\n\r\n"+spam+"\r\n--b(1)--", 1)
	m := read(t, two).Mails[0]
	if !slices.Equal(m.Judged(), []int{0, 1, 2}) || m.Found[1].Part != "2" || m.Found[2].Part != "3" || !m.Holds(0, 2) || m.Holds(1, 2) {
		t.Errorf("judged %v of %+v", m.Judged(), m.Found)
	}
	deep := read(t, mixed("multipart/mixed", "Content-Type: message/rfc822", other(mixed("multipart/mixed", "Content-Type: message/rfc822", spam), 2))).Mails[0]
	if !slices.Equal(deep.Judged(), []int{0, 1, 2}) || !deep.Holds(1, 2) || !deep.Holds(0, 2) || deep.Holds(2, 1) {
		t.Errorf("judged %v of %+v", deep.Judged(), deep.Found)
	}
	if m := read(t, envelope+"Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"+spam+"--b--\r\n").Mails[0]; taken(m).How != Quoted {
		t.Errorf("without a boundary: %+v", m)
	}
	if m := read(t, "  "+strings.ReplaceAll(spam, "\r\n\t", "\r\n    ")).Mails[0]; taken(m).How != Quoted || !strings.HasPrefix(taken(m).Get("Received"), "from pc ") {
		t.Errorf("pasted with blanks before it: %+v", m)
	}
}

func TestMbox(t *testing.T) {
	one := "From x Sat Nov 21 12:12:00 2026\n" + strings.ReplaceAll(spam, "\r\n", "\n") + ">From y Sat Nov 21 12:12:00 2026\nFrom here on it is text\n\n"
	f := read(t, one+strings.Replace(one, "203.0.113.9", "203.0.113.10", 1))
	if len(f.Mails) != 2 || f.Mails[1].Number != 2 || !strings.Contains(taken(f.Mails[1]).Get("Received"), "203.0.113.10") {
		t.Errorf("%d mails: %+v", len(f.Mails), f)
	}
	if f := read(t, strings.Repeat(one, MaxMails+7)); len(f.Mails) != MaxMails || f.Left != 7 {
		t.Errorf("%d mails, %d left out", len(f.Mails), f.Left)
	}
}

// TestReport: the fields of RFC 5965, Appendix B.
func TestReport(t *testing.T) {
	part := "Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: SomeGenerator/1.0\r\nVersion: 1\r\nOriginal-Mail-From: <taro@example.jp>\r\nOriginal-Rcpt-To: <user@example.com>\r\nArrival-Date: Sat, 21 Nov 2026 12:13:00 +0900\r\nReporting-MTA: dns; mail.example.com\r\nSource-IP: 192.0.2.25\r\nReported-Domain: example.jp\r\n--b(1)\r\nContent-Type: message/rfc822"
	r := read(t, mixed("multipart/report; report-type=feedback-report", part, spam)).Mails[0]
	got := fmt.Sprintf("%+v", *r.Report)
	want := fmt.Sprintf("%+v", Report{Type: "abuse", SourceIP: netip.MustParseAddr("192.0.2.25"), From: "taro@example.jp", To: []string{"user@example.com"},
		Arrival: time.Date(2026, 11, 21, 3, 13, 0, 0, time.UTC), Reporter: "dns; mail.example.com", Domains: []string{"example.jp"}})
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if m := taken(r); m.How != Reported || m.Part != "3" {
		t.Errorf("the spam is %s %s", m.How, m.Part)
	}
}

// TestBounds: what is too much is left out and said, in bounded time.
func TestBounds(t *testing.T) {
	if _, err := Read(strings.NewReader(" \r\n")); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty file: %v", err)
	}
	for _, begin := range []string{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "!BDN"} {
		if _, err := Read(strings.NewReader(begin + "\x00\r\n" + spam)); !errors.Is(err, ErrOutlook) {
			t.Errorf("a file of Outlook: %v", err)
		}
	}
	if _, err := Read(strings.NewReader("\xd0\xcf\r\n" + spam)); err != nil {
		t.Errorf("two of its bytes alone: %v", err)
	}
	nested := spam
	for i := range 2 * maxNest {
		nested = mixed("multipart/mixed", "Content-Type: message/rfc822", other(nested, 100+i))
	}
	for _, c := range []struct {
		name, text string
		want       func(File) bool
	}{
		{"a line of 10 MB", "X-Long: " + strings.Repeat("x", 10<<20) + "\r\n" + spam, func(f File) bool { return taken(f.Mails[0]).Count("Received") == 1 }},
		{"folds of 10 MB", "X-Long: " + strings.Repeat("\r\n x", 3<<20) + "\r\n" + spam, func(f File) bool { return taken(f.Mails[0]).Count("Received") == 1 }},
		{"10,000 lines", strings.Repeat("Received: from a by b; x\r\n", 10_000) + "\r\n", func(f File) bool {
			return taken(f.Mails[0]).Dropped == 10_000-maxFields && taken(f.Mails[0]).Lost == 10_000-maxFields
		}},
		{"a header of 3 MiB", strings.Repeat("Received: "+strings.Repeat("x", 1<<10)+"\r\n", 3<<10) + "\r\n", func(f File) bool { return taken(f.Mails[0]).Dropped > 1000 }},
		{"too deep", nested, func(f File) bool { return slices.Contains(why(f.Mails[0]), Deep) }},
		{"a file of 65 MiB", spam + strings.Repeat("> x: y\n", (65<<20)/7), func(f File) bool { return f.Cut }},
		{"CR alone, 20 MB", strings.Repeat("\r", 20<<20) + "x", func(f File) bool { return len(f.Mails) == 1 }},
		{"parts without end", envelope + "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\n", 5000), func(f File) bool { return slices.Contains(why(f.Mails[0]), Many) }},
		{"wrapped without end", "Received: x\n" + strings.Repeat("y\n", 1<<20), func(f File) bool { return len(taken(f.Mails[0]).Fields[0].Value) <= maxValue }},
	} {
		began := time.Now()
		f := read(t, c.text)
		if !c.want(f) {
			t.Errorf("%s: %d mails, left %d, cut %v, %v", c.name, len(f.Mails), f.Left, f.Cut, f.Mails[0].Gaps)
		}
		if took := time.Since(began); took > time.Minute {
			t.Errorf("%s took %s", c.name, took)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(spam))
	f.Add([]byte(mixed("multipart/mixed", "Content-Type: message/rfc822", spam)))
	f.Add([]byte(mixed("multipart/report; report-type=feedback-report", "Content-Type: message/feedback-report\r\n\r\nSource-IP: 192.0.2.25\r\n--b(1)\r\nContent-Type: message/rfc822", spam)))
	f.Add([]byte(envelope + "\r\nLook:\n" + quote(spam, "> ")))
	f.Add([]byte("From x Sat Nov 21 12:12:00 2026\n" + spam + "\nFrom y 2026\n" + spam))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, m := range file.Mails {
			if len(m.Found) == 0 || len(m.Judged()) == 0 || len(m.Found) > maxFound || len(m.Gaps) > maxGaps {
				t.Fatalf("%d found, judged %v, %d not read", len(m.Found), m.Judged(), len(m.Gaps))
			}
			for i, x := range m.Found {
				if x.In >= i || (x.In < 0) != (i == 0) || i > 0 && !m.Holds(0, i) {
					t.Fatalf("message %d lies in %d", i, x.In)
				}
			}
			for _, x := range m.Found {
				for _, field := range x.Fields {
					if field.Offset >= int64(len(data)) || len(field.Value) > maxValue || len(x.Fields) > maxFields {
						t.Fatalf("%+v", field)
					}
					if at := field.Offset; at >= 0 && !bytes.Contains(data[at:], []byte(field.Name)) {
						t.Fatalf("%q is not at %d", field.Name, at)
					}
				}
			}
		}
	})
}
