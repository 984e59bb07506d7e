package trace

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"hikeshi/actions/trace/facts"
	"hikeshi/runbook"
	"hikeshi/spool"
)

var now = time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)

// own is the server of the tests.
var own = spool.Own{Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.25/32")}, Domains: []string{"example.jp"}, Hostname: "mta.example.org"}

// The lines of the tests, each with its place for a time.
const (
	epost    = "Received: from pc (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 12:12:00 +0900\r\n"
	postfix  = "Received: from pc (unknown [203.0.113.9])\r\n\t(Authenticated sender: taro@example.jp)\r\n\tby mail1.example.jp (Postfix) with ESMTPSA id 8F3D21A0042\r\n\tfor <v@example.com>; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	open     = "Received: from pc (unknown [203.0.113.9])\r\n\tby mail1.example.jp (Postfix) with ESMTP id 8F3D21A0042\r\n\tfor <v@example.com>; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	inward   = "Received: from x.example.net (x.example.net [198.51.100.7])\r\n\tby mail1.example.jp (Postfix) with ESMTP id 8F3D21A0042\r\n\tfor <taro@example.jp>; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	script   = "Received: by mail1.example.jp (Postfix, from userid 33)\r\n\tid 8F3D21A0042; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	fromUs   = "Received: from mail1.example.jp (mail1.example.jp [192.0.2.25])\r\n\tby mx.example.com (Postfix) with ESMTPS id 4TqZ1x0Y3Wz1b\r\n\tfor <v@example.com>; Sat, 21 Nov 2026 03:12:05 +0000\r\n"
	fromThem = "Received: from evil (evil.example.net [198.51.100.7])\r\n\tby mx.example.com (Postfix) with ESMTPS id 4TqZ1x0Y3Wz1b\r\n\tfor <v@example.com>; Sat, 21 Nov 2026 03:12:05 +0000\r\n"
	hidden   = "Received: by mail1.example.jp (Postfix) with ESMTPSA id 8F3D21A0042\r\n\tfor <v@example.com>; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	loop     = "Received: from localhost (localhost [127.0.0.1])\r\n\tby mail1.example.jp (Postfix) with ESMTP id 9F3D21A0042; Sat, 21 Nov 2026 03:12:03 +0000\r\n"
	odd      = "Received: nothing of the kind\r\n"
	rest     = "From: Taro <taro@example.jp>\r\nMessage-ID: <m@example.jp>\r\nSubject: win\r\n\r\nbuy\r\n"
)

// book is an own log.
type book map[string]Entry

func (b book) lookup(_ context.Context, id string, around time.Time, within time.Duration) (Entry, error) {
	if e, ok := b[id]; ok && (e.Time.IsZero() || e.Time.Sub(around).Abs() <= max(within, time.Hour)) {
		return e, nil
	}
	return b[""], nil
}

var (
	client  = netip.MustParseAddr("203.0.113.9")
	login   = Entry{Found: true, Login: "hana@example.jp", Told: true, Client: client, Outside: true, Time: now.Add(-108 * time.Minute), Evidence: "/log/inlog:42"}
	nologin = Entry{Found: true, Told: true, Client: client, Outside: true, Evidence: "/log/inlog:42"}
	silent  = Entry{Found: true, Client: client, Outside: true, Evidence: "/log/inlog:42"}
	doubt   = Entry{Found: true, Login: "hana@example.jp", Told: true, Doubt: true, Client: client, Outside: true}
	here    = Entry{Found: true, Told: true, Client: netip.MustParseAddr("198.51.100.7"), Evidence: "/log/inlog:42"}
	covers  = book{"": {Covers: true}}
)

// recipient and sender make an entry tell more.
func recipient(e Entry, to string) Entry {
	e.Recipient = func(a string) bool { return a == to }
	return e
}

func sender(e Entry, from string) Entry {
	e.Sender, e.SenderSaid = from, true
	return e
}

var cases = []struct {
	name, text string
	log        book // nil: no log
	state      State
	answer     string // a part of it
	login      string
	client     string
	relay      string
	signs      string
}{
	{"our queue, the log names a login", epost + rest, book{"B0000000001": login}, facts.Login, "logged in as hana@example.jp, from 203.0.113.9", "hana@example.jp", "203.0.113.9", "", ""},
	{"a complaint, the log names another login than the line", fromUs + postfix + rest, book{"8F3D21A0042": login}, facts.Login, "logged in as hana@example.jp", "hana@example.jp", "203.0.113.9", "", ""},
	{"a complaint, no login", fromUs + epost + rest, book{"B0000000001": nologin}, facts.NoLogin, "through this server without login, from 203.0.113.9", "", "203.0.113.9", "", ""},
	{"a complaint, the log does not tell of logins", fromUs + epost + rest, book{"B0000000001": silent}, facts.Through, "whether with a login cannot be told", "", "203.0.113.9", "", ""},
	{"the log does not tell of logins, the line shows one", fromUs + postfix + rest, book{"8F3D21A0042": silent}, facts.Login, "logged in as taro@example.jp", "taro@example.jp", "203.0.113.9", "", ""},
	{"a login that may be none", fromUs + epost + rest, book{"B0000000001": doubt}, facts.Through, "whether as hana@example.jp", "", "203.0.113.9", "", ""},
	{"the log names another client", fromUs + epost + rest, book{"B0000000001": {Found: true, Told: true, Client: netip.MustParseAddr("203.0.113.77"), Outside: true}}, facts.NoLogin, "from 203.0.113.77", "", "203.0.113.77", "", "log-differs 2"},
	{"past our filter", loop + epost + rest, book{"B0000000001": login}, facts.Login, "hana", "hana@example.jp", "203.0.113.9", "", ""},
	{"for a mailbox here", inward + rest, book{"8F3D21A0042": here}, facts.Not, "198.51.100.7 brought it for a mailbox here, only the From is yours", "", "", "198.51.100.7", ""},
	{"the id is not in the log", fromUs + epost + rest, covers, facts.Unknown, "cannot tell, because the log of this server tells of that time and not of the id B0000000001", "", "", "", "own-forged 2"},
	{"the id is not in the log, and the line names no zone", fromUs + strings.Replace(epost, " +0900", "", 1) + rest, covers, facts.Through, "whether with a login only the log tells", "", "203.0.113.9", "", "no-zone 2"},
	{"a client that a submission service hides", fromUs + hidden + epost + rest, book{"8F3D21A0042": login}, facts.Login, "hana@example.jp", "hana@example.jp", "203.0.113.9", "", "own-below 3"},
	{"a client that is hidden, and a line made up below", fromUs + strings.Replace(hidden, "ESMTPSA", "ESMTPS", 1) + fromThem + rest, nil, facts.NoLogin, "without login; its line hides the client", "", "", "", ""},
	{"from the own network", fromUs + strings.ReplaceAll(open, "203.0.113.9", "10.0.0.7") + rest, book{"8F3D21A0042": {Found: true, Told: true, Client: netip.MustParseAddr("10.0.0.7")}}, facts.NoLogin, "from 10.0.0.7 (own network)", "", "10.0.0.7", "", ""},
	{"not through us", fromThem + rest, covers, facts.Not, "not through this server: relayed by 198.51.100.7 (evil.example.net), only the From is yours", "", "", "198.51.100.7", ""},
	{"not through us, a line made up", fromThem + epost + rest, covers, facts.Not, "relayed by 198.51.100.7", "", "", "198.51.100.7", "own-below 2, own-forged 2"},
	{"not through us, and the From is not ours", fromThem + strings.Replace(rest, "taro@example.jp", "x@example.net", 1), nil, facts.Not, "relayed by 198.51.100.7 (evil.example.net)", "", "", "198.51.100.7", ""},
	{"below the border, no log", fromThem + epost + rest, nil, facts.Unknown, "line 2 names a host of yours below the border, and whether it is true cannot be told: there is no log of this server here", "", "", "198.51.100.7", "own-below 2"},
	{"below the border, the log does not reach there", fromThem + epost + rest, book{}, facts.Unknown, "line 2 names a host of yours below the border", "", "", "198.51.100.7", "own-below 2"},
	{"below the border, the log agrees", fromThem + epost + rest, book{"B0000000001": recipient(login, "v@example.com")}, facts.Login, "logged in as hana@example.jp", "hana@example.jp", "203.0.113.9", "198.51.100.7", "own-below 2"},
	{"below the border, the log does not tell of recipients", fromThem + epost + rest, book{"B0000000001": login}, facts.Unknown, "hearsay, as if copied", "", "", "198.51.100.7", "own-below 2"},
	{"below the border, the log tells of other recipients", fromThem + epost + rest, book{"B0000000001": recipient(login, "customer@example.net")}, facts.Unknown, "tells of other recipients", "", "", "198.51.100.7", "own-below 2"},
	{"below the border, the log tells of another sender", fromThem + epost + rest, book{"B0000000001": sender(recipient(login, "v@example.com"), "hana@example.jp")}, facts.Unknown, "tells of another sender, <hana@example.jp>", "", "", "198.51.100.7", "own-below 2"},
	{"below the border, the log knows the id of another hour", fromThem + strings.Replace(epost, "12:12:00 +0900", "10:12:00 +0900", 1) + rest, book{"B0000000001": login}, facts.Unknown, "the log knows its id, but of 2026-11-21 03:12:00Z", "", "", "198.51.100.7", "own-below 2"},
	{"a clock that is wrong, and the log agrees", fromUs + strings.Replace(epost, "12:12:00 +0900", "10:12:00 +0900", 1) + rest, book{"B0000000001": login}, facts.Login, "hana", "hana@example.jp", "203.0.113.9", "", "log-time 2"},
	{"the log tells of other recipients", fromUs + epost + rest, book{"B0000000001": recipient(login, "customer@example.net")}, facts.Through, "hana@example.jp had logged in, from 203.0.113.9, but for other recipients", "", "203.0.113.9", "", "log-recipient 2"},
	{"the log tells of another client and other recipients", fromUs + epost + rest, book{"B0000000001": recipient(here, "customer@example.net")}, facts.Unknown, "tells of another client, 198.51.100.7, other recipients", "", "", "", ""},
	{"below the border, the log tells of another client", fromThem + epost + rest, book{"B0000000001": here}, facts.Unknown, "tells of another client, 198.51.100.7", "", "", "198.51.100.7", "own-below 2"},
	{"no log: the line shows a login", fromUs + postfix + rest, nil, facts.Login, "logged in as taro@example.jp, from 203.0.113.9", "taro@example.jp", "203.0.113.9", "", ""},
	{"no log: the line shows none", fromUs + open + rest, nil, facts.NoLogin, "without login, from 203.0.113.9", "", "203.0.113.9", "", ""},
	{"no log: E-Post shows none ever", fromUs + epost + rest, nil, facts.Through, "whether with a login only the log tells", "", "203.0.113.9", "", ""},
	{"no log: our own file of E-Post", epost + rest, nil, facts.Unknown, "the header does not say whether for a mailbox here", "", "203.0.113.9", "", ""},
	{"no log: for a mailbox here", inward + rest, nil, facts.Not, "198.51.100.7 brought it for a mailbox here", "", "", "198.51.100.7", ""},
	{"no log: handed in on the host", fromUs + script + rest, nil, facts.NoLogin, "handed in on the host itself (mail1.example.jp) by uid 33", "", "", "", ""},
	{"from our address, and no line of ours", fromUs + rest, covers, facts.Unknown, "no host of yours has written a line", "", "192.0.2.25", "", ""},
	{"no line at all", rest, covers, facts.Unknown, "no Received line", "", "", "", ""},
	{"a line that cannot be read", odd + epost + rest, nil, facts.Unknown, "line 2 names a host of yours below the border", "", "", "", "unparseable 1, own-below 2"},
	{"a header without anything of use", odd + rest, nil, facts.Unknown, "line 1 has no form", "", "", "", "unparseable 1"},
	{"another name of ours, by the log", strings.ReplaceAll(epost, "example.jp", "internal.example") + rest, book{"B0000000001": login}, facts.Login, "hana", "hana@example.jp", "203.0.113.9", "", ""},
}

func TestAnswers(t *testing.T) {
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			env := Env{Own: own, Clock: func() time.Time { return now }}
			if c.log != nil {
				env.Lookup = c.log.lookup
			}
			f, err := env.Look(context.Background(), strings.NewReader(c.text), Request{Name: "x.eml"})
			if err != nil {
				t.Fatal(err)
			}
			m := f.Messages[0]
			var signs []string
			for _, s := range m.Signs {
				signs = append(signs, strings.TrimSuffix(s.Code+" "+facts.Numbers(s.Lines), " "))
			}
			if m.State != c.state || !strings.Contains(m.Answer.EN, c.answer) || m.Login != c.login || m.Client != c.client || m.Relay != c.relay || strings.Join(signs, ", ") != c.signs {
				t.Errorf("got %s: %s (%s)\nlogin %q client %q relay %q signs %q", m.State, m.Answer.EN, m.Why.EN, m.Login, m.Client, m.Relay, strings.Join(signs, ", "))
			}
			if f.State != m.State || m.Answer.JA == "" || m.Answer.JA == m.Answer.EN || strings.Contains(m.Answer.EN+m.Answer.JA+m.Why.EN+m.Why.JA, "%!") {
				t.Errorf("%s: %+v %+v", f.State, m.Answer, m.Why)
			}
			if m.State == facts.Unknown != strings.HasPrefix(m.Answer.EN, "cannot tell, because ") {
				t.Errorf("%s says %q", m.State, m.Answer.EN)
			}
			back := Facts{}
			b, err := json.Marshal(f)
			if err != nil || json.Unmarshal(b, &back) != nil || !reflect.DeepEqual(back, f) {
				t.Errorf("%v:\n%+v\ncomes back as\n%+v", err, f, back)
			}
		})
	}
}

