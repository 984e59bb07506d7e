package logs_test

import (
	"fmt"
	"testing"

	"hikeshi/actions/logs"
)

// What an account does outside its usual hours counts once: the login and the message of one mail are one thing, and so are they in the
// history that tells the usual hours.
func TestOffHoursOnce(t *testing.T) {
	for name, c := range map[string]struct {
		young        bool // half as long a history
		mails, reads int  // at night, from elsewhere
		want         float64
	}{
		"four mails":                    {false, 4, 0, 0},
		"six mails":                     {false, 6, 0, 6},
		"three mails and four reads":    {false, 3, 4, 7},
		"six mails, and half a history": {true, 6, 0, 0},
	} {
		s := newScribe(t)
		if c.young {
			for day := 14; day <= 16; day++ {
				delete(s.accept, fmt.Sprintf("2611%d", day))
				delete(s.in, fmt.Sprintf("2611%d", day))
			}
			s.mail("16/Nov/2026:09:10:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
			s.mail("15/Nov/2026:09:10:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
		}
		for i := range c.mails {
			s.mail(fmt.Sprintf("21/Nov/2026:02:%02d:00", i), stranger(0), "AUTH-LOGIN:"+hana+" [success]", hana, fmt.Sprintf("v%d@example.com", i))
		}
		dir, box := s.write(t), ""
		for i := range c.reads {
			box += fmt.Sprintf("[21/Nov/2026:02:30:%02d] %s from %s LOGIN - Success\n", i, hana, stranger(0))
		}
		put(t, dir, "imap4log/261121.log", box)
		out, told := ask(t, dir, "logs.suspects", "")
		got := 0.0
		for _, a := range out.Facts.(logs.SuspectsFacts).Accounts {
			for _, g := range a.Signals {
				if a.Name == hana && g.ID == "D11" {
					got = g.Value
				}
			}
		}
		if got != c.want {
			t.Errorf("%s: %g, want %g\n%s", name, got, c.want, told[:min(len(told), 800)])
		}
	}
}
