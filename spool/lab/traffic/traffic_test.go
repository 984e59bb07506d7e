package traffic

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

const banner = "220 mail1.example.jp E-POST ESMTP Receiver (5.10-lab) now"

// A script answers commands by their first word; the answer "" ends the connection. What is not named is answered 250.
type script struct {
	mu      sync.Mutex
	banner  string
	answers map[string][]string // used up from the front, the last one stays
	heard   []string
}

func (s *script) answer(line string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.heard = append(s.heard, line)
	word, _, _ := strings.Cut(line, " ")
	all, ok := s.answers[word]
	if !ok {
		return "250 OK"
	}
	if len(all) > 1 {
		s.answers[word] = all[1:]
	}
	return all[0]
}

// lines are those heard so far; a connection that was left may still be read.
func (s *script) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.heard)
}

// serve listens until the test ends and returns the file with its address.
func (s *script) serve(t *testing.T) (addressFile string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.talk(conn)
		}
	}()
	addressFile = filepath.Join(t.TempDir(), "smtp.addr")
	if err := os.WriteFile(addressFile, []byte(l.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return addressFile
}

func (s *script) talk(conn net.Conn) {
	defer conn.Close()
	in := bufio.NewScanner(conn)
	in.Scan()
	fmt.Fprintf(conn, "%s\r\n", s.banner)
	for data := false; in.Scan(); {
		if data && in.Text() != "." {
			continue
		}
		answer := s.answer(in.Text())
		data = strings.HasPrefix(answer, "354")
		if answer == "" {
			return
		}
		fmt.Fprintf(conn, "%s\r\n", answer)
	}
}

var hanako = Client{Peer: netip.MustParseAddr("192.0.2.10"), Name: "pc10", Sender: "hanako@example.jp",
	To: [][]string{{"a@example.com"}}, Every: time.Millisecond}

func ids(t *testing.T, path string) string {
	t.Helper()
	all, err := ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	var s []string
	for _, a := range all {
		s = append(s, a.ID)
	}
	return strings.Join(s, " ")
}

// TestOnlyWhatWasPromisedStandsInTheLedger: a refusal, a broken connection instead of the last 250, then an acceptance, all of the
// same message.
func TestOnlyWhatWasPromisedStandsInTheLedger(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"DATA": {"451 later", "354 go", "354 go"}, ".": {"", "250 OK", ""}}}
	c := Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Clients: []Client{hanako}}
	tr, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for tr.Count().Mail == 0 || tr.Count().Unheard < 3 {
		time.Sleep(time.Millisecond)
	}
	if err := tr.Stop(); err != nil {
		t.Error(err)
	}
	if got := ids(t, c.Ledger); got != "mail-000001" {
		t.Errorf("the ledger holds %q, want the first message only", got)
	}
}

func TestTheThiefComesBack(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"EHLO": {"250 AUTH PLAIN"}, "DATA": {"354 go"},
		"MAIL": {"250 OK", "250 OK", "550 5.1.7 Please, mail from a valid IP or Domain address."}}}
	thief := Thief{Client: hanako}
	thief.Burst = 5
	thief.Login, thief.Password = "taro", "secret"
	c := Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Thieves: []Thief{thief}}
	tr, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	for tr.Count().Refused < 3 {
		time.Sleep(time.Millisecond)
	}
	if err := tr.Stop(); err != nil {
		t.Error(err)
	}
	if got := ids(t, c.Ledger); got != "spam-000001 spam-000002" || !IsSpam("spam-000001") || IsSpam("mail-000001") {
		t.Errorf("the ledger holds %q", got)
	}
	if !strings.HasPrefix(s.lines()[1], "AUTH PLAIN AHRhcm8Ac2VjcmV0") {
		t.Errorf("the thief logs in with %q", s.lines()[1])
	}
}

// until waits for what has to happen soon.
func until(t *testing.T, happened func() bool) {
	t.Helper()
	for range 5000 {
		if happened() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatal("it does not happen")
}

// TestTheThiefTriesHisOtherWays: in turn after each refusal, and stays with the one that works.
func TestTheThiefTriesHisOtherWays(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"EHLO": {"250 AUTH LOGIN"}, "AUTH": {"334 x", "535 5.7.0 Authentication failed."},
		"MAIL": {"503 5.0.0 Need EHLO before AUTH", "503 5.0.0 Need EHLO before AUTH", "250 OK"}, "DATA": {"354 go"}}}
	thief := Thief{Client: hanako}
	thief.Login, thief.Password, thief.Mode = "taro", "secret", "LOGIN"
	bare, other := hanako, hanako
	bare.Sender, other.Sender = "taro@example.jp", "jiro@example.jp"
	thief.Tries = []Client{bare, other}
	s.answers["dGFybw=="] = []string{"535 5.7.0 Authentication failed."}
	c := Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Thieves: []Thief{thief}}
	tr, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return tr.Count().Spam >= 3 })
	if err := tr.Stop(); err != nil {
		t.Error(err)
	}
	var senders []string
	for _, line := range s.lines() {
		if from, ok := strings.CutPrefix(line, "MAIL FROM:"); ok {
			senders = append(senders, from)
		}
	}
	want := "<taro@example.jp> <jiro@example.jp> <taro@example.jp> <taro@example.jp>"
	if got := strings.Join(senders, " "); !strings.HasPrefix(got, want) || strings.Contains(strings.TrimPrefix(got, want), "jiro") {
		t.Errorf("the thief named %s", got)
	}
	if tr.Count().Refused != 4 {
		t.Errorf("refused %d times, want the login twice and two senders", tr.Count().Refused)
	}
}

