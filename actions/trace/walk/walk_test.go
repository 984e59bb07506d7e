package walk

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"hikeshi/actions/trace/received"
)

var mine = Own{Nets: []Net{{Prefix: netip.MustParsePrefix("192.0.2.25/32")}, {Prefix: netip.MustParsePrefix("192.0.2.26/32")}}, Domains: []string{"example.jp"}}

// read parses lines, one each; a date is added.
func read(text string) (all []Line) {
	for l := range strings.Lines(strings.TrimSpace(text)) {
		if !strings.Contains(l, ";") {
			l = strings.TrimSpace(l) + "; Sat, 21 Nov 2026 03:12:00 +0000"
		}
		h, err := received.Parse(l)
		all = append(all, Line{Hop: h, Read: err == nil})
	}
	return all
}

func TestWalk(t *testing.T) {
	for _, c := range []struct {
		name, text, said string
		border           int
		login            bool
	}{
		{"one own line", "from pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 1", "border", 0, false},
		{"two own hosts", "from mx.example.jp (mx.example.jp [192.0.2.26]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 2\nfrom a (b [198.51.100.1]) by mail.example.jp with ESMTP id 3", "own border hearsay", 1, false},
		{"two own hosts inside", "from mx (mx [10.0.0.2]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 2", "own border", 1, false},
		{"a machine of the own network that makes up lines", "from pc (x [10.0.0.7]) by mail.example.jp with ESMTP id 1\nfrom a (b [198.51.100.1]) by c.example.net with ESMTP id 3", "border hearsay", 0, false},
		{"a machine of the own network", "from pc (x [10.0.0.7]) by mail.example.jp with ESMTP id 1", "border", 0, false},
		{"a login from inside", "from pc (x [10.0.0.7]) by mail.example.jp with ESMTPSA id 1\nfrom a (b [198.51.100.1]) by mail.example.jp with ESMTP id 3", "border hearsay", 0, true},
		{"a login from an own host", "from web.example.jp (web.example.jp [192.0.2.26]) by mail.example.jp with ESMTPA id 1\nfrom a (b [198.51.100.1]) by web.example.jp with HTTP", "border hearsay", 0, true},
		{"a hidden client", "by mail.example.jp (Postfix) with ESMTPSA id 8F3D21A0042", "border", 0, true},
		{"a filter", "from localhost (localhost [127.0.0.1]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 2", "own border", 1, false},
		{"handed in on the host", "from localhost (localhost [127.0.0.1]) by mail.example.jp with ESMTP id 1\nby mail.example.jp (Postfix, from userid 33) id 8F3D21A0042\nfrom a (b [198.51.100.1]) by c.example.net with ESMTP id 3", "own border hearsay", 1, false},
		{"a complaint", "from mx2 (mx2 [10.1.1.1]) by box.example.com with LMTP id 1\nfrom mail.example.jp (mail.example.jp [192.0.2.25]) by mx2.example.com with ESMTP id 2\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "receiver receiver border", 2, false},
		{"a complaint from elsewhere", "from evil (e.example.net [198.51.100.7]) by mx.example.com with ESMTP id 2\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "border hearsay", 0, false},
		{"an own name at an address that is none of the known", "from x (mail.example.jp [198.51.100.99]) by mx.example.com (Postfix) with ESMTP id 8F3D21A0042\nfrom pc (x [203.0.113.9]) by inner with ESMTP id 3", "border hearsay", 0, false},
		{"an own name, of a kind of address of which none is known", "from x (mail.example.jp [IPv6:2001:db8::99]) by mx.example.com (Postfix) with ESMTP id 8F3D21A0042\nfrom pc (x [203.0.113.9]) by inner with ESMTP id 3", "receiver border", 1, false},
		{"an own name that an own host has looked up", "from x (mx.example.jp [198.51.100.99]) by mail.example.jp (Postfix) with ESMTP id 8F3D21A0042\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 3", "own border", 1, false},
		{"a client that the line names without an address", "from x ([IPv6:fe80::1%eth0]) by mx.example.com (Postfix) with ESMTP id 8F3D21A0042\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "receiver hearsay", -1, false},
		{"Exchange Online, over HTTPS", "from A.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) by B.eurprd01.prod.exchangelabs.com with HTTPS\nfrom C.eurprd01.prod.outlook.com (2603:10a6:4:1::1) by A.eurprd01.prod.exchangelabs.com with Microsoft SMTP Server id 15.20.1.1\nfrom mail.example.jp (192.0.2.25) by D.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP Server id 15.20.1.1\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "receiver receiver receiver border", 3, false},
		{"an own name that does not lead back", "from x (mail.example.jp [198.51.100.99] (may be forged)) by mx.example.com (8.17.1/8.17.1) with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "border hearsay", 0, false},
		{"an own name that nobody has looked up", "from mail.example.jp (198.51.100.99) by mx.example.com with SMTP\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "border hearsay", 0, false},
		{"a complaint past a filter", "from localhost (localhost [127.0.0.1]) by mx.example.com with ESMTP id 1\nfrom evil (e.example.net [198.51.100.7]) by mx.example.com with ESMTP id 2\nfrom pc (x [203.0.113.9]) by c.example.net with ESMTP id 3", "receiver border hearsay", 1, false},
		{"machines of Exchange Online", "from A.prod.outlook.com (2603:1096:404::5) by B.prod.outlook.com with Microsoft SMTP Server id 15.20\nfrom mail.example.jp (192.0.2.25) by A.prod.outlook.com with Microsoft SMTP Server id 15.20\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "receiver receiver border", 2, false},
		{"a name of Exchange Online at an address that is none", "from A.prod.outlook.com (198.51.100.7) by B.prod.outlook.com with Microsoft SMTP Server id 15.20\nfrom mail.example.jp (192.0.2.25) by A.prod.outlook.com with Microsoft SMTP Server id 15.20", "border hearsay", 0, false},
		{"two hosts of one provider", "from mx.example.net (mx.example.net [198.51.100.7]) by box.example.net with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.net with ESMTP id 2", "receiver border", 1, false},
		{"a customer of a provider", "from mx.example.net (dsl-100-7.example.net [198.51.100.7]) by box.example.net with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.net with ESMTP id 2", "border hearsay", 0, false},
		{"a customer by a word", "from mx.example.net (a.dyn.example.net [198.51.100.7]) by box.example.net with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.net with ESMTP id 2", "border hearsay", 0, false},
		{"a line that cannot be read", "nothing\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 1", "hearsay hearsay", -1, false},
		{"an address that is none", "from pc (x [203.0.113.300]) by mail.example.jp with ESMTP id 1\nfrom a (b [198.51.100.1]) by mail.example.jp with ESMTP id 3", "border hearsay", 0, false},
		{"Google's own line", "by 2002:a05:6512:3e0c:b0:53d:a1a9:1234 with SMTP id i12\nfrom mail.example.jp (mail.example.jp. [192.0.2.25]) by mx.google.com with ESMTPS id d2\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3", "receiver receiver border", 2, false},
	} {
		w := Walk(read(c.text), mine)
		var said []string
		for _, s := range w.Said {
			said = append(said, string(s))
		}
		if c.name == "a complaint past a filter" && len(w.Own) > 0 {
			t.Errorf("lines %v are taken for own ones", w.Own)
		}
		if got := strings.Join(said, " "); got != c.said || w.Border != c.border || w.Login != c.login {
			t.Errorf("%s: %s, border %d, login %v; want %s, %d, %v", c.name, got, w.Border, w.Login, c.said, c.border, c.login)
		}
	}
}

// TestDoubt: from where on lines may be made up by a program on an own host.
func TestDoubt(t *testing.T) {
	const below = "\nfrom pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 3"
	for _, c := range []struct {
		name, text string
		doubt      int
	}{
		{"two own hosts", "from mx.example.jp (mx.example.jp [192.0.2.26]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 2", -1},
		{"two own hosts inside, by the first word of the name", "from mx (mx [10.0.0.2]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 2", -1},
		{"loopback", "from localhost (localhost [127.0.0.1]) by mail.example.jp with ESMTP id 1" + below, 0},
		{"a local user", "by mail.example.jp (Postfix, from userid 33) id 8F3D21A0042" + below, 0},
		{"a local user, and nothing below", "by mail.example.jp (Postfix, from userid 33) id 8F3D21A0042", -1},
		{"the own address of the same host", "from evil (unknown [192.0.2.25]) by mail.example.jp with ESMTP id 1" + below, 0},
		{"an own address by another name", "from evil (unknown [192.0.2.26]) by mail.example.jp with ESMTP id 1\nfrom pc (x [203.0.113.9]) by mx.example.jp with ESMTP id 2", 0},
		{"a login", "from web.example.jp (web.example.jp [192.0.2.26]) by mail.example.jp with ESMTPA id 1" + below, -1},
		{"of whoever complains", "from localhost (localhost [127.0.0.1]) by mx.example.com with ESMTP id 1\nfrom mail.example.jp (mail.example.jp [192.0.2.25]) by mx.example.com with ESMTP id 2" + below, -1},
		{"a line that hides its client", "by mail.example.jp (Postfix) id 8F3D21A0042" + below, 0},
	} {
		if w := Walk(read(c.text), mine); w.Doubt != c.doubt {
			t.Errorf("%s: doubt begins at %d, want %d", c.name, w.Doubt, c.doubt)
		}
	}
}

// TestSigns: each sign is seen where it belongs, with its lines, and in nothing else.
func TestSigns(t *testing.T) {
	const good = "from pc.example.net (pc.example.net [203.0.113.9]) by mail.example.jp (Postfix) with ESMTP id 8F3D21A0042 for <a@example.com>; Sat, 21 Nov 2026 03:12:00 +0000"
	for _, c := range []struct{ name, text, want string }{
		{"good", good, ""},
		{"backwards", good + "\nfrom a.example.net (a.example.net [198.51.100.1]) by pc.example.net with SMTP id 3; Sat, 21 Nov 2026 03:23:00 +0000", "time-backwards[0 1]"},
		{"clocks that differ", good + "\nfrom a.example.net (a.example.net [198.51.100.1]) by pc.example.net with SMTP id 3; Sat, 21 Nov 2026 03:21:00 +0000", ""},
		{"future", strings.Replace(good, "03:12", "13:12", 1), "future[0]"},
		{"day", strings.Replace(good, "Sat", "Sun", 1), "wrong-day[0]"},
		{"zone", strings.Replace(good, " +0000", "", 1), "no-zone[0]"},
		{"date", strings.Replace(good, "Sat, 21 Nov 2026 03:12:00 +0000", "soon", 1), "no-date[0]"},
		{"octet", strings.Replace(good, "203.0.113.9", "203.0.113.256", 1), "bad-octet[0]"},
		{"reserved", strings.Replace(good, "203.0.113.9", "250.0.113.9", 1), "reserved[0]"},
		{"id", strings.Replace(good, "8F3D21A0042", "<1@x>", 1), "id-shape[0]"},
		{"two clients", strings.Replace(good, "by mail", "(b [198.51.100.1]) by mail", 1), "two-clients[0]"},
		{"forged", strings.Replace(good, "9])", "9] (may be forged))", 1), "may-be-forged[0]"},
		{"own name", strings.Replace(good, "from pc.example.net", "from mail.example.jp", 1), "helo-own[0]"},
		{"an office computer of one's own", strings.Replace(good, "from pc.example.net", "from pc10.example.jp", 1), ""},
		{"an own name where no login would show", strings.Replace(strings.Replace(good, "from pc.example.net", "from mail.example.jp", 1), "(Postfix) ", "", 1), ""},
		{"an own name elsewhere", strings.NewReplacer("from pc.example.net", "from pc10.example.jp", "by mail.example.jp", "by mx.example.com").Replace(good), "helo-own[0]"},
		{"an own name by reverse look-up", strings.NewReplacer("(pc.example.net", "(pc.example.jp", "by mail.example.jp", "by mx.example.com").Replace(good), "own-name[0]"},
		{"fetched from a mailbox", "from pop.example.com [203.0.113.9] by localhost with POP3 (fetchmail-6.4.37) for <taro@localhost>; Sat, 21 Nov 2026 03:12:00 +0000\nfrom pc.example.net (pc.example.net [203.0.113.9]) by mx.example.com (Postfix) with ESMTP id 8F3D21A0042; Sat, 21 Nov 2026 03:11:00 +0000", ""},
		{"machines of Exchange Online", "from A.eurprd01.prod.outlook.com (2603:10a6:4:1::1) by B.eurprd01.prod.outlook.com with Microsoft SMTP Server id 15.20.1.1; Sat, 21 Nov 2026 03:12:00 +0000\nfrom pc.example.net (203.0.113.9) by D.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP Server id 15.20.1.1; Sat, 21 Nov 2026 03:12:00 +0000", ""},
		{"literal", strings.Replace(good, "from pc.example.net", "from [198.51.100.1]", 1), "helo-literal[0]"},
		{"recipient", strings.Replace(good, "from pc.example.net", "from example.com", 1), "helo-recipient[0]"},
		{"own below", good + "\n" + strings.Replace(good, "pc.example.net", "other.example.com", 2), "own-below[1]"},
		{"chain", good + "\nfrom a.example.com (a.example.com [198.51.100.1]) by qq.example.net with SMTP id 3; Sat, 21 Nov 2026 03:11:00 +0000", "by-chain[0 1]"},
		{"E-Post with a login", "from pc (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) with ESMTPSA id <B0000000001@mail1.example.jp>; Sat, 21 Nov 2026 12:12:00 +0900", "software[0]"},
		{"E-Post with an id of another", "from pc (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) with ESMTP id <8F3D21A0042@mail1.example.jp>; Sat, 21 Nov 2026 12:12:00 +0900", "id-shape[0]"},
		{"no form", good + "\nnothing", "unparseable[1]"},
		{"private between", "from b.example.com (x [10.0.0.9]) by a.example.com with SMTP id 3; Sat, 21 Nov 2026 03:12:00 +0000\nfrom pc.example.net (pc.example.net [203.0.113.9]) by b.example.net with SMTP id 3; Sat, 21 Nov 2026 03:12:00 +0000", "private-between[0 1]"},
	} {
		lines := read(c.text)
		w := Walk(lines, mine)
		var got []string
		for _, s := range w.Look(lines, mine, now) {
			got = append(got, s.Code+strings.ReplaceAll(strings.Join(strings.Fields(sprint(s.Lines)), " "), ",", ""))
			if s.Text.EN == "" || s.Text.JA == "" || s.Weight < 1 || s.Weight > 3 || len(s.Lines) == 0 {
				t.Errorf("%+v", s)
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
	lines := read(good)
	lines[0].Below = true
	w := Walk(lines, mine)
	if s := w.Look(lines, mine, now); len(s) != 1 || s[0].Code != "below-author" || Score(s) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestOrganisation(t *testing.T) {
	for host, want := range map[string]string{"a.b.example.jp": "example.jp", "x.example.co.jp": "example.co.jp", "example.co.jp": "example.co.jp", "co.jp": "co.jp", "mx.example.com.": "example.com", "localhost": "", "192.0.2.1": "", "": ""} {
		if got := Organisation(host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestNames(t *testing.T) {
	own := Own{Domains: []string{"Example.jp"}, Hosts: []string{"mta.example.org"}, Nets: mine.Nets}
	for host, want := range map[string]bool{"example.jp": true, "MX.EXAMPLE.JP.": true, "notexample.jp": false, "example.jp.evil.example": false, "mta.example.org": true, "x.mta.example.org": false, "192.0.2.25": true, "[192.0.2.25]": true, "127.0.0.1": false, "": false} {
		if own.Names(host) != want {
			t.Errorf("%q is own: %v", host, !want)
		}
	}
}

func sprint(all []int) string {
	text := "["
	for i, n := range all {
		if i > 0 {
			text += " "
		}
		text += string(rune('0' + n))
	}
	return text + "]"
}

func FuzzWalk(f *testing.F) {
	f.Add("from pc (x [203.0.113.9]) by mail.example.jp with ESMTP id 1\nfrom a (b [198.51.100.1]) by mail.example.jp with ESMTP id 3")
	f.Fuzz(func(t *testing.T, text string) {
		lines := read(text)
		w := Walk(lines, mine)
		if len(w.Said) != len(lines) || w.Border >= len(lines) || w.Trusted > len(lines) {
			t.Fatalf("%+v", w)
		}
		if i := slices.Index(w.Said, SaidHearsay); i >= 0 && slices.ContainsFunc(w.Said[i:], func(s Said) bool { return s != SaidHearsay }) {
			t.Fatalf("something below hearsay is believed: %v", w.Said)
		}
		for _, s := range w.Look(lines, mine, now) {
			for _, n := range s.Lines {
				if n < 0 || n >= len(lines) {
					t.Fatalf("%+v", s)
				}
			}
		}
	})
}