// TestEvidence: what the log tells is shown where it tells it, what the header tells too.
func TestEvidence(t *testing.T) {
	env := Env{Own: own, Clock: func() time.Time { return now }, Lookup: book{"B0000000001": login}.lookup}
	f, _ := env.Look(context.Background(), strings.NewReader(epost+rest), Request{Name: "x.eml"})
	if m := f.Messages[0]; m.Evidence != "/log/inlog:42" || !m.Logged || m.Queue != "B0000000001" {
		t.Errorf("%+v", m)
	}
	env.Lookup = nil
	f, _ = env.Look(context.Background(), strings.NewReader(fromUs+postfix+rest), Request{Name: "x.eml"})
	if m := f.Messages[0]; m.Evidence != fmt.Sprintf("x.eml:%d", strings.Count(fromUs, "\n")+1) || m.Logged {
		t.Errorf("%q", m.Evidence)
	}
	if rows := f.Messages[0].Hops; len(rows) != 2 || rows[0].Said != "receiver" || rows[1].Said != "border" || *rows[0].Delay != 5 || rows[1].Delay != nil {
		t.Errorf("%+v", rows)
	}
}

// TestNothingOwn: without knowing what is ours, nothing can be told; the border is named all the same.
func TestNothingOwn(t *testing.T) {
	f, err := Env{}.Look(context.Background(), strings.NewReader(fromThem+rest), Request{})
	if m := f.Messages[0]; err != nil || m.State != facts.Unknown || !strings.Contains(m.Answer.EN, "198.51.100.7") {
		t.Errorf("%+v %v", m, err)
	}
}

