package traffic

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheThiefGuessesFirst: nobody sends before the password is found.
func TestTheThiefGuessesFirst(t *testing.T) {
	const refused, good = "535 5.7.0 Authentication failed.", "235 2.0.0 Authentication successful."
	s := &script{banner: banner, answers: map[string][]string{"EHLO": {"250 AUTH PLAIN"}, "DATA": {"354 go"},
		"AUTH": {refused, refused, refused, good}}}
	thief := Thief{Client: hanako}
	thief.Login, thief.Password = "taro", "secret"
	other := thief
	other.Peer = netip.MustParseAddr("203.0.113.41")
	thief.Guesses = []string{"one", "two", "three"}
	tr, err := Start(t.Context(), Config{Address: s.serve(t), Ledger: filepath.Join(t.TempDir(), "ledger"), Thieves: []Thief{other, thief}})
	if err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return tr.Count().Spam > 50 })
	if err := tr.Stop(); err != nil {
		t.Error(err)
	}
	if c := tr.Count(); c.Guessed != 3 || c.Refused != 0 {
		t.Errorf("%+v", c)
	}
	var tried []string
	for _, line := range s.lines() {
		if code, ok := strings.CutPrefix(line, "AUTH PLAIN "); ok && len(tried) < 4 {
			text, _ := base64.StdEncoding.DecodeString(code)
			tried = append(tried, string(text))
		}
		if strings.HasPrefix(line, "MAIL ") && len(tried) < 4 {
			t.Errorf("mail after %q", tried)
		}
	}
	if got := fmt.Sprintf("%q", tried); got != `["\x00taro\x00one" "\x00taro\x00two" "\x00taro\x00three" "\x00taro\x00secret"]` {
		t.Errorf("tried %s", got)
	}
}

// TestGuessingEnds: at the right password, when the thief is turned away, and when nobody listens until the end.
func TestGuessingEnds(t *testing.T) {
	found := &script{banner: banner, answers: map[string][]string{"EHLO": {"250 AUTH PLAIN"}, "AUTH": {"535 no", "235 yes"}, "DATA": {"354 go"}}}
	for name, c := range map[string]struct {
		address string
		guessed int64
		enough  func(Count) bool
	}{
		"found":       {found.serve(t), 1, func(c Count) bool { return c.Spam > 0 }},
		"turned away": {closing(t), 0, func(c Count) bool { return c.Refused > 0 }},
		"nobody":      {filepath.Join(t.TempDir(), "nobody"), 0, func(c Count) bool { return c.Unheard > 3 }},
	} {
		t.Run(name, func(t *testing.T) {
			thief := Thief{Client: hanako, Guesses: []string{"one", "two", "three"}}
			thief.Login, thief.Password = "taro", "secret"
			tr, err := Start(t.Context(), Config{Address: c.address, Ledger: filepath.Join(t.TempDir(), "ledger"), Thieves: []Thief{thief}})
			if err != nil {
				t.Fatal(err)
			}
			until(t, func() bool { return c.enough(tr.Count()) })
			if err := tr.Stop(); err != nil || tr.Count().Guessed != c.guessed {
				t.Errorf("%+v, %v", tr.Count(), err)
			}
		})
	}
}

// closing listens, and ends each connection before the banner.
func closing(t *testing.T) (addressFile string) {
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
			bufio.NewReader(conn).ReadString('\n')
			conn.Close()
		}
	}()
	addressFile = filepath.Join(t.TempDir(), "smtp.addr")
	if err := os.WriteFile(addressFile, []byte(l.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return addressFile
}
