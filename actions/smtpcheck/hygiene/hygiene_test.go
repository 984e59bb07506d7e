package hygiene

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/recorder"
)

// TestInOrder: three listeners in order. Nothing is ever sent, and there is one connection at a time.
func TestInOrder(t *testing.T) {
	mx, sub, imp := start(t, closed(t)), start(t, submission(t, false)), start(t, submission(t, true))
	e := env(t, servers{25: mx, 587: sub, 465: imp})
	var count tally
	e.Relay.Login, e.Relay.Dial = testLogin, count.dial(e.Relay.Dial)
	began := time.Now()
	r := look(t, e, Request{Targets: []string{"192.0.2.25"}})
	proper(t, r)
	f := r.Facts()
	for port, want := range map[uint16][]string{25: {"H05 note", "H07 note", "H15 not-run", "H18 not-run", "H19 not-run", "H21 not-run", "H22 not-run"},
		587: {"H07 note", "H19 not-run", "H21 not-run"}, 465: {"H07 note", "H19 not-run", "H21 not-run"}} {
		if got := shown(r, port); !slices.Equal(got, want) {
			t.Errorf("%d: %v, want %v\n%s", port, got, want, lines(r))
		}
	}
	if f.State != Good || len(f.Bad) > 0 || !slices.Equal(f.Notes, []string{"H05", "H07"}) || f.VRFY != "252 2.0.0/252 2.0.0" || len(f.Unknown) > 0 {
		t.Errorf("%+v", f)
	}
	for i, s := range []*recorder.Server{mx, sub, imp} {
		rcpts := 0
		for _, line := range s.Said() {
			if strings.HasPrefix(line, "RCPT") {
				rcpts++
			}
			if line == "DATA" || strings.HasPrefix(line, "TURN") {
				t.Errorf("%d: %s", i, line)
			}
		}
		if rcpts > 40 || len(s.Messages()) > 0 {
			t.Errorf("%d: %d recipients, %d messages", i, rcpts, len(s.Messages()))
		}
	}
	if count.most.Load() != 1 || count.open.Load() != 0 {
		t.Errorf("%d connections at a time, %d left open", count.most.Load(), count.open.Load())
	}
	if told := r.Transcript(); strings.Contains(told, "geheim") || strings.Contains(told, "AGppcm9") || !strings.Contains(told, "AUTH PLAIN [redacted]") {
		t.Errorf("transcript:\n%s", told)
	}
	for _, rec := range f.RFC {
		if want := map[string]string{"6": Met, "10": Met, "11": Met, "12": Met, "13": Met}[rec.ID]; want != "" && rec.State != want || want == "" && rec.State != NotSeen {
			t.Errorf("recommendation %s: %s", rec.ID, rec.State)
		}
	}
	if took := time.Since(began); took > 40*time.Second {
		t.Errorf("it took %s", took)
	}
	back := Facts{}
	data, _ := json.Marshal(f)
	if err := json.Unmarshal(data, &back); err != nil || len(back.Rows) != len(f.Rows) {
		t.Errorf("%v", err)
	}
}

// instead lets a server answer a command otherwise; "" leaves the answer as it was.
func instead(s *recorder.Server, verb string, answer func(arg string) string) {
	old := s.Command
	s.Command = func(c *recorder.Client, v, arg string) string {
		if v == verb {
			if a := answer(arg); a != "" {
				return a
			}
		}
		return old(c, v, arg)
	}
}

func known(arg string) bool {
	return strings.HasPrefix(arg, "taro") || strings.HasPrefix(arg, "postmaster")
}

// A hole is what is wrong with a server: how it comes about, the tests that are bad then, and the codes of the first of them ("" for any).
type hole struct {
	change     func(s *recorder.Server)
	bad, codes string
}