// TestMbox: all mails, or the one that is asked for; the worst answer is that of the file.
func TestMbox(t *testing.T) {
	mark := "From x Sat Nov 21 12:12:00 2026\r\n"
	text := mark + fromThem + rest + "\r\n" + mark + fromUs + postfix + rest
	env := Env{Own: own, Clock: func() time.Time { return now }}
	f, err := env.Look(context.Background(), strings.NewReader(text), Request{})
	if err != nil || len(f.Messages) != 2 || f.State != facts.Login || !slices.Equal(f.Logins, []string{"taro@example.jp"}) || !slices.Equal(f.Relays, []string{"198.51.100.7"}) || !slices.Equal(f.Clients, []string{"203.0.113.9"}) {
		t.Errorf("%+v %v", f, err)
	}
	turned := mark + fromUs + postfix + rest + "\r\n" + mark + fromThem + rest
	if f, err := env.Look(context.Background(), strings.NewReader(turned), Request{}); err != nil || f.State != facts.Login {
		t.Errorf("%+v %v", f, err)
	}
	if f, err := env.Look(context.Background(), strings.NewReader(text), Request{Message: 1}); err != nil || len(f.Messages) != 1 || f.State != facts.Not {
		t.Errorf("%+v %v", f, err)
	}
	if _, err := env.Look(context.Background(), strings.NewReader(text), Request{Message: 3}); !errors.Is(err, runbook.ErrInput) {
		t.Error(err)
	}
	if f, err := env.Look(context.Background(), strings.NewReader(strings.Repeat(mark+fromThem+rest+"\r\n", maxTraced+9)), Request{}); err != nil || f.Left != 9 {
		t.Errorf("%d left %v", f.Left, err)
	}
}