// TestTheGate: a form that is switched off lets nothing through, in the session that is open too.
func TestTheGate(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"DATA": {"354 go"}}}
	thief := Thief{Client: hanako}
	thief.Gate = filepath.Join(t.TempDir(), "form.enabled")
	if err := os.WriteFile(thief.Gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c := Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Thieves: []Thief{thief}}
	tr, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return tr.Count().Spam >= 2 })
	if err := os.Remove(thief.Gate); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return tr.Count().Refused >= 2 })
	sent := tr.Count().Spam
	until(t, func() bool { return tr.Count().Refused >= 5 })
	if err := tr.Stop(); err != nil || tr.Count().Spam != sent {
		t.Errorf("%d sent, %d when the form was off, %v", tr.Count().Spam, sent, err)
	}
}

// TestMailForNobodyGoesBack: a message for a user who is not there is not tried for ever.
func TestMailForNobodyGoesBack(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"RCPT": {"550 5.1.1 <taro@example.jp> ... User unknown.", "250 OK"}, "DATA": {"354 go"}}}
	c := Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Clients: []Client{hanako}}
	tr, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return tr.Count().Mail > 0 })
	if err := tr.Stop(); err != nil || tr.Count().Returned != 1 {
		t.Errorf("%+v, %v", tr.Count(), err)
	}
	if got := ids(t, c.Ledger); !strings.HasPrefix(got, "mail-000002") {
		t.Errorf("the ledger holds %q", got)
	}
}

// TestTurnedAway: a connection that is closed before the banner is told from one that nobody takes.
func TestTurnedAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			bufio.NewReader(conn).ReadString('\n')
			conn.Close()
		}
	}()
	file := filepath.Join(t.TempDir(), "smtp.addr")
	if err := os.WriteFile(file, []byte(l.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), file, hanako.Peer); !errors.Is(err, ErrTurnedAway) || !errors.Is(err, ErrNoConnection) {
		t.Errorf("turned away: %v", err)
	}
	l.Close()
	if _, err := Dial(t.Context(), file, hanako.Peer); errors.Is(err, ErrTurnedAway) || !errors.Is(err, ErrNoConnection) {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestDialTalksToTheLabOnly(t *testing.T) {
	peer := hanako.Peer
	strange := &script{banner: "220 mx.example.com ESMTP Postfix"}
	if _, err := Dial(t.Context(), strange.serve(t), peer); err == nil || errors.Is(err, ErrNoConnection) {
		t.Errorf("a strange server: %v", err)
	}
	file := filepath.Join(t.TempDir(), "smtp.addr")
	if _, err := Dial(t.Context(), file, peer); !errors.Is(err, ErrNoConnection) {
		t.Errorf("nobody listens: %v", err)
	}
	if err := os.WriteFile(file, []byte("192.0.2.1:25"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(t.Context(), file, peer); err == nil || !strings.Contains(err.Error(), "not a loopback address") {
		t.Errorf("an address outside: %v", err)
	}
}

func TestRefusalIsAnAnswer(t *testing.T) {
	s := &script{banner: banner, answers: map[string][]string{"RCPT": {"550 5.1.1 <x> ... User unknown."}}}
	ctx, cancel := context.WithCancel(t.Context())
	c, err := Dial(ctx, s.serve(t), hanako.Peer)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Send(Message{ID: "mail-1", Sender: "a@example.com", Recipients: []string{"x"}})
	var refusal *textproto.Error
	if !errors.As(err, &refusal) || refusal.Code != 550 || refusal.Msg != "5.1.1 <x> ... User unknown." {
		t.Errorf("refused with %v", err)
	}
	cancel()
	for range 100 {
		if err = c.Reset(); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if !errors.Is(err, ErrNoConnection) {
		t.Errorf("after the end of the context: %v", err)
	}
	c.Close()
}
