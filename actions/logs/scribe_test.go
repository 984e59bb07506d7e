package logs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
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
		if day < 20 {
			s.mail(fmt.Sprintf("%d/Nov/2026:12:30:00", day), owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend0@example.com")
		}
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
	helo := "pc"
	if peer != owner {
		helo = "win-x"
	}
	fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s %s %s %s\n", id, at, peer, helo, sender, rcpt)
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

// ask asks one kind in the morning after.
func ask(t *testing.T, dir, kind, with string) (runbook.Outcome, string) {
	t.Helper()
	env := logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return morning }}
	for _, k := range logs.Kinds(env) {
		if k.Name == kind {
			out, err := k.Action.Plan(context.Background(), runbook.Input{With: json.RawMessage(with)})
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(out.Facts)
			if err != nil {
				t.Fatal(err)
			}
			return out, text(t, out) + string(raw)
		}
	}
	t.Fatalf("no kind %s", kind)
	return runbook.Outcome{}, ""
}

// both are a night in which strangers send 600 mails and read 3, and the owner sends 6 and reads 20.
func both(t *testing.T) string {
	s := newScribe(t)
	const login = "AUTH-LOGIN:" + hana + " [success]"
	for i := range 6 {
		s.mail(fmt.Sprintf("21/Nov/2026:07:00:%02d", i), owner, login, hana, "friend1@example.com")
	}
	for i := range 600 {
		s.mail(fmt.Sprintf("21/Nov/2026:07:%02d:%02d", 10+i/60, i%60), stranger(i), login, hana, fmt.Sprintf("v%d@example.com", i))
	}
	dir := s.write(t)
	box := ""
	for i := range 23 {
		peer := owner
		if i >= 20 {
			peer = stranger(0)
		}
		box += fmt.Sprintf("[21/Nov/2026:07:30:%02d] %s from %s RETR %d Success\n", i, hana, peer, i)
	}
	put(t, dir, "pop3log/261121.log", box)
	put(t, dir, "imap4log/261121.log", "[21/Nov/2026:07:30:00] - from 192.0.2.7 CAPABILITY - Success\n")
	return dir
}

// unreadable puts something in the place of a file that is never followed.
func unreadable(t *testing.T, path string) {
	t.Helper()
	if err := os.Rename(path, path+"-kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(path+"-kept", path); err != nil {
		t.Fatal(err)
	}
}
