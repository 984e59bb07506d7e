package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
	"hikeshi/actions/smtpcheck/relay/judge"
	"hikeshi/actions/smtpcheck/relaytest"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/templates"
)

// strangerConn is a connection from 198.51.100.9 to 192.0.2.25.
type strangerConn struct{ net.Conn }

func (strangerConn) LocalAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("198.51.100.9:40000"))
}
func (strangerConn) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort("192.0.2.25:25"))
}

// fromOutside asks s as 192.0.2.25:25, an own address, as the verb does, and returns its exit code and what it has written. ctx may end.
func fromOutside(t *testing.T, ctx context.Context, s *recorder.Server, f relayFlags, output string) (int, string) {
	t.Helper()
	address, d := smtpServer(t, s), net.Dialer{}
	var out bytes.Buffer
	a := &app{stdin: strings.NewReader(""), stdout: &out, stderr: &bytes.Buffer{}, now: time.Now, getenv: func(string) string { return "" }, said: map[string]bool{},
		flags: globalFlags{output: output, lang: "en", color: "never"}}
	env := relaytest.Env{Builtin: templates.RelayTests(), Clock: time.Now, Wait: 10 * time.Second, Account: "taro@example.jp", Probe: "relaytest@probe.example", Sender: "spamtest@f.example", Receiver: "127.0.0.1:0",
		Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			c, err := d.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return strangerConn{c}, nil
		},
		Book: target.Book{Resolver: net.DefaultResolver, Own: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}, Clock: time.Now, File: filepath.Join(t.TempDir(), "targets.yaml")}}
	fine(t, os.WriteFile(env.Book.File, []byte("format: 1\ntargets:\n  - {address: 192.0.2.25, ports: [25], by: test, until: \"2999-12-31\", deliver: true, probe: relaytest@probe.example}\n"), 0o600))
	f.Targets, f.Fast = []string{"192.0.2.25:25"}, true
	err := a.askRelay(ctx, &world{}, f, env)
	if err != nil {
		a.report(err)
	}
	return codeOf(err), out.String()
}

// TestRelayTestFromOutside: exit code 0 is for a closed server that was asked from outside.
func TestRelayTestFromOutside(t *testing.T) {
	code, out := fromOutside(t, t.Context(), &recorder.Server{}, relayFlags{}, "text")
	if text := strings.Join(strings.Fields(out), " "); code != exitOK || !strings.Contains(text, "no relay found: asked from outside, 31 of 36 tests were refused, and the controls passed; not run: R32, R33, R34, R35, R36") || strings.Contains(text, "inside") {
		t.Errorf("exit %d\n%s", code, out)
	}
	for state, want := range map[judge.State]int{judge.Safe: 0, judge.Undetermined: 7, judge.Doubtful: 3, judge.OpenRelay: 3, judge.Interrupted: 130} {
		if got := relayCode(state); got != want {
			t.Errorf("%s: exit %d, want %d", state, got, want)
		}
	}
}

// TestRelayTestInterrupted: Ctrl-C ends the test with 130, and what was found and sent until then is shown and kept.
func TestRelayTestInterrupted(t *testing.T) {
	for _, output := range []string{"text", "json"} {
		ctx, cancel := context.WithCancel(t.Context())
		s := &recorder.Server{Rcpt: func(c *recorder.Client, _ string) string {
			if c.From == "nosuch" || strings.HasPrefix(c.From, "nosuch-") { // R05
				cancel()
				return "hang"
			}
			return map[bool]string{true: "250 ok"}[c.From == ""]
		}}
		f := relayFlags{asking: asking{transcript: filepath.Join(t.TempDir(), "relay.txt")}}
		f.Deliver, f.Window = true, time.Minute
		code, out := fromOutside(t, ctx, s, f, output)
		sent := s.Messages()
		if code != exitInterrupted || len(sent) != 1 {
			t.Errorf("exit %d, %d messages\n%s", code, len(sent), out)
			continue
		}
		_, rest, _ := strings.Cut(sent[0], "X-Hikeshi-Cookie: ")
		cookie := strings.Fields(rest)[0]
		kept, err := os.ReadFile(f.transcript)
		fine(t, err)
		if !strings.Contains(string(kept), "C: X-Hikeshi-Cookie: "+cookie) || !strings.Contains(string(kept), "interrupted; so far") {
			t.Errorf("%s", kept)
		}
		if output == "text" {
			for _, want := range []string{"interrupted; so far: SUSPECT: mail of strangers would be taken (R03)", "1 message given to the server for relaytest@probe.example", cookie, "R03 accepted", "not asked: interrupted"} {
				if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
			continue
		}
		var doc relayDocument
		if err := json.Unmarshal([]byte(out), &doc); err != nil || doc.State != "interrupted" || doc.Error != "interrupted" || doc.Sent != 1 || doc.Strong != 1 || !strings.Contains(fmt.Sprint(doc.Tests), cookie) || doc.Transcript != f.transcript {
			t.Errorf("%v\n%.500s", err, out)
		}
	}
}
