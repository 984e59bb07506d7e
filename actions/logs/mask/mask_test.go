package mask

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for line, want := range map[string]string{
		"[21/Nov/2026:03:00:01], 347c89c8, USER=[taro] PASS=[Kaji77] from 203.0.113.9":              "[21/Nov/2026:03:00:01], ***, USER=[***] PASS ***",
		"[20/Nov/2026:18:00:00], (example.jp), 203.0.113.1[203.0.113.1], odd,<B0000001057>,ok":      "[20/Nov/2026:18:00:00], (***), 203.0.113.1[203.0.113.1], ***,<***>,ok",
		"[20/Nov/2026:18:00:00], (example.jp), 203.0.113.1, AUTH-LOGIN:taro [odd],<B0000001057>,ok": "[20/Nov/2026:18:00:00], (***), 203.0.113.1, AUTH-LOGIN ***",
		"AUTH PLAIN AHRhcm8AS2FqaTc3":            "AUTH ***",
		"S2FqaTc3":                               "***",
		"Kaji77 PASS":                            "*** PASS",
		"login: taro Kaji77":                     "login ***",
		"xpassx y":                               "***",
		"20.11.2026 somebody came":               "20.11.2026 *** ***",
		"2026-11-20T18:00:00Z 535 5.7.0 Error":   "2026-11-20T18:00:00Z 535 5.7.0 Error",
		"RETR 7 from 2001:db8::1, to a@b.c ok":   "RETR *** from 2001:db8::1, to ***@*** ok",
		"123456 20261130 1234":                   "*** *** ***",
		"born 1984-05-12":                        "*** ***",
		"123,456":                                "***,***",
		"":                                       "",
		"  , []":                                 "  , []",
		"18:00:00 connect from [203.0.113.9]:25": "18:00:00 connect from [203.0.113.9]:***",
	} {
		if got := Line(line); got != want {
			t.Errorf("%q:\n got %q\nwant %q", line, got, want)
		}
	}
}

// plant puts a secret into one of the lines that servers write, somewhere.
func plant(r *rand.Rand, secret string) string {
	lines := []string{
		"[21/Nov/2026:03:00:01], 347c89c8, USER=[taro] PASS=[%] from 203.0.113.9", "[21/Nov/2026:03:00:01], 347c89c8, AUTH PLAIN %", "[21/Nov/2026:03:00:01] %", "%",
		"[21/Nov/2026:03:00:01] - from 192.0.2.7 LOGIN taro@example.jp % Success", "password=%", "% is no command", "from 203.0.113.9 (%) 535 Error", "<B0000000001@mail> [21/Nov/2026:03:00:01] % a@example.jp b@example.com",
		"USER % rejected", "to=<%@example.jp>, ok", "pwd:%", "334 %", "535 5.7.8 Error: \"%\"", "2026-11-21T03:00:01Z smtp: user %: failed", "%,%,ok", "connect % timeout", "APOP taro %",
	}
	return strings.ReplaceAll(lines[r.IntN(len(lines))], "%", secret)
}

// Secrets are made of what people and programs use for them: letters and digits with signs between, in base64 and in hexadecimal digits.
func secret(r *rand.Rand) string {
	const alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	const signs = "!#$%&*+-./:;=?@[]^_~"
	n := 6 + r.IntN(30)
	b := []byte{}
	for range n {
		b = append(b, alphabet[r.IntN(len(alphabet))])
	}
	switch r.IntN(4) {
	case 0:
		b[r.IntN(n)] = signs[r.IntN(len(signs))]
	case 1:
		return base64.StdEncoding.EncodeToString(b)
	case 2:
		return hex.EncodeToString(b)
	}
	return string(b)
}

// Wherever a secret stands in a line, no four characters of it in a row are shown, and the date and the address in it are.
func TestPlantedSecrets(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 11))
	for range 20_000 {
		s := secret(r)
		line := plant(r, s)
		got := Line(line)
		bare := Line(strings.ReplaceAll(line, s, "x"))
		for i := 0; i+4 <= len(s); i++ {
			if part := s[i : i+4]; strings.Contains(got, part) && !strings.Contains(bare, part) {
				t.Fatalf("%q of the secret %q is in %q, of %q", part, s, got, line)
			}
		}
		if strings.HasPrefix(line, "[21/Nov") && !strings.HasPrefix(got, "[21/Nov/2026:03:00:01]") {
			t.Fatalf("no shape is left of %q: %q", line, got)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("[21/Nov/2026:03:00:01], 347c89c8, USER=[taro] PASS=[", "Kaji!77secret", "] ok")
	f.Add("AUTH PLAIN ", "AHRhcm8AS2FqaTc3", "")
	f.Add("", "hunter2hunter2", " pass")
	f.Fuzz(func(t *testing.T, before, secret, after string) {
		const planted = "Zq7Zq8Zq9" // what is fuzzed may be a word that is shown; this is none
		if got := Line(before + planted + after); strings.Contains(got, planted) {
			t.Errorf("%q", got)
		}
		if got := Line(before + " " + secret + planted + " " + after); strings.Contains(got, planted) {
			t.Errorf("%q", got)
		}
	})
}
