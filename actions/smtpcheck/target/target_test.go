package target

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/consent"
	"hikeshi/runbook"
)

type names map[string][]string

func (n names) LookupNetIP(_ context.Context, _, host string) ([]netip.Addr, error) {
	if n[host] == nil {
		return nil, errors.New("no such host")
	}
	var all []netip.Addr
	for _, s := range n[host] {
		all = append(all, netip.MustParseAddr(s))
	}
	return all, nil
}

func book(t *testing.T, file string) Book {
	t.Helper()
	name := filepath.Join(t.TempDir(), "targets.yaml")
	if file != "" {
		if err := os.WriteFile(name, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Book{Resolver: names{"mail.example.jp": {"2001:db8::25", "::ffff:192.0.2.25", "192.0.2.25"}, "empty.example.jp": {}, "localhost": {"127.0.0.1"}}, File: name,
		Own: []netip.Prefix{netip.MustParsePrefix("203.0.113.25/32")}, Clock: func() time.Time { return time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC) }}
}

func TestListeners(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.25":              "192.0.2.25:25 192.0.2.25:465 192.0.2.25:587",
		"192.0.2.25:2525":         "192.0.2.25:2525",
		"[2001:db8::25]:587":      "[2001:db8::25]:587",
		"2001:db8::25":            "[2001:db8::25]:25 [2001:db8::25]:465 [2001:db8::25]:587",
		"[2001:db8::25]":          "[2001:db8::25]:25 [2001:db8::25]:465 [2001:db8::25]:587",
		"Mail.Example.JP.:25":     "192.0.2.25:25 [2001:db8::25]:25",
		"mail.example.jp":         "192.0.2.25:25 192.0.2.25:465 192.0.2.25:587 [2001:db8::25]:25 [2001:db8::25]:465 [2001:db8::25]:587",
		"localhost:25":            "127.0.0.1:25",
		"::ffff:192.0.2.25":       "192.0.2.25:25 192.0.2.25:465 192.0.2.25:587",
		"192.0.2.25,192.0.2.25":   "192.0.2.25:25 192.0.2.25:465 192.0.2.25:587",
		"mail.example.jp:0":       "refused",
		"mail.example.jp:99999":   "refused",
		"mail.example.jp:smtp":    "refused",
		"a b":                     "refused",
		"mail\r\n.example.jp":     "refused",
		"":                        "refused",
		"http://mail.example.jp/": "refused",
		"fe80::1%eth0":            "refused",
		"other.example.jp":        "cannot be determined",
		"empty.example.jp":        "cannot be determined",
	} {
		all, err := book(t, "").Listeners(t.Context(), strings.Split(s, ","))
		var got []string
		for _, l := range all {
			got = append(got, l.At.String())
		}
		switch {
		case want == "refused" && errors.Is(err, runbook.ErrInput), want == "cannot be determined" && errors.Is(err, runbook.ErrUndetermined):
		case err != nil || strings.Join(got, " ") != want:
			t.Errorf("%q: %v, %v; want %s", s, got, err, want)
		}
	}
}

func TestAuthorise(t *testing.T) {
	b := book(t, "format: 1\ntargets:\n  - {address: 192.0.2.25, by: Hanako, until: \"2026-12-31\"}\n  - {address: 192.0.2.26, by: Jiro, until: \"2026-12-31\", deliver: true, probe: p@probe.example}\n")
	ask := func(mailbox string, at ...string) error {
		var all []Listener
		for _, a := range at {
			all = append(all, Listener{At: netip.MustParseAddrPort(a)})
		}
		err := b.Authorise(all, mailbox)
		if err == nil && slices.ContainsFunc(all, func(l Listener) bool { return !l.Grant.Valid(l.At) }) {
			t.Errorf("%v without a grant", at)
		}
		return err
	}
	for name, err := range map[string]error{"own": ask("", "203.0.113.25:25", "127.0.0.1:2525"), "allowed": ask("", "192.0.2.25:25"), "messages": ask("p@probe.example", "192.0.2.26:25")} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, err := range map[string]error{"one of two": ask("", "192.0.2.25:25", "192.0.2.99:25"), "own, messages": ask("p@probe.example", "127.0.0.1:25"), "messages": ask("p@probe.example", "192.0.2.25:25"), "another mailbox": ask("q@probe.example", "192.0.2.26:25")} {
		var u *Unauthorised
		if !errors.As(err, &u) || !errors.Is(err, consent.ErrNone) || !errors.Is(err, runbook.ErrInput) || !strings.Contains(u.Entry(), u.At.Addr().String()) || strings.Contains(u.Entry(), "deliver") != (u.Probe != "") {
			t.Errorf("%s: %v", name, err)
		}
	}
	b.File = filepath.Join(t.TempDir(), "none.yaml")
	if err := ask("", "192.0.2.25:25"); !errors.Is(err, consent.ErrNone) {
		t.Errorf("without a file: %v", err)
	}
	b = book(t, "format: 2\n")
	if err := ask("", "127.0.0.1:25"); err == nil {
		t.Error("a file with mistakes")
	}
}

// TestOptional: 465 and 587 need not be there, unless somebody named them.
func TestOptional(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.25":                "465 587",
		"192.0.2.25:465":            "",
		"192.0.2.25,192.0.2.25:465": "587",
		"192.0.2.25:465,192.0.2.25": "587",
	} {
		all, err := book(t, "").Listeners(t.Context(), strings.Split(s, ","))
		var got []string
		for _, l := range all {
			if l.Optional {
				got = append(got, strconv.Itoa(int(l.At.Port())))
			}
		}
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s: %v, %v; want %s", s, got, err, want)
		}
	}
}

// TestLeaveEnded: where the leave for real messages has ended, or is for another mailbox or port, that is what is said, for own addresses too.
func TestLeaveEnded(t *testing.T) {
	b := book(t, `format: 1
targets:
  - {address: 127.0.0.1, ports: [25], by: Hanako, until: "2026-11-20", deliver: true, probe: p@probe.example}
  - {address: 127.0.0.2, ports: [587], by: Jiro, until: "2026-12-31", deliver: true, probe: p@probe.example}
  - {address: 127.0.0.3, ports: [25], by: Saburo, until: "2026-12-31", deliver: true, probe: q@probe.example}
`)
	for at, want := range map[string]string{
		"127.0.0.1:25": `the leave of "Hanako" ended on 2026-11-20`,
		"127.0.0.2:25": `the leave of "Jiro" is not for port 25`,
		"127.0.0.3:25": `the leave of "Saburo" is for q@probe.example`,
		"127.0.0.4:25": `the leave of "own address" is not for that`,
	} {
		all := []Listener{{At: netip.MustParseAddrPort(at)}}
		if err := b.Authorise(all, "p@probe.example"); !errors.Is(err, consent.ErrNone) || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", at, err, want)
		}
		if err := b.Authorise(all, ""); err != nil {
			t.Errorf("%s without messages: %v", at, err)
		}
	}
}
