package wire

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := Wire{Server: netip.MustParseAddr("192.0.2.25"), Address: filepath.Join(t.TempDir(), "smtp.addr")}
	if _, err := w.Dial(t.Context(), "tcp", "192.0.2.25:25"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("while the receiver is down: %v", err)
	}
	if err := os.WriteFile(w.Address, []byte(l.Addr().String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for to, want := range map[string]error{"192.0.2.25:465": syscall.ECONNREFUSED, "127.0.0.1:25": ErrElsewhere, "198.51.100.7:25": ErrElsewhere, l.Addr().String(): ErrElsewhere} {
		if _, err := w.Dial(t.Context(), "tcp", to); !errors.Is(err, want) {
			t.Errorf("to %s: %v, want %v", to, err, want)
		}
	}
	c, err := w.DialFrom(t.Context(), netip.MustParseAddr("203.0.113.9"), "192.0.2.25:25")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got := c.LocalAddr().String() + " " + c.RemoteAddr().String(); got != "203.0.113.9:40000 192.0.2.25:25" {
		t.Errorf("addresses %s", got)
	}
	peer, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer peer.Close()
	if line, err := bufio.NewReader(peer).ReadString('\n'); err != nil || line != "LAB-PEER 203.0.113.9\r\n" {
		t.Errorf("said %q, %v", line, err)
	}
	if err := os.WriteFile(w.Address, []byte("192.0.2.1:25"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Dial(t.Context(), "tcp", "192.0.2.25:25"); err == nil {
		t.Error("an address that is not loopback is dialled")
	}
}
