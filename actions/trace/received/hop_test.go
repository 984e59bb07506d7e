package received

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"hikeshi/actions/trace/received/words"
)

var at = time.Date(2026, 11, 21, 3, 12, 0, 0, time.UTC)

// forms are the lines of each program, with what they say.
var forms = []struct {
	name, value string
	want        Hop
}{
	{"E-Post", "from pc (unverified [203.0.113.9]) by mail1.example.jp\r\n\t(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>;\r\n\tSat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "pc", IP: ip("203.0.113.9"), By: "mail1.example.jp", Protocol: "ESMTP", ID: "B0000000001", Software: EPost, Time: at, Zone: true}},
	{"E-Post with TLS and header.dat", "from pc (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) (version=TLSv1.2,cipher=AES256-SHA) with ESMTP id <B0000000001@mail1.example.jp> for <a@example.com>; Sat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "pc", IP: ip("203.0.113.9"), By: "mail1.example.jp", Protocol: "ESMTP", ID: "B0000000001", For: "a@example.com", TLS: "TLSv1.2", Software: EPost, Time: at, Zone: true}},
	{"E-Post, a HELO that plays another line", "from x (unverified [198.51.100.7]) by evil.example (E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000009@evil.example> (Authenticated sender: taro) (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>; Sat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "x", IP: ip("203.0.113.9"), Also: []netip.Addr{ip("198.51.100.7")}, By: "mail1.example.jp", Protocol: "ESMTP", ID: "B0000000001", Software: EPost, Time: at, Zone: true}},
	{"E-Post, a HELO of brackets", "from (((<\" (unverified [203.0.113.9]) by mail1.example.jp (E-POST ESMTP Receiver 5.00) with ESMTP id <B0000000001@mail1.example.jp>; Sat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "(((<\"", IP: ip("203.0.113.9"), By: "mail1.example.jp", Protocol: "ESMTP", ID: "B0000000001", Software: EPost, Time: at, Zone: true}},
	{"Postfix", "from pc.example.com (pc.example.com [IPv6:2001:db8::9])\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n\t(No client certificate requested)\n\t(Authenticated sender: taro@example.jp)\n\tby mail.example.jp (Postfix) with ESMTPSA id 4TqZ1x0Y3Wz1b\n\tfor <a@example.com>; Sat, 21 Nov 2026 03:12:00 +0000 (UTC)",
		Hop{HELO: "pc.example.com", RDNS: "pc.example.com", IP: ip("2001:db8::9"), By: "mail.example.jp", Protocol: "ESMTPSA", ID: "4TqZ1x0Y3Wz1b", For: "a@example.com", Auth: true, AuthShown: "Authenticated sender: taro@example.jp", User: "taro@example.jp", TLS: "TLSv1.3", Software: Postfix, Time: at, Zone: true}},
	{"Postfix without a name", "from localhost (unknown [203.0.113.9]) by mail.example.jp (Postfix) with SMTP id 8F3D21A0042; Sat, 21 Nov 2026 03:12:00 GMT",
		Hop{HELO: "localhost", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "SMTP", ID: "8F3D21A0042", Software: Postfix, Time: at, Zone: true}},
	{"Postfix, a HELO that plays a login", "from x (Authenticated sender: boss) (unknown [203.0.113.9]) by mail.example.jp (Postfix) with ESMTP id 8F3D21A0042; Sat, 21 Nov 2026 03:12:00 GMT",
		Hop{HELO: "x", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "ESMTP", ID: "8F3D21A0042", Software: Postfix, Time: at, Zone: true}},
	{"Postfix, hidden client", "by mail.example.jp (Postfix) with ESMTPSA id 8F3D21A0042 for <a@example.com>; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{By: "mail.example.jp", Protocol: "ESMTPSA", ID: "8F3D21A0042", For: "a@example.com", Auth: true, AuthShown: "ESMTPSA", Software: Postfix, Time: at, Zone: true}},
	{"Postfix, handed in on the host", "by mail.example.jp (Postfix, from userid 33) id 8F3D21A0042; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{By: "mail.example.jp", ID: "8F3D21A0042", Ident: "33", Local: true, Software: Postfix, Time: at, Zone: true}},
	{"Exim", "from dsl.example.com ([203.0.113.9] helo=pc)\n\tby mail.example.jp with esmtpsa  (TLS1.3) tls TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\t(envelope-from <taro@example.jp>)\n\tid 1pABCD-0000ab-2x\n\tfor a@example.com;\n\tSat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "pc", RDNS: "dsl.example.com", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "esmtpsa", ID: "1pABCD-0000ab-2x", EnvelopeFrom: "taro@example.jp", For: "a@example.com", Auth: true, AuthShown: "esmtpsa", TLS: "TLS1.3", Software: Exim, Time: at, Zone: true}},
	{"Exim without a name", "from [203.0.113.9] (port=4711 helo=[10.0.0.3] ident=bob) by mail.example.jp with esmtp (Exim 4.97) id 1r5ABC-00000001abc-2Def; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "[10.0.0.3]", IP: ip("203.0.113.9"), Ident: "bob", By: "mail.example.jp", Protocol: "esmtp", ID: "1r5ABC-00000001abc-2Def", Software: Exim, Time: at, Zone: true}},
	{"Exim, handed in on the host", "from www-data by mail.example.jp with local (Exim 4.96) (envelope-from <www-data@mail.example.jp>) id 1pABCD-0000ab-2x for a@example.com; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{By: "mail.example.jp", Protocol: "local", ID: "1pABCD-0000ab-2x", Ident: "www-data", Local: true, EnvelopeFrom: "www-data@mail.example.jp", For: "a@example.com", Software: Exim, Time: at, Zone: true}},
	{"sendmail", "from pc (dsl.example.com [203.0.113.9] (may be forged))\n\t(authenticated bits=0)\n\t(user=taro)\n\tby mail.example.jp (8.17.1/8.17.1) with ESMTPSA id 4AL3C0x7012345\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NOT)\n\tfor <a@example.com>; Sat, 21 Nov 2026 12:12:00 +0900 (JST)",
		Hop{HELO: "pc", RDNS: "dsl.example.com", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "ESMTPSA", ID: "4AL3C0x7012345", For: "a@example.com", Auth: true, AuthShown: "authenticated bits=0", User: "taro", TLS: "TLSv1.3", Forged: true, Software: Sendmail, Time: at, Zone: true}},
	{"sendmail, with an ident", "from pc (root@dsl.example.com [203.0.113.9]) by mail.example.jp (8.13.8/8.13.8) with SMTP id kAL3C0x7012345; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "pc", RDNS: "dsl.example.com", Ident: "root", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "SMTP", ID: "kAL3C0x7012345", Software: Sendmail, Time: at, Zone: true}},
	{"sendmail, an ident with brackets", "from x (IDENT:[192.0.2.25]@evil.example.com [203.0.113.9]) by mail.example.jp (8.13.8/8.13.8) with SMTP id kAL3C0x7012345; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "x", RDNS: "evil.example.com", Ident: "[192.0.2.25]", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "SMTP", ID: "kAL3C0x7012345", Software: Sendmail, Time: at, Zone: true}},
	{"Exim, an ident with brackets", "from evil.example.com ([203.0.113.9] helo=mail1.example.jp ident=[192.0.2.25]) by mail.example.jp with esmtp (Exim 4.96) id 1pABCD-0000ab-2x; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "mail1.example.jp", RDNS: "evil.example.com", Ident: "[192.0.2.25]", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "esmtp", ID: "1pABCD-0000ab-2x", Software: Exim, Time: at, Zone: true}},
	{"Exchange Online, over HTTPS", "from A.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) by B.eurprd01.prod.exchangelabs.com with HTTPS; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "A.eurprd01.prod.exchangelabs.com", IP: ip("2603:10a6:208::1"), By: "B.eurprd01.prod.exchangelabs.com", Protocol: "HTTPS", Software: Exchange, Time: at, Zone: true}},
	{"sendmail, handed in on the host", "(from www@localhost) by mail.example.jp (8.17.1/8.17.1/Submit) id 4AL3C0x7012345; Sat, 21 Nov 2026 03:12:00 GMT",
		Hop{Ident: "www@localhost", By: "mail.example.jp", ID: "4AL3C0x7012345", Local: true, Software: Sendmail, Time: at, Zone: true}},
	{"qmail", "from unknown (HELO pc) (bob@203.0.113.9)\n  by mail.example.jp with SMTP; 21 Nov 2026 03:12:00 -0000",
		Hop{HELO: "pc", Ident: "bob", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "SMTP", Software: Qmail, Time: at, Zone: true}},
	{"qmail, handed in on the host", "(qmail 4711 invoked by uid 1003); 21 Nov 2026 03:12:00 -0000",
		Hop{Ident: "1003", Local: true, Software: Qmail, Time: at, Zone: true}},
	{"qmail, between its own parts", "(qmail 4711 invoked from network); 21 Nov 2026 03:12:00 -0000", Hop{Local: true, Software: Qmail, Time: at, Zone: true}},
	{"Exchange Online", "from TY2PR01MB.jpnprd01.prod.outlook.com (2603:1096:404:1::5)\n by TYAPR01MB.jpnprd01.prod.outlook.com (2603:1096:400:2::7) with\n Microsoft SMTP Server (version=TLS1_2,\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.8137.27; Sat, 21 Nov\n 2026 03:12:00 +0000",
		Hop{HELO: "TY2PR01MB.jpnprd01.prod.outlook.com", IP: ip("2603:1096:404:1::5"), By: "TYAPR01MB.jpnprd01.prod.outlook.com", Protocol: "Microsoft SMTP", ID: "15.20.8137.27", TLS: "TLS1_2", Software: Exchange, Time: at, Zone: true}},
	{"Exchange, inside", "from A.example.com ([fe80::1]) by A.example.com ([fe80::1%5]) with mapi id 15.20.8137.27; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "A.example.com", IP: ip("fe80::1"), By: "A.example.com", Protocol: "mapi", ID: "15.20.8137.27", Software: Exchange, Time: at, Zone: true}},
	{"Google", "from mail.example.jp (mail.example.jp. [192.0.2.25])\r\n        by mx.google.com with ESMTPS id d2e1a72fcca58-724de7d2a1si.123.2026.11.20.19.12.00\r\n        for <victim@gmail.com>\r\n        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        Fri, 20 Nov 2026 19:12:00 -0800 (PST)",
		Hop{HELO: "mail.example.jp", RDNS: "mail.example.jp", IP: ip("192.0.2.25"), By: "mx.google.com", Protocol: "ESMTPS", ID: "d2e1a72fcca58-724de7d2a1si.123.2026.11.20.19.12.00", For: "victim@gmail.com", TLS: "TLS1_3", Software: Google, Time: at, Zone: true}},
	{"Google, inside", "by 2002:a05:6512:3e0c:b0:53d:a1a9:1234 with SMTP id i12csp123456lfv; Fri, 20 Nov 2026 19:12:00 -0800 (PST)",
		Hop{By: "2002:a05:6512:3e0c:b0:53d:a1a9:1234", Protocol: "SMTP", ID: "i12csp123456lfv", Software: Google, Time: at, Zone: true}},
	{"Yahoo", "from 203.0.113.9  (EHLO pc) (203.0.113.9)\n by mta1.mail.kks.yahoo.co.jp with SMTP; Sat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "pc", RDNS: "203.0.113.9", IP: ip("203.0.113.9"), By: "mta1.mail.kks.yahoo.co.jp", Protocol: "SMTP", Software: Yahoo, Time: at, Zone: true}},
	{"Yahoo, its own users", "by hermes--production-bf1-1 (Yahoo Inc. Hermes SMTP Server) with ESMTPA ID 0123456789abcdef; Sat, 21 Nov 2026 03:12:00 +0000 (UTC)",
		Hop{By: "hermes--production-bf1-1", Protocol: "ESMTPA", ID: "0123456789abcdef", Auth: true, AuthShown: "ESMTPA", Software: Yahoo, Time: at, Zone: true}},
	{"Amazon SES", "from mail.example.jp (mail.example.jp [192.0.2.25]) by inbound-smtp.us-east-1.amazonaws.com with SMTP id abcdefghijklmnop for a@example.com; Sat, 21 Nov 2026 03:12:00 +0000 (UTC)",
		Hop{HELO: "mail.example.jp", RDNS: "mail.example.jp", IP: ip("192.0.2.25"), By: "inbound-smtp.us-east-1.amazonaws.com", Protocol: "SMTP", ID: "abcdefghijklmnop", For: "a@example.com", Software: Other, Time: at, Zone: true}},
	{"Apple", "from smtpclient.apple (pv50p00im-dlb.example.com [203.0.113.9]) by pv50p00im.me.com (Postfix) with ESMTPSA id 0123456789AB for <a@example.com>; Sat, 21 Nov 2026 03:12:00 +0000 (UTC)",
		Hop{HELO: "smtpclient.apple", RDNS: "pv50p00im-dlb.example.com", IP: ip("203.0.113.9"), By: "pv50p00im.me.com", Protocol: "ESMTPSA", ID: "0123456789AB", For: "a@example.com", Auth: true, AuthShown: "ESMTPSA", Software: Postfix, Time: at, Zone: true}},
	{"Microsoft, old", "from pc ([203.0.113.9]) by mail.example.com with Microsoft SMTPSVC(10.0.14393.4169); Sat, 21 Nov 2026 12:12:00 +0900",
		Hop{HELO: "pc", IP: ip("203.0.113.9"), By: "mail.example.com", Protocol: "Microsoft SMTPSVC", Software: Exchange, Time: at, Zone: true}},
	{"by the words of the RFC alone", "from pc.example.com (203.0.113.9) by mx.example.net via TCP with LMTP id 42 for <a@example.net>; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "pc.example.com", RDNS: "pc.example.com", IP: ip("203.0.113.9"), By: "mx.example.net", Protocol: "TCP", ID: "42", For: "a@example.net", Software: Other, Time: at, Zone: true}},
	{"a wrong day, no zone", "from pc (dsl.example.com [203.0.113.9]) by mail.example.jp; Mon, 21 Nov 2026 03:12:00",
		Hop{HELO: "pc", RDNS: "dsl.example.com", IP: ip("203.0.113.9"), By: "mail.example.jp", WrongDay: true, Software: Other, Time: at}},
	{"an octet above 255", "from pc (dsl.example.com [203.0.113.300]) by mail.example.jp with SMTP id 42; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "pc", RDNS: "dsl.example.com", BadIP: "203.0.113.300", By: "mail.example.jp", Protocol: "SMTP", ID: "42", Software: Other, Time: at, Zone: true}},
	{"a zone by name and ctime", "from pc(203.0.113.9) via SMTP by mail.example.jp, id smtpdABC; Sat Nov 21 12:12:00 2026 JST",
		Hop{RDNS: "pc", IP: ip("203.0.113.9"), By: "mail.example.jp", ID: "smtpdABC", Software: Other, Time: at, Zone: true}},
	{"qmail with a login", "from unknown (HELO pc) (taro@203.0.113.9 with plain) by mail.example.jp with SMTP; 21 Nov 2026 03:12:00 -0000",
		Hop{HELO: "pc", User: "taro", Auth: true, AuthShown: "with plain", IP: ip("203.0.113.9"), By: "mail.example.jp", Protocol: "SMTP", Software: Qmail, Time: at, Zone: true}},
	{"no semicolon", "by mail.example.jp (Postfix, from userid 525)\n\tid 8F3D21A0042 Sat, 21 Nov 2026 12:12:00 +0900 (JST)",
		Hop{By: "mail.example.jp", ID: "8F3D21A0042", Ident: "525", Local: true, NoSemicolon: true, Software: Postfix, Time: at, Zone: true}},
	{"sendmail to itself", "from localhost (localhost)\n\tby mail.example.jp (8.14.3/8.14.3) id 4AL3C0x7012345; Sat, 21 Nov 2026 12:12:00 +0900 (JST)",
		Hop{By: "mail.example.jp", ID: "4AL3C0x7012345", Local: true, Software: Sendmail, Time: at, Zone: true}},
	{"OpenSMTPD to itself", "from localhost (localhost [local]);\n\tby mail.example.jp (OpenSMTPD) with ESMTPA id 700fd087;\n\tfor <a@example.com>;\n\tSat, 21 Nov 2026 03:12:00 +0000 (UTC)",
		Hop{By: "mail.example.jp", Protocol: "ESMTPA", ID: "700fd087", For: "a@example.com", Local: true, Software: Other, Time: at, Zone: true}},
	{"Postfix, a bounce of its own", "by mail.example.jp (Postfix)\n\tid 8F3D21A0042; Sat, 21 Nov 2026 03:12:00 +0000", Hop{By: "mail.example.jp", ID: "8F3D21A0042", Local: true, Software: Postfix, Time: at, Zone: true}},
	{"fetched from a mailbox", "from pop.example.com [203.0.113.9] by localhost with POP3 (fetchmail-6.4.37) for <taro@localhost>; Sat, 21 Nov 2026 03:12:00 +0000",
		Hop{HELO: "pop.example.com", By: "localhost", Protocol: "POP3", For: "taro@localhost", Local: true, Software: Other, Time: at, Zone: true}},
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func TestForms(t *testing.T) {
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			got, err := Parse(f.value)
			if err != nil {
				t.Fatal(err)
			}
			if text, want := show(got), show(f.want); text != want {
				t.Errorf("got\n%s\nwant\n%s", text, want)
			}
			if !got.QueueID() {
				t.Errorf("the id %q is not of the form of %s", got.ID, got.Software)
			}
		})
	}
}

// TestEveryForm: with CRLF, folds and octets above 127 a line says the same.
func TestEveryForm(t *testing.T) {
	for _, f := range forms {
		plain, err := Parse(f.value)
		if err != nil {
			t.Fatal(err)
		}
		folded, err := Parse(" " + strings.ReplaceAll(strings.ReplaceAll(f.value, "\r\n", "\n"), "\n", "\r\n \t") + "\r\n")
		if err != nil || show(folded) != show(plain) {
			t.Errorf("%s: folded otherwise it says\n%s %v\nand not\n%s", f.name, show(folded), err, show(plain))
		}
	}
}

func TestNoForm(t *testing.T) {
	for _, v := range []string{"", "by", "from", "nothing of the kind", ";;;;", "(((((", "by by by", strings.Repeat("(", 10_000_000), strings.Repeat("from by ", 1_000_000), "\x1b[2J\x00\xff"} {
		began := time.Now()
		h, err := Parse(v)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%.20q took %s", v, took)
		}
		if len(v) > Max && !h.Cut {
			t.Errorf("%.20q is cut, and that is not said", v)
		}
		if err == nil && h.By == "" {
			t.Errorf("%.20q: %+v", v, h)
		}
		if err != nil && !errors.Is(err, ErrForm) {
			t.Error(err)
		}
	}
}

// TestHostile: nothing that comes out can move a cursor or begin a line.
func TestHostile(t *testing.T) {
	h, err := Parse("from \x1b[2Jpc\u202e (\x1b]0;title\x07.example.com [203.0.113.9]) by ma\xffil.example.jp\r\n with SMTP id \x9b31m42\r\nX-Evil: yes; Sat, 21 Nov 2026 03:12:00 +0000")
	if err != nil || h.IP != ip("203.0.113.9") {
		t.Fatalf("%+v %v", h, err)
	}
	safe(t, h)
}

func safe(t *testing.T, h Hop) {
	t.Helper()
	for _, text := range []string{h.HELO, h.RDNS, h.Ident, h.By, h.Protocol, h.ID, h.EnvelopeFrom, h.For, h.User, h.AuthShown, h.TLS, h.BadIP} {
		if len(text) > words.Max || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is not safe to show", text)
		}
	}
}

func show(h Hop) string {
	also := ""
	for _, a := range h.Also {
		also += a.String() + " "
	}
	addr := ""
	if h.IP.IsValid() {
		addr = h.IP.String()
	}
	rows := []string{"helo " + h.HELO, "rdns " + h.RDNS, "ip " + addr, "also " + also, "bad " + h.BadIP, "ident " + h.Ident, "by " + h.By, "with " + h.Protocol, "id " + h.ID, "from " + h.EnvelopeFrom, "for " + h.For,
		"user " + h.User, "login " + h.AuthShown, "tls " + h.TLS, "time " + h.Time.UTC().String(), "software " + string(h.Software)}
	for _, f := range []struct {
		name string
		on   bool
	}{{"auth", h.Auth}, {"zone", h.Zone}, {"wrong day", h.WrongDay}, {"forged", h.Forged}, {"local", h.Local}, {"no semicolon", h.NoSemicolon}} {
		if f.on {
			rows = append(rows, f.name)
		}
	}
	return strings.Join(rows, "\n")
}

func FuzzParse(f *testing.F) {
	for _, x := range forms {
		f.Add(x.value)
	}
	f.Add("from x (y [1.2.3.4.5]) by z via HTTP; Sun Nov 13 14:50:12 2005")
	f.Fuzz(func(t *testing.T, value string) {
		h, err := Parse(value)
		safe(t, h)
		if again, err2 := Parse(value); show(again) != show(h) || (err == nil) != (err2 == nil) {
			t.Error("read twice it is not the same")
		}
		if h.IP.Zone() != "" || h.IP.Is4In6() {
			t.Errorf("address %s", h.IP)
		}
		if err == nil && h.By == "" && !h.IP.IsValid() && !h.Local {
			t.Errorf("nothing is told, and that is no error: %+v", h)
		}
	})
}
