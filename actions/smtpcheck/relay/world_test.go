package relay

import (
	"bytes"
	"context"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/actions/smtpcheck/pattern"
	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relay/parties"
	"hikeshi/actions/smtpcheck/talk"
)

// start starts a server, which is gone when the test ends.
func start(t *testing.T, s *recorder.Server) *recorder.Server {
	t.Helper()
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// posed is a connection between other addresses than its own.
type posed struct {
	net.Conn
	local, remote net.Addr
}

func (p posed) LocalAddr() net.Addr  { return p.local }
func (p posed) RemoteAddr() net.Addr { return p.remote }

// reach dials s whatever the address, as if from 198.51.100.9.
func reach(s *recorder.Server) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, s.Address())
		if err != nil {
			return nil, err
		}
		return posed{c, net.TCPAddrFromAddrPort(netip.MustParseAddrPort("198.51.100.9:40000")), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address))}, nil
	}
}

func table(t testing.TB, only ...string) pattern.Table {
	t.Helper()
	data, err := os.ReadFile("../../../templates/relaytests.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pattern.Load(data, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	all.Patterns = slices.DeleteFunc(all.Patterns, func(p pattern.Pattern) bool { return len(only) > 0 && !slices.Contains(only, p.ID) })
	return all
}

// run asks s without pauses.
func run(t testing.TB, s *recorder.Server, only ...string) Run {
	return Run{Dial: reach(s), Clock: time.Now, Log: &talk.Log{}, Wait: 300 * time.Millisecond, Table: table(t, only...), Helo: "probe.example",
		Parties: parties.Parties{Probe: "relaytest@probe.example", Sender: "spamtest@f.example", Account: "taro", Domain: "example.jp"}, Own: func(netip.Addr) bool { return false }}
}

func grant(at string, deliver bool) (netip.AddrPort, consent.Grant) {
	a := netip.MustParseAddrPort(at)
	g := consent.Grant{At: a, By: "test", Deliver: deliver}
	if deliver {
		g.Probe = "relaytest@probe.example"
	}
	return a, g
}

// ask runs r against port 25 of 192.0.2.25.
func ask(t *testing.T, r Run) judge.Report {
	t.Helper()
	return askAt(t, r, "192.0.2.25:25", false)
}

func askAt(t *testing.T, r Run, listener string, deliver bool) judge.Report {
	t.Helper()
	at, g := grant(listener, deliver)
	rep, err := r.Test(t.Context(), at, "mail.example.jp", g)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// of returns the verdict of a test, and "" if it is not there.
func of(rep judge.Report, id string) judge.Result {
	for _, r := range rep.Results {
		if r.ID == id {
			return r
		}
	}
	return judge.Result{}
}

// lines are all results, for messages.
func lines(rep judge.Report) string {
	var b bytes.Buffer
	for _, r := range rep.Results {
		b.WriteString(r.Line() + "\n")
	}
	return b.String()
}

func foreign(to string) bool {
	return strings.Contains(to, "probe.example") && !strings.HasSuffix(to, "example.jp")
}
