package logs_test

import (
	"fmt"
	"strings"
	"testing"

	"hikeshi/actions/logs"
)

const (
	owner = "192.0.2.7" // where hanako has always mailed from
	hana  = "hanako@example.jp"
)

// A scribe writes acceptlog, inlog and faillog of a week in which hanako mails from her office, day by day.
type scribe struct {
	dir              string
	id               int
	accept, in, fail map[string]*strings.Builder // by day
}

func newScribe(t *testing.T) *scribe {
	s := &scribe{dir: t.TempDir(), id: 1000, accept: map[string]*strings.Builder{}, in: map[string]*strings.Builder{}, fail: map[string]*strings.Builder{}}
	for day := 14; day <= 20; day++ {
		for i := range 8 {
			s.mail(fmt.Sprintf("%d/Nov/2026:%02d:10:00", day, 9+i), owner, "AUTH-LOGIN:"+hana+" [success]", hana, fmt.Sprintf("friend%d@example.com", i))
		}
	}
	return s
}

func to(all map[string]*strings.Builder, at string) *strings.Builder {
	day := "2611" + at[:2]
	if all[day] == nil {
		all[day] = &strings.Builder{}
	}
	return all[day]
}

// session is one whose last state is as given; result is ok or abort.
func (s *scribe) session(at, peer, state, result string) int {
	s.id++
	fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), %s[%s], %s,<B%010d>,%s\n", at, peer, peer, state, s.id, result)
	return s.id
}

// mail is a session with one message that is taken.
func (s *scribe) mail(at, peer, state, sender, rcpt string) int {
	id := s.session(at, peer, state, "ok")
	fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s pc %s %s\n", id, at, peer, sender, rcpt)
	return id
}

// bounce is what became of a message.
func (s *scribe) bounce(at string, id int, sender, rcpt string) {
	fmt.Fprintf(to(s.fail, at), "B%010d@mail1.example.jp send fail on [%s] from %s to %s [550 User Unknown]\n", id, at, sender, rcpt)
}

func (s *scribe) write(t *testing.T) string {
	t.Helper()
	for log, days := range map[string]map[string]*strings.Builder{"acceptlog": s.accept, "inlog": s.in, "faillog": s.fail} {
		for day, text := range days {
			put(t, s.dir, log+"/"+day+".log", text.String())
		}
	}
	return s.dir
}

// stranger is one of forty addresses.
func stranger(i int) string { return fmt.Sprintf("203.0.113.%d", 1+i%40) }

// A sender that looks like a login spreads no account over the addresses that it comes from, whether its message was taken or refused.
func TestMadeUpLoginSpreadsNobody(t *testing.T) {
	const forged = "AUTH-LOGIN:" + hana + " [success]"
	for result, counted := range map[string]func(logs.SuspectsFacts) int64{
		"ok":    func(f logs.SuspectsFacts) int64 { return f.Read.MadeUp },
		"abort": func(f logs.SuspectsFacts) int64 { return f.Read.Unproven },
	} {
		s := newScribe(t)
		for i := range 120 {
			at := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/4, i%4*15)
			if result == "ok" {
				s.mail(at, stranger(i), forged, forged, fmt.Sprintf("v%d@example.com", i))
			} else {
				s.session(at, stranger(i), forged, result)
			}
		}
		s.mail("21/Nov/2026:07:00:00", owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
		f, told := suspectsAt(t, s.write(t), morning)
		for _, a := range f.Accounts {
			t.Errorf("%s: account %s: %+v", result, a.Name, a.Signals)
		}
		if n := counted(f); n != 120 {
			t.Errorf("%s: %d made up, %d not proven\n%s", result, f.Read.MadeUp, f.Read.Unproven, told)
		}
	}
}

// What else a session handed in that ends with a refused sender like a login came after one, or not: nobody knows.
func TestUnprovenLoginProvesNoMail(t *testing.T) {
	s := newScribe(t)
	for i := range 600 {
		at := fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60)
		fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), [%s]:25, Client accept now.\n", at, stranger(i))
		s.id++
		fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s pc %s v%d@example.com\n", s.id, at, stranger(i), hana, i)
		s.session(at, stranger(i), "AUTH-LOGIN:"+hana+" [success]", "abort")
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if len(f.AccountNames) != 1 || f.Spoof.Verdict != "unknown" || strings.Contains(told, "cause (a)") {
		t.Errorf("suspects %q, %+v\n%s", f.AccountNames, f.Spoof, told)
	}
}

// The lines that are cited against an account are those of strangers, not the first ones of the hour, which are its owner's; mail that came
// back is cited by the lines that say so.
func TestEvidenceIsNotTheOwners(t *testing.T) {
	s := newScribe(t)
	const login = "AUTH-LOGIN:" + hana + " [success]"
	for i := range 6 {
		id := s.mail(fmt.Sprintf("21/Nov/2026:07:00:%02d", i), owner, login, hana, "friend1@example.com")
		s.bounce(fmt.Sprintf("21/Nov/2026:07:01:%02d", i), id, hana, "friend1@example.com")
	}
	for i := range 600 {
		at := fmt.Sprintf("21/Nov/2026:07:%02d:%02d", 10+i/60, i%60)
		id := s.mail(at, stranger(i), login, fmt.Sprintf("other%d@example.com", i%20), fmt.Sprintf("v%d@example.com", i))
		s.bounce(at, id, hana, fmt.Sprintf("v%d@example.com", i))
	}
	f, _ := suspectsAt(t, s.write(t), morning)
	if len(f.Accounts) != 1 {
		t.Fatalf("%+v", f.Accounts)
	}
	seen := ""
	for _, g := range f.Accounts[0].Signals {
		seen += g.ID + " "
		for _, e := range g.Evidence {
			if strings.Contains(e.Text, owner) || g.ID == "D7" && (e.Log != "faillog" || strings.Contains(e.Text, "friend")) {
				t.Errorf("%s cites %s: %s", g.ID, e, e.Text)
			}
			if g.ID == "D9" && !strings.Contains(e.Text, "other") {
				t.Errorf("D9 cites %s", e.Text)
			}
		}
		if len(g.Evidence) == 0 {
			t.Errorf("%s cites nothing", g.ID)
		}
	}
	if seen != "D1 D2 D3 D6 D7 D9 D11 D14 " {
		t.Errorf("signals %s", seen)
	}
}
