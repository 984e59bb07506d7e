package trace

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/trace/facts"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// The mails of these tests: one that went out by a login, one that only bears our name, and a complaint.
const (
	byLogin   = fromUs + postfix + rest
	bare      = fromThem + rest
	framed    = "Received: from pc (unknown [203.0.113.9])\r\n\t(Authenticated sender: hana@example.jp)\r\n\tby mail1.example.jp (Postfix) with ESMTPSA id 7F3D21A0041;\r\n\tSat, 21 Nov 2026 03:11:58 +0000\r\n"
	complains = "Received: from out.example.com (out.example.com [198.51.100.99])\r\n\tby mail1.example.jp (Postfix) with ESMTPS id 5A3D21A0042\r\n\tfor <abuse@example.jp>; Sat, 21 Nov 2026 04:00:00 +0000\r\nFrom: angry@example.com\r\nTo: abuse@example.jp\r\nSubject: stop\r\n"
	pill      = "Received: from spammy.example (unknown [198.51.100.7])\r\n\tby mail1.example.jp (Postfix) with ESMTP id 5A3D21A0042\r\n\tfor <taro@example.jp>; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	alias     = "Received: by mail1.example.jp (Postfix)\r\n\tid 6B3D21A0042; Sat, 21 Nov 2026 03:12:02 +0000\r\n"
	stranger  = "From: x@spammy.example\r\nTo: taro@example.jp\r\nSubject: win\r\n\r\nbuy\r\n"
)

// with attaches messages to the header of a mail.
func with(header string, messages ...string) string {
	text := header + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"" + fmt.Sprint("b", len(header), len(messages)) + "\"\r\n\r\n"
	for _, m := range messages {
		text += fmt.Sprint("--b", len(header), len(messages)) + "\r\nContent-Type: message/rfc822\r\n\r\n" + m + "\r\n"
	}
	return text + fmt.Sprint("--b", len(header), len(messages)) + "--\r\n"
}

// part attaches one part of a kind.
func part(header, kind, body string) string {
	return header + "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=p\r\n\r\n--p\r\n\r\nStop it.\r\n--p\r\nContent-Type: " + kind + "\r\n\r\n" + body + "\r\n--p--\r\n"
}

// deep lies so many messages deep.
func deep(text string, n int) string {
	for range n {
		text = "Received: from a (x [198.51.100.8]) by mx.example.com (Postfix) with ESMTP id 1A3D21A0042; Sat, 21 Nov 2026 03:12:05 +0000\r\nTo: abuse@example.jp\r\nContent-Type: message/rfc822\r\n\r\n" + text
	}
	return text
}

func yours(words ...string) (o spool.Own) {
	for _, w := range words {
		if a, err := prefix(w); err == nil {
			o.Addresses = append(o.Addresses, a)
			continue
		}
		o.Domains = append(o.Domains, w)
	}
	return o
}

// A claim is what may be said of a mail at most.
type claim struct {
	name, text string
	own        spool.Own // empty: own
	log        book
	state      State
	answer     string // a part of one of the answers
	logins     string // that are named as facts
	claimed    string // that only hearsay names
}

