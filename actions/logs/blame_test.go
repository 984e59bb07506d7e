package logs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/logs"
)

const sato = "sato@example.jp"

// connect is a peer that comes.
func (s *scribe) connect(at, peer string) {
	fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), [%s]:25, Client accept now.\n", at, peer)
}

// inlog is a message that is taken, within a session; what is from the HELO on.
func (s *scribe) inlog(at, peer, what string) int {
	s.id++
	fmt.Fprintf(to(s.in, at), "<B%010d@mail1.example.jp> [%s] %s %s\n", s.id, at, peer, what)
	return s.id
}

// end is the end of a session by its last message.
func (s *scribe) end(at, peer, state string, id int) {
	fmt.Fprintf(to(s.accept, at), "[%s], (example.jp), %s[%s], %s,<B%010d>,ok\n", at, peer, peer, state, id)
}

// signsOf are the signals of an account or a peer.
func signsOf(f logs.SuspectsFacts, name string) string {
	var all []string
	for _, s := range slices.Concat(f.Accounts, f.From) {
		if s.Name == name {
			for _, g := range s.Signals {
				all = append(all, g.ID)
			}
		}
	}
	return strings.Join(all, " ")
}

// All that one session hands in belongs to its login, however much it is, and not to the sender that it names.
func TestOneSessionOfMany(t *testing.T) {
	s := newScribe(t)
	for k := range 3 {
		at, peer, id := fmt.Sprintf("21/Nov/2026:03:%02d:00", k), stranger(k), 0
		s.connect(at, peer)
		for i := range 600 {
			id = s.inlog(at, peer, fmt.Sprintf("pc %s v%d@example.com", hana, i))
		}
		s.end(at, peer, "AUTH-LOGIN:"+sato+" [success]", id)
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if len(f.Accounts) != 1 || f.Accounts[0].Name != sato || f.Spoof.Verdict != "login" || f.Spoof.Login != 1800 || f.Unjoined != 0 {
		t.Errorf("accounts %+v, %+v\n%s", f.Accounts, f.Spoof, told)
	}
}

// Of mail whose session is not seen to end nobody knows whether it came after a login: nobody but its address is blamed for it.
func TestSessionThatDoesNotEnd(t *testing.T) {
	s := newScribe(t)
	s.connect("21/Nov/2026:03:00:00", stranger(0))
	for i := range 600 {
		s.inlog(fmt.Sprintf("21/Nov/2026:03:%02d:%02d", i/60, i%60), stranger(0), fmt.Sprintf("pc %s v%d@example.com", hana, i))
	}
	for i := range 60 { // others come and go
		s.mail(fmt.Sprintf("21/Nov/2026:03:%02d:30", i), owner, "AUTH-LOGIN:"+hana+" [success]", hana, "friend1@example.com")
	}
	f, told := suspectsAt(t, s.write(t), morning)
	if signsOf(f, hana) != "" || signsOf(f, stranger(0)) != "D1 D2" || f.Unjoined != 600 {
		t.Errorf("accounts %+v, sources %+v, %d unknown", f.Accounts, f.From, f.Unjoined)
	}
	wants(t, told, "600 messages for outside", "ログイン後かどうか不明")
}
