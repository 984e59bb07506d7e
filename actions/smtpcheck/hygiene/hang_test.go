package hygiene

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
)

// refusing is a server that answers STARTTLS, and nothing comes of it.
func refusing(answer string) func(net.Conn) {
	return after(func(line string) string {
		return map[bool]string{true: answer, false: "550 5.7.1 no\r\n"}[line == "STARTTLS"]
	})
}

// turning is a connection that goes over to then at STARTTLS, which has not been answered.
type turning struct {
	net.Conn
	then func(net.Conn)
}

func (c turning) Write(b []byte) (int, error) {
	if string(b) != "turn" {
		return c.Conn.Write(b)
	}
	c.then(c.Conn)
	return 0, net.ErrClosed
}

func starting(then func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) { refusing("turn")(turning{c, then}) }
}

// TestNoHandshake: what is inside TLS is not known where the handshake comes to nothing, and no row of it is good or bad by that.
func TestNoHandshake(t *testing.T) {
	t.Parallel()
	silent := func(c net.Conn) { io.Copy(io.Discard, c) }
	go220 := func(then func(net.Conn)) func(net.Conn) {
		return starting(func(c net.Conn) { io.WriteString(c, "220 go\r\n"); then(c) })
	}
	inside := []string{"H07", "H10", "H11", "H12"}
	for name, tc := range map[string]struct {
		port  uint16
		serve func(net.Conn)
		ids   []string
		why   string
	}{
		"silence":              {25, go220(silent), append(inside, "H08"), "no answer to the TLS handshake in time"},
		"silence on 587":       {587, go220(silent), []string{"H07", "H08", "H10", "H11"}, "no answer to the TLS handshake in time"},
		"silence on 465":       {465, silent, []string{"H07", "H10", "H11"}, "no answer to the TLS handshake in time"},
		"hung up":              {25, go220(func(net.Conn) {}), append(inside, "H08"), "no agreement over TLS"},
		"not now":              {25, refusing("454 4.7.0 TLS not available due to temporary reason\r\n"), append(inside, "H08"), "refused for now"},
		"busy":                 {25, refusing("421 4.7.0 too busy\r\n"), append(inside, "H08"), "refused for now"},
		"no answer to the ask": {25, starting(silent), append(inside, "H08"), "no answer to STARTTLS in time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(t, nil)
			e.Relay.Dial = peer(t, tc.serve)
			r := look(t, e, Request{Targets: []string{fmt.Sprintf("192.0.2.25:%d", tc.port)}})
			proper(t, r)
			for _, id := range tc.ids {
				if got := row(t, r, id, tc.port); got.Verdict != "unknown" || !strings.Contains(got.Why.EN, tc.why) {
					t.Errorf("%s %s: %s", id, got.Verdict, got.Why.EN)
				}
			}
			if f := r.Facts(); len(f.Bad) > 0 {
				t.Errorf("bad: %v\n%s", f.Bad, lines(r))
			}
		})
	}
}

// TestRefusedForGood: STARTTLS that is offered and refused for good is no TLS.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	e := env(t, nil)
	e.Relay.Dial = peer(t, refusing("502 5.5.1 no such thing\r\n"))
	if got := row(t, look(t, e, Request{}), "H07", 25); got.Verdict != "bad" || !strings.Contains(got.Why.EN, "offered and refused") {
		t.Errorf("%s: %s", got.Verdict, got.Why.EN)
	}
}

// TestOlderHangs: a server that says nothing to an old version of TLS has not refused it.
func TestOlderHangs(t *testing.T) {
	t.Parallel()
	s := closed(t)
	s.TLS = s.TLS.Clone()
	modern := s.TLS.Clone()
	held := make(chan struct{})
	s.TLS.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		if !slices.Contains(h.SupportedVersions, tls.VersionTLS13) {
			<-held
		}
		return modern, nil
	}
	e := env(t, servers{25: start(t, s)})
	t.Cleanup(func() { close(held) }) // before the server is closed, which waits
	got := row(t, look(t, e, Request{}), "H07", 25)
	if got.Verdict != "note" || !strings.Contains(got.Why.EN, "signed by itself; whether TLS 1.1 or older is agreed to was not answered in time") {
		t.Errorf("%s: %s", got.Verdict, got.Why.EN)
	}
}
