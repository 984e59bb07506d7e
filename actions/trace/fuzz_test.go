package trace

import (
	"context"
	"strings"
	"testing"
	"time"
	"unicode"

	"hikeshi/actions/trace/facts"
)

// FuzzLook: whatever the file is, it is answered, safe to show, and acquitted only if all was read and nothing in it says that it was ours.
func FuzzLook(f *testing.F) {
	for _, c := range cases {
		f.Add(c.text, false)
	}
	f.Add(with(complains, bare, byLogin), false)
	f.Add(with(fromUs+postfix+"From: taro@example.jp\r\n", bare), false)
	f.Add(deep(byLogin, 3), true)
	f.Add(report(bare), true)
	f.Add(dsnOf("mail1.example.jp", bare), false)
	f.Fuzz(func(t *testing.T, text string, logged bool) {
		env := Env{Own: own, Clock: func() time.Time { return now }}
		if logged {
			env.Lookup = book{"B0000000001": recipient(login, "v@example.com"), "8F3D21A0042": here}.lookup
		}
		all, err := env.Look(context.Background(), strings.NewReader(text), Request{Name: "x.eml"})
		if err != nil {
			return
		}
		if len(all.Messages) == 0 {
			t.Fatal("no answer")
		}
		for _, m := range all.Messages {
			if m.Answer.EN == "" || m.Answer.JA == "" || strings.Contains(m.Answer.EN+m.Answer.JA, "%!") {
				t.Errorf("%+v", m.Answer)
			}
			if all.State == facts.Not && (m.State != facts.Not || m.More > 0 || all.Left > 0 || all.Cut) {
				t.Errorf("acquitted, and %+v", m)
			}
			if m.Login != "" && m.State != facts.Login {
				t.Errorf("%s names the login %s", m.State, m.Login)
			}
		}
		for _, x := range facts.Findings(all) {
			if strings.ContainsFunc(x.Text.EN+x.Text.JA+x.Evidence, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) {
				t.Errorf("%q", x)
			}
		}
	})
}