// TestLogThatBreaks: an error of the log is one, and no answer.
func TestLogThatBreaks(t *testing.T) {
	broken := errors.New("broken")
	env := Env{Own: own, Lookup: func(context.Context, string, time.Time, time.Duration) (Entry, error) { return Entry{}, broken }}
	if _, err := env.Look(context.Background(), strings.NewReader(epost+rest), Request{}); !errors.Is(err, broken) {
		t.Error(err)
	}
}

// TestHostile: thousands of lines, lines of megabytes and control characters end in an answer, soon, that is safe to show.
func TestHostile(t *testing.T) {
	asked := 0
	env := Env{Own: own, Lookup: func(context.Context, string, time.Time, time.Duration) (Entry, error) { asked++; return Entry{}, nil }}
	for _, text := range []string{
		strings.Repeat(epost, 5000) + rest,
		fromUs + "Received: from " + strings.Repeat("(", 10<<20) + "\r\n" + rest,
		"Received: from \x1b[2J\x00\u202e (x\x07 [203.0.113.999]) by mail1.example.jp\x9b31m id \xff\xfe; Sat, 21 Nov 2026 03:12:00 +0000\r\nFrom: \x1b]0;x\x07@example.jp\r\nMessage-ID: <\x1b[1m>\r\n\r\n",
		strings.Repeat(loop, 900) + rest,
	} {
		began := time.Now()
		f, err := env.Look(context.Background(), strings.NewReader(text), Request{Name: "a\x1b[2Jb"})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%.40q took %s", text, took)
		}
		if m := f.Messages[0]; len(m.Hops) > maxLines || strings.Count(text, "Received:") > maxLines && m.More == 0 {
			t.Errorf("%d lines, %d more", len(m.Hops), m.More)
		}
		for _, finding := range facts.Findings(f) {
			if strings.ContainsFunc(finding.Text.EN+finding.Text.JA+finding.Evidence, func(r rune) bool { return !unicode.IsPrint(r) && r != ' ' }) || len(finding.Text.EN) > 2000 {
				t.Errorf("%q", finding)
			}
		}
	}
	if asked > 4*(4+maxFar) {
		t.Errorf("the log was read %d times", asked)
	}
}