// telling are servers that tell too much.
func telling() map[string]hole {
	return map[string]hole{
		"a version": {func(s *recorder.Server) {
			s.Banner = "220 mail.example.jp ESMTP Sendmail 8.17.1/8.17.1; Sat, 21 Nov 2026"
		}, "H01", ""},
		"a system": {func(s *recorder.Server) { s.Banner = "220 mail.example.jp ESMTP Postfix (Debian/GNU)" }, "H01", ""},
		"help": {func(s *recorder.Server) {
			instead(s, "HELP", func(string) string { return "214-2.0.0 This is sendmail version 8.17.1\r\n214 2.0.0 end" })
		}, "H02", "214 2.0.0"},
		"vrfy": {func(s *recorder.Server) {
			instead(s, "VRFY", func(arg string) string {
				return map[bool]string{true: "250 2.0.0 Taro <taro@example.jp>", false: "550 5.1.1 unknown"}[known(arg)]
			})
		}, "H03", "250 2.0.0/550 5.1.1"},
		"vrfy, as Postfix": {func(s *recorder.Server) {
			instead(s, "VRFY", func(arg string) string {
				return map[bool]string{true: "252 2.0.0 " + arg, false: "550 5.1.1 <" + arg + ">: Recipient address rejected"}[known(arg)]
			})
		}, "H03", "252 2.0.0/550 5.1.1"},
		"vrfy, by the text": {func(s *recorder.Server) {
			instead(s, "VRFY", func(arg string) string {
				return map[bool]string{true: "252 2.0.0 " + arg + " has a mailbox", false: "252 2.0.0 " + arg}[known(arg)]
			})
		}, "H03", "252 2.0.0/252 2.0.0"},
		"vrfy, with the domain only": {func(s *recorder.Server) {
			instead(s, "VRFY", func(arg string) string {
				return map[bool]string{true: "250 ok", false: ""}[arg == "taro@example.jp"]
			})
		}, "H03", "252 2.0.0/252 2.0.0 250/252 2.0.0"},
		"expn": {func(s *recorder.Server) {
			instead(s, "EXPN", func(arg string) string {
				return map[bool]string{true: "250-2.1.5 <a@example.jp>\r\n250 2.1.5 <b@example.jp>"}[arg == "postmaster"]
			})
		}, "H04", "250 2.1.5"},
		"expn, one member": {func(s *recorder.Server) {
			instead(s, "EXPN", func(arg string) string {
				return map[bool]string{true: "250 2.1.5 root <root@mail.example.jp>"}[arg == "postmaster"]
			})
		}, "H04", "250 2.1.5"},
		"expn, with the domain only": {func(s *recorder.Server) {
			instead(s, "EXPN", func(arg string) string {
				return map[bool]string{true: "250 2.1.5 <a@example.jp>"}[arg == "taro@example.jp"]
			})
		}, "H04", "502 5.5.2 502 5.5.2/502 5.5.2 250 2.1.5/502 5.5.2"},
		"vrfy, where every bare name is said to exist": {func(s *recorder.Server) {
			instead(s, "VRFY", func(arg string) string {
				return map[bool]string{true: "250 2.1.5 ok", false: "550 5.1.1 no"}[!strings.Contains(arg, "@") || known(arg)]
			})
		}, "H03", "250 2.1.5/250 2.1.5 250 2.1.5/550 5.1.1"},
	}
}

// trusting are servers that let strangers do too much.
func trusting() map[string]hole {
	return map[string]hole{
		"etrn": {func(s *recorder.Server) {
			instead(s, "ETRN", func(string) string { return "250 2.0.0 queuing started" })
		}, "H06", "250 2.0.0"},
		"no TLS":          {func(s *recorder.Server) { s.Hello = nil }, "H07", "none"},
		"AUTH in clear":   {func(s *recorder.Server) { s.Hello = []string{"STARTTLS", "AUTH=PLAIN"} }, "H09 H12", "PLAIN"},
		"digest in clear": {func(s *recorder.Server) { s.Hello = []string{"STARTTLS", "AUTH CRAM-MD5"} }, "H10 H12", "CRAM-MD5/CRAM-MD5"},
		"own senders": {func(s *recorder.Server) {
			refuse, brake := s.Command, s.Rcpt
			s.Command = func(c *recorder.Client, verb, arg string) string {
				if verb == "MAIL" && strings.Contains(arg, "taro@") {
					return ""
				}
				return refuse(c, verb, arg)
			}
			s.Rcpt = func(c *recorder.Client, to string) string {
				if c.From == "taro@example.jp" && to == "relaytest@probe.example" {
					return "250 ok"
				}
				return brake(c, to)
			}
		}, "H13 H14", "550 5.7.1/550 5.7.1/250"},
		"one of us": {func(s *recorder.Server) {
			instead(s, "MAIL", func(arg string) string { return map[bool]string{true: "250 ok"}[strings.Contains(arg, "taro@")] })
		}, "H14", "250 2.1.5"},
		"a sender of ours that does not exist": {func(s *recorder.Server) {
			instead(s, "MAIL", func(arg string) string {
				return map[bool]string{true: "250 ok"}[strings.Contains(arg, "nosuch-") && strings.Contains(arg, "@example.jp")]
			})
		}, "H16", "250 2.1.5"},
		"everybody exists": {func(s *recorder.Server) {
			s.Rcpt = func(_ *recorder.Client, to string) string {
				return map[bool]string{true: "250 2.1.5 ok"}[strings.HasSuffix(to, "@example.jp")]
			}
		}, "H20", "250 2.1.5/250 2.1.5"},
		"no null sender": {func(s *recorder.Server) {
			instead(s, "MAIL", func(arg string) string { return map[bool]string{true: "550 5.7.1 no"}[strings.Contains(arg, "<>")] })
		}, "RFC06", "550 5.7.1"},
	}
}

// TestBad: every hole is found, one at a time, and nothing else becomes bad with it.
func TestBad(t *testing.T) {
	t.Parallel()
	all := telling()
	maps.Copy(all, trusting())
	for name, tc := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := closed(t)
			s.Rcpt = func(c *recorder.Client, to string) string { // a brake, so that H05 is good
				if c.Commands > 12 && strings.Contains(to, "nosuch-") {
					return "421 4.7.0 too many errors"
				}
				return ""
			}
			tc.change(s)
			r := look(t, env(t, servers{25: start(t, s)}), Request{})
			proper(t, r)
			f, first := r.Facts(), strings.Fields(tc.bad)[0]
			if strings.Join(f.Bad, " ") != tc.bad || f.State != Bad {
				t.Errorf("bad: %v, want %s\n%s", f.Bad, tc.bad, lines(r))
			}
			if got := row(t, r, first, 25); tc.codes != "" && got.Codes != tc.codes {
				t.Errorf("codes %q, want %q", got.Codes, tc.codes)
			}
		})
	}
}
