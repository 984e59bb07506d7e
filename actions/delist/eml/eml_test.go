package eml_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"net/mail"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"hikeshi/actions/delist/eml"
)

// read reads a message back as a mail program does.
func read(t interface{ Fatal(...any) }, raw []byte) (*mail.Message, string, string) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	var text io.Reader
	switch way := m.Header.Get("Content-Transfer-Encoding"); way {
	case "base64":
		text = base64.NewDecoder(base64.StdEncoding, m.Body)
	case "8bit":
		text = m.Body
	default:
		t.Fatal("transfer encoding " + way)
	}
	body, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	return m, subject, strings.ReplaceAll(string(body), "\r\n", "\n")
}

func TestReadsBack(t *testing.T) {
	at := time.Date(2026, 11, 22, 4, 44, 0, 0, time.FixedZone("JST", 9*3600))
	for name, m := range map[string]eml.Message{
		"english": {
			From: mail.Address{Name: "Mail administrator, Example", Address: "admin@example.jp"}, To: []mail.Address{{Address: "noc@example.com"}, {Name: "Abuse desk", Address: "abuse@example.com"}},
			Subject: "Mail server mail1.example.jp: delivery is stopped", Body: "From here on\nit is = known.\n\n.\nFrom x\n", Date: at,
		},
		"japanese": {
			From: mail.Address{Name: "株式会社見本 メール管理者", Address: "admin@example.jp"}, To: []mail.Address{{Name: "見本ネットワーク株式会社 運用センター 迷惑メール対応窓口 御中", Address: "abuse@example.com"}},
			Subject: "【重要】メールサーバの配送を停止しています（原因調査中のため、次のご連絡は 05:45 を予定しています）", Body: "お世話になっております。\n\n配送を停止しました。\n", Date: at,
		},
		"bare":    {Subject: "", Body: ""},
		"encoded": {Subject: "=?utf-8?q?a=0D=0ABcc:_x@example.com?=", Body: "=?utf-8?q?x?="},
		"long":    {Subject: strings.Repeat("x", 2000), Body: strings.Repeat("y", 3000) + "\n" + strings.Repeat("あ", 3000) + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := m.Bytes()
			if err != nil {
				t.Fatal(err)
			}
			got, subject, body := read(t, raw)
			if subject != m.Subject || body != m.Body {
				t.Errorf("read back subject %q, text %q", subject, body)
			}
			if got.Header.Get("X-Unsent") != "1" || got.Header.Get("Mime-Version") != "1.0" || got.Header.Get("Content-Type") != "text/plain; charset=UTF-8" {
				t.Errorf("header is %v", got.Header)
			}
			people(t, got.Header, "From", m.From)
			people(t, got.Header, "To", m.To...)
			if date, err := got.Header.Date(); !m.Date.IsZero() && (err != nil || !date.Equal(m.Date)) {
				t.Errorf("date is %v: %v", date, err)
			}
			lines(t, raw)
		})
	}
}

func people(t *testing.T, h mail.Header, field string, want ...mail.Address) {
	t.Helper()
	if len(want) == 0 || want[0].Address == "" {
		if h.Get(field) != "" {
			t.Errorf("%s is %q, want none", field, h.Get(field))
		}
		return
	}
	got, err := h.AddressList(field)
	if err != nil || len(got) != len(want) {
		t.Fatalf("%s is %v: %v", field, got, err)
	}
	for i := range want {
		if *got[i] != want[i] {
			t.Errorf("%s is %v, want %v", field, *got[i], want[i])
		}
	}
}

// lines checks line ends and lengths: 998 (RFC 5322 2.1.1), and 76 where something is encoded (RFC 2045 6.8, RFC 2047 2).
func lines(t interface{ Errorf(string, ...any) }, raw []byte) {
	text := strings.ReplaceAll(string(raw), "\r\n", "\x00")
	if strings.ContainsAny(text, "\r\n") {
		t.Errorf("a line ends in a bare CR or LF")
	}
	_, end, _ := strings.Cut(text, "\x00\x00")
	if !strings.Contains(text, "Content-Transfer-Encoding: base64") {
		end = ""
	}
	for line := range strings.SplitSeq(text, "\x00") {
		if len(line) > 998 || len(line) > 76 && (strings.Contains(line, "=?UTF-8?B?") || strings.Contains(end, line)) {
			t.Errorf("a line of %d characters: %.100s", len(line), line)
		}
	}
}

func TestNothingIsInjected(t *testing.T) {
	for _, bad := range []string{
		"a@example.jp\r\nBcc: b@example.com", "a@example.jp, b@example.com", "A <a@example.jp>", "a@example.jp\n", " a@example.jp", "a", "a@b@c", "\"a\r\n\"@example.jp", "あ@example.jp",
		strings.Repeat("a", 250) + "@example.jp", "group: a@example.jp;",
	} {
		if raw, err := (eml.Message{From: mail.Address{Address: bad}}).Bytes(); err == nil {
			t.Errorf("From %q was taken:\n%s", bad, raw)
		}
		if raw, err := (eml.Message{To: []mail.Address{{Address: bad}}}).Bytes(); err == nil {
			t.Errorf("To %q was taken:\n%s", bad, raw)
		}
	}
}

// TestAnyText holds that whatever stands in a field, the message has the same header fields and one recipient.
func TestAnyText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SampledFrom([]string{"\r\n", "\n", "\r", "Bcc: x@example.com", "\r\n\r\n", "\x00", "\x1b[2J", "\u202e", "\u2028", "=?utf-8?b?", "?=", " ", ",", "<", ">", "\"", "\\", "あ", "x", "\xff", strings.Repeat("w", 90)})
		text := func(label string) string { return strings.Join(rapid.SliceOfN(parts, 0, 12).Draw(t, label), "") }
		m := eml.Message{
			From: mail.Address{Name: text("from"), Address: "a@example.jp"}, To: []mail.Address{{Name: text("to"), Address: "b@example.jp"}}, Subject: text("subject"), Body: text("body"),
		}
		raw, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, subject, body := read(t, raw)
		if len(got.Header) != 7 {
			t.Fatalf("header is %v", got.Header)
		}
		for _, field := range []string{"From", "To"} {
			if list, err := got.Header.AddressList(field); err != nil || len(list) != 1 {
				t.Fatalf("%s is %v: %v", field, list, err)
			}
		}
		if strings.ContainsAny(subject, "\r\n\x00\x1b\u202e\u2028") || strings.ContainsAny(body, "\r\x00\x1b\u202e\u2028") {
			t.Fatalf("control characters are left: %q, %q", subject, body)
		}
		lines(t, raw)
	})
}
