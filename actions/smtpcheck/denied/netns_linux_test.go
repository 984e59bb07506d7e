package denied

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/denied/call"
	"hikeshi/actions/smtpcheck/recorder"
)

// TestRealAddresses: in a network namespace of its own the machine holds the server's address, the denied one and a third one, and the server
// sees them as they are.
func TestRealAddresses(t *testing.T) {
	ip, err := exec.LookPath("ip")
	if err != nil || os.Geteuid() != 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for root, and for ip(8): %v", err)
		}
		t.Skip("a network namespace needs root and ip(8)")
	}
	runtime.LockOSThread() // the thread ends with this test, and the namespace with it
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for root, and for network namespaces: %v", err)
		}
		t.Skipf("no network namespace here: %v", err)
	}
	for _, args := range []string{"link set lo up", "addr add 192.0.2.25/32 dev lo", "addr add 203.0.113.9/32 dev lo", "addr add 198.51.100.7/32 dev lo"} {
		if out, err := exec.Command(ip, strings.Fields(args)...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v\n%s", args, err, out)
		}
	}
	for want, always := range map[string]bool{"denied refused": true, "denied-not-after-login taken": false} {
		s := &recorder.Server{Hello: []string{"AUTH PLAIN"}, Auth: func(string) string { return "235 ok" },
			Command: func(c *recorder.Client, verb, _ string) string {
				if c.Peer == "203.0.113.9" && verb == "MAIL" && (always || !c.Login) {
					return epostDeny
				}
				return ""
			},
			Rcpt: func(c *recorder.Client, _ string) string {
				if c.Login {
					return "250 ok"
				}
				return ""
			}}
		if err := s.Start("192.0.2.25:25"); err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		e := world2(t)
		r, err := e.Verify(t.Context(), Request{Denied: []string{"203.0.113.0/24", "203.0.114.0/24"}, Targets: []string{"192.0.2.25"}})
		if err != nil {
			t.Fatal(err)
		}
		x := r.Results[0]
		if got := x.Result + " " + x.Login; got != want || x.From != "203.0.113.9" || !strings.Contains(r.Transcript(), "from 203.0.113.9:") {
			t.Errorf("%s from %s, want %s\n%s", got, x.From, want, r.Transcript())
		}
		if y := r.Results[1]; y.Result != CannotTell || !y.Elsewhere || y.From != "" || len(r.Closed) != 2 {
			t.Errorf("a network that is not here: %+v, closed %v", y, r.Closed)
		}
		s.Close()
	}
}

// world2 knows the addresses of the namespace.
func world2(t *testing.T) Env {
	e := world(t)
	own := netip.MustParsePrefix("192.0.2.25/32")
	e.Book.Own = []netip.Prefix{own}
	e.Here = consent.Table{Own: e.Book.Own}.IsOwn
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(198, 51, 100, 7)}}
	e.Dial = d.DialContext
	e.From = call.Holding(func() ([]net.Addr, error) { return net.InterfaceAddrs() })
	return e
}