// TestNoSenderAcquitsHimself: a mail that went out from here is one, whatever its sender attached or quoted; what he attached accuses nobody.
func TestNoSenderAcquitsHimself(t *testing.T) {
	taro := login
	taro.Login = "taro@example.jp"
	check(t, []claim{
		{name: "a made-up message attached", text: with(fromUs+postfix+"From: taro@example.jp\r\n", bare), state: facts.Login, answer: "it lies in a mail that went out through this server", logins: "taro@example.jp"},
		{name: "a made-up header quoted", text: fromUs + postfix + "From: taro@example.jp\r\n\r\nbuy\r\n\r\n" + bare, state: facts.Login, answer: "it lies in a mail that went out", logins: "taro@example.jp"},
		{name: "a message attached that frames another account", text: with(fromUs+postfix+"From: taro@example.jp\r\n", fromUs+framed+rest), state: facts.Login, answer: "may have made it up; its lines say: relayed through this server, logged in as hana", logins: "taro@example.jp", claimed: "hana@example.jp"},
		{name: "a message attached that the log knows", text: with(fromUs+postfix+"From: taro@example.jp\r\n", fromUs+epost+rest), log: book{"8F3D21A0042": taro, "B0000000001": login}, state: facts.Login, answer: "may have made it up; its lines say: relayed through this server, logged in as hana", logins: "taro@example.jp", claimed: "hana@example.jp"},
		{name: "out of our queue, nothing tells for whom", text: with("Received: from pc (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 03:12:00 +0000\r\nFrom: x@example.net\r\n", bare), state: facts.Unknown, answer: "the header does not say whether for a mailbox here or for outside"},
		{name: "a complaint", text: with(complains, bare), state: facts.Not, answer: "relayed by 198.51.100.7"},
		{name: "a complaint of a colleague", text: with(strings.Replace(postfix, "v@example.com", "abuse@example.jp", 1)+"From: taro@example.jp\r\n", bare), state: facts.Not, answer: "relayed by 198.51.100.7"},
		{name: "a login that sends inside", text: with(strings.Replace(postfix, "v@example.com", "hana@example.jp", 1)+"From: taro@example.jp\r\n", bare), state: facts.Login, answer: "logged in as taro", logins: "taro@example.jp"},
		{name: "a complaint that another provider passed on", text: with(complains, with("Received: from c.example.net (c.example.net [198.51.100.3]) by mx.example.org (Postfix) with ESMTP id 1A3D21A0042; Sat, 21 Nov 2026 03:12:05 +0000\r\nFrom: c@example.net\r\nTo: abuse@example.org\r\n", bare)), state: facts.Not, answer: "relayed by 198.51.100.7"},
		{name: "a complaint that was forwarded to whoever is on call", text: with(strings.Replace(fromUs, "v@example.com", "oncall@example.com", 1)+complains, bare), state: facts.Not, answer: "relayed by 198.51.100.7"},
	})
}

// TestEveryMessageIsJudged: of several messages in one complaint the worst counts.
func TestEveryMessageIsJudged(t *testing.T) {
	check(t, []claim{
		{name: "the second is ours", text: with(complains, bare, byLogin), state: facts.Login, answer: "logged in as taro@example.jp", logins: "taro@example.jp"},
		{name: "the first is ours", text: with(complains, byLogin, bare), state: facts.Login, answer: "relayed by 198.51.100.7", logins: "taro@example.jp"},
		{name: "neither is ours", text: with(complains, bare, bare), state: facts.Not, answer: "only the From is yours"},
	})
	f := judged(t, claim{text: with(complains, bare, byLogin)})
	if len(f.Messages) != 2 || f.Messages[0].Part != "1" || f.Messages[1].Part != "2" || f.Messages[1].Parts != 2 {
		t.Errorf("%+v", f.Messages)
	}
	if f := judged(t, claim{text: bare + "\r\n" + bare}); len(f.Messages) != 1 || f.State != facts.Not {
		t.Errorf("a mail that quotes its own header: %s, %d messages", f.State, len(f.Messages))
	}
	if f := judged(t, claim{text: complains + "\r\n" + byLogin + "\r\n\r\n" + byLogin}); len(f.Messages) != 1 {
		t.Errorf("the same header quoted twice is told %d times", len(f.Messages))
	}
}

