package header

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func TestTake(t *testing.T) {
	const mail = "X-A: 1\r\nReceived: from pc (unverified [203.0.113.9])\r\n\tby mail.example.jp;\r\n Sat\r\nreceived: from other\r\nSUBJECT : =?UTF-8?Q?a?=\r\n =?UTF-8?Q?b?=\r\n\r\nFrom: text\r\n"
	got, err := Take(strings.NewReader(mail), "Received", "Subject", "From")
	if err != nil || got[0] != "from pc (unverified [203.0.113.9]) by mail.example.jp; Sat" || got[1] != "=?UTF-8?Q?a?= =?UTF-8?Q?b?=" || got[2] != "" {
		t.Errorf("%q, %v", got, err)
	}
	for text, want := range map[string]string{
		"": "", "\n": "", "Subject": "", "Subject:": "", "Subject: x": "x", " Subject: x\n": "", "Subject: a\nSubject: b\n": "a", "Subject:\n y\n": "y", "Xsubject: a\n": "",
	} {
		if got, err := Take(strings.NewReader(text), "Subject"); err != nil || got[0] != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	broken := errors.New("broken")
	if _, err := Take(io.MultiReader(strings.NewReader("A: b\n"), iotest.ErrReader(broken)), "Subject"); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestTakeStops: nothing behind the last field that is wanted is looked at.
func TestTakeStops(t *testing.T) {
	r := strings.NewReader("Received: from a (b)\nSubject: secret\n" + strings.Repeat("x", 100_000))
	if got, err := Take(r, "Received"); err != nil || len(got) != 1 || got[0] != "from a (b)" {
		t.Errorf("%q, %v", got, err)
	}
	if read := 100_037 - r.Len(); read > 2048 {
		t.Errorf("%d bytes were read", read)
	}
}

func TestBounds(t *testing.T) {
	for name, text := range map[string]string{
		"a line": "Subject: " + strings.Repeat("x", 1<<20), "folded": "Subject: a\n" + strings.Repeat(" y\n", 1<<18),
	} {
		if got, err := Take(strings.NewReader(text), "Subject"); err != nil || len(got[0]) == 0 || len(got[0]) > maxField {
			t.Errorf("%s: %d bytes, %v", name, len(got[0]), err)
		}
	}
	if got, err := Take(strings.NewReader(strings.Repeat("X: y\n", 1<<18)+"Subject: late\n"), "Subject"); err != nil || got[0] != "" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestHELO(t *testing.T) {
	for text, want := range map[string]string{
		"from localhost (unverified [203.0.113.9]) by x": "localhost", "from  a b (x [1]) by y": "a b", "by x": "", "from x by y": "", "": "",
		"from e\x1b[31m (x)": "e?[31m",
	} {
		if got := HELO(text); got != want {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "plain", "": "",
		"=?ISO-2022-JP?B?GyRCQEE1YRsoQg==?= 3":            "請求 3",
		"=?Shift_JIS?B?kL+LgQ==?=":                        "請求",
		"=?EUC-JP?B?wMG14Q==?=":                           "請求",
		"=?UTF-8?B?6KuL?= =?UTF-8?B?5rGC?=":               "請求",
		"\x1b$B@A5a\x1b(B":                                "請求",
		"\xc0\xc1\xb5\xe1":                                "請求",
		"\x90\xbf\x8b\x81":                                "請求",
		"請求":                                              "請求",
		"=?x-klingon?B?AAAA?=":                            "=?x-klingon?B?AAAA?=",
		"=?UTF-8?Q?a=1B[31m=07=E2=80=AEb?=":               "a?[31m??b",
		"\xff\xfe\x00":                                    "???",
		"=?UTF-8?B?" + strings.Repeat("QUFB", 100) + "?=": strings.Repeat("A", maxShown) + "...",
	} {
		if got := Decode(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("=?ISO-2022-JP?B?GyRCQEE1YRsoQg==?=")
	f.Add("\x1b$B@A5a\x1b(B")
	f.Fuzz(func(t *testing.T, text string) {
		if got := Decode(text); strings.ContainsAny(got, "\x1b\x07\n\r\x00\u202e") || len([]rune(got)) > maxShown+3 {
			t.Errorf("%q", got)
		}
		if _, err := Take(strings.NewReader(text), "Subject", "From"); err != nil {
			t.Error(err)
		}
	})
}