// TestNotAllRead: what is too deep, cut, too much or not readable is no acquittal.
func TestNotAllRead(t *testing.T) {
	check(t, []claim{
		{name: "twelve deep", text: deep(byLogin, 12), state: facts.Unknown, answer: "nested deeper than 10, and the rest was not read"},
		{name: "nine deep", text: deep(byLogin, 9), state: facts.Login, answer: "taro", logins: "taro@example.jp"},
		{name: "a complaint in words alone", text: complains + "\r\nYour server sends spam.\r\n", state: facts.Unknown, answer: "the mail is itself what came for abuse@example.jp, and no spam with Received lines was found in it; if"},
		{name: "a complaint with mail of Outlook", text: part(complains, "application/vnd.ms-outlook; name=spam.msg", "x"), state: facts.Unknown, answer: "no spam with Received lines was found in it (not readable: spam.msg)"},
		{name: "a complaint to a person with mail of Outlook", text: part(strings.ReplaceAll(complains, "abuse@", "taro@"), "application/vnd.ms-outlook; name=spam.msg", "x"), state: facts.Unknown, answer: "cannot be read (spam.msg)"},
		{name: "a complaint to a person with spam without its lines", text: with(strings.ReplaceAll(complains, "abuse@", "taro@"), rest), state: facts.Unknown, answer: "a message in it has no Received line (part 1)"},
		{name: "a broken form", text: complains + "Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nUmVj\r\n--b--\r\n", state: facts.Unknown, answer: "found in it (its MIME form is broken)"},
		{name: "a broken form, and the spam stands in it", text: complains + "Content-Type: multipart/mixed\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + byLogin, state: facts.Login, answer: "taro", logins: "taro@example.jp"},
		{name: "spam for a mailbox here", text: pill + stranger, state: facts.Not, answer: "198.51.100.7 brought it for a mailbox here"},
		{name: "spam with an archive", text: part(fromThem+"From: taro@example.jp\r\n", "application/zip; name=a.zip", "x"), state: facts.Not, answer: "only the From is yours"},
		{name: "too many lines, ours below", text: strings.Repeat(fromThem, 16000) + postfix + rest, state: facts.Unknown, answer: "15701 more lines were not read"},
		{name: "indented as it was pasted", text: "  " + strings.ReplaceAll(fromUs, "\t", "    ") + "  " + postfix + rest, state: facts.Login, answer: "taro", logins: "taro@example.jp"},
	})
	mark := "From x Sat Nov 21 12:12:00 2026\r\n"
	if f := judged(t, claim{text: mark + bare + strings.Repeat("x\r\n", 65<<20/3) + mark + byLogin}); f.State != facts.Unknown || !f.Cut {
		t.Errorf("a file that is cut: %s, cut %v", f.State, f.Cut)
	}
	if f := judged(t, claim{text: strings.Repeat(mark+bare+"\r\n", maxTraced+1)}); f.State != facts.Unknown || f.Left != 1 {
		t.Errorf("more mails than are looked at: %s, %d left", f.State, f.Left)
	}
	env := Env{Own: own, Clock: func() time.Time { return now }}
	if f, err := env.Look(context.Background(), strings.NewReader(mark+bare+"\r\n"+mark+byLogin), Request{First: true}); err != nil || f.State != facts.Unknown || f.Left != 1 {
		t.Errorf("only the first of two: %s, %d left, %v", f.State, f.Left, err)
	}
	if f, err := env.Look(context.Background(), strings.NewReader(complains+"\r\nStop.\r\n"), Request{Outer: true}); err != nil || f.State != facts.Not {
		t.Errorf("the complaint itself is asked for: %s %v", f.State, err)
	}
}

func judged(t *testing.T, c claim) Facts {
	t.Helper()
	env := Env{Own: c.own, Clock: func() time.Time { return now }}
	if len(c.own.Addresses)+len(c.own.Domains) == 0 {
		env.Own = own
	}
	if c.log != nil {
		env.Lookup = c.log.lookup
	}
	f, err := env.Look(context.Background(), strings.NewReader(c.text), Request{Name: "x.eml"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func check(t *testing.T, all []claim) {
	t.Helper()
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			f := judged(t, c)
			said, claimed := "", ""
			for _, m := range f.Messages {
				said += fmt.Sprintf("%s: %s (%s)\n", m.State, m.Answer.EN, m.Why.EN)
				claimed += m.Claimed
			}
			if f.State != c.state || !strings.Contains(said, c.answer) || strings.Join(f.Logins, " ") != c.logins || claimed != c.claimed {
				t.Errorf("%s, logged in %v, by hearsay %q\n%s", f.State, f.Logins, claimed, said)
			}
			for _, m := range facts.Findings(f) {
				if strings.Contains(m.Text.EN+m.Text.JA, "%!") || m.Text.JA == "" || f.State != facts.Not && len(f.Messages) == 1 && m.Level == runbook.OK {
					t.Errorf("%+v", m)
				}
			}
		})
	}
}
