package trace

import (
	"net/netip"
	"strings"
	"testing"

	"hikeshi/actions/trace/facts"
)

func prefix(word string) (netip.Prefix, error) {
	a, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Prefix(a.BitLen())
}

// TestNobodyIsFramed: a login is a fact only where a trusted line or the log shows it.
func TestNobodyIsFramed(t *testing.T) {
	uid := "Received: by mail1.example.jp (Postfix, from userid 33)\r\n\tid 6F3D21A0043; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	self := strings.Replace(open, "pc (unknown [203.0.113.9])", "evil (unknown [192.0.2.25])", 1)
	hana := Entry{Found: true, Login: "hana@example.jp", Told: true, Client: client, Outside: true, Time: login.Time}
	check(t, []claim{
		{name: "a web script", text: fromUs + uid + framed + rest, state: facts.Through, answer: "handed in on the host itself by uid 33; line 3 below it", claimed: "hana@example.jp"},
		{name: "a local program over loopback", text: fromUs + loop + framed + rest, state: facts.Through, answer: "handed in on the host itself by 127.0.0.1", claimed: "hana@example.jp"},
		{name: "a local program from the own address", text: fromUs + self + framed + rest, state: facts.Through, answer: "handed in on the host itself by 192.0.2.25", claimed: "hana@example.jp"},
		{name: "a web script, and the log knows it", text: fromUs + uid + framed + rest, log: book{"6F3D21A0043": {Found: true, Told: true, Outside: true, Client: netip.MustParseAddr("127.0.0.1")}}, state: facts.NoLogin, answer: "without login, from 127.0.0.1 (own network)", claimed: "hana@example.jp"},
		{name: "a web script that copied a line", text: fromUs + uid + framed + rest, log: book{"7F3D21A0041": recipient(hana, "customer@example.net")}, state: facts.Through, answer: "only the log proves it", claimed: "hana@example.jp"},
		{name: "a filter, and the log agrees", text: fromUs + loop + framed + rest, log: book{"7F3D21A0041": recipient(hana, "v@example.com")}, state: facts.Login, answer: "logged in as hana@example.jp", logins: "hana@example.jp"},
		{name: "a line whose id the log knows at another time and of another client", text: fromUs + strings.Replace(epost, "12:12:00 +0900", "06:12:00 +0900", 1) + rest, log: book{"B0000000001": {Found: true, Told: true, Login: "hana@example.jp", Client: netip.MustParseAddr("198.51.100.7"), Time: login.Time}}, state: facts.Unknown, answer: "the log knows the id of line 2, but tells of another client, 198.51.100.7, another time, 2026-11-21 03:12:00Z"},
		{name: "a login above a line made up", text: fromUs + postfix + framed + rest, state: facts.Login, answer: "taro", logins: "taro@example.jp"},
		{name: "a copied line below the border", text: fromThem + framed + rest, log: book{"7F3D21A0041": recipient(hana, "customer@example.net")}, state: facts.Unknown, answer: "hearsay; the log knows its id, but tells of other recipients", claimed: "hana@example.jp"},
		{name: "an ident that plays our address", text: "Received: from x (IDENT:[192.0.2.25]@evil.example [198.51.100.7]) by mx.example.com (8.17.1/8.17.1) with ESMTP id 4AUA0abc123456; Sat, 21 Nov 2026 03:12:00 +0000\r\n" + framed + rest, state: facts.Unknown, answer: "198.51.100.7 (evil.example) handed it over", claimed: "hana@example.jp"},
		{name: "a name of ours by reverse look-up", text: strings.Replace(fromThem, "(evil.example.net", "(mail1.example.jp", 1) + framed + rest, state: facts.Unknown, answer: "line 2 names a host of yours below the border", claimed: "hana@example.jp"},
		{name: "an address that is none", text: strings.Replace(fromUs, "192.0.2.25", "fe80::1%eth0", 1) + framed + rest, state: facts.Unknown, answer: "line 1 names its client without an address that can be read", claimed: "hana@example.jp"},
	})
}

// TestOwnNotKnown: who does not know what is his cannot say that nothing went through it.
func TestOwnNotKnown(t *testing.T) {
	foreign := strings.NewReplacer("mail1.example.jp", "vm7.hoster.example").Replace(fromUs + open)
	check(t, []claim{
		{name: "no address", text: foreign + rest, own: yours("example.jp"), state: facts.Unknown, answer: "no IPv4 address of yours is known (--own ADDR); if 192.0.2.25 (vm7.hoster.example) is not yours"},
		{name: "a wrong address", text: fromUs + postfix + rest, own: yours("192.0.2.26"), state: facts.Unknown, answer: "nothing in it is known to be yours"},
		{name: "a wrong address, and a login at the domain of the author below", text: fromUs + postfix + "Reply-To: a@example.net\r\n" + rest, own: yours("192.0.2.26", "example.net"), state: facts.Unknown, answer: "line 2, below the border, shows a login at mail1.example.jp as taro@example.jp", claimed: "taro@example.jp"},
		{name: "no address, for a mailbox here", text: inward + rest, own: yours("example.jp"), state: facts.Unknown, answer: "no IPv4 address of yours is known (--own ADDR); if 198.51.100.7"},
		{name: "a wrong name", text: fromUs + postfix + rest, own: yours("bogus"), state: facts.Unknown, answer: "192.0.2.25 (mail1.example.jp) is not yours"},
		{name: "our name at an address that is not known", text: strings.Replace(bare, "(evil.example.net", "(mail1.example.jp", 1), state: facts.Unknown, answer: "198.51.100.7 (mail1.example.jp) handed it over, whose name is one of yours"},
		{name: "our name in a HELO, and no address of that kind is known", text: strings.NewReplacer("from evil (evil.example.net [198.51.100.7])", "from mail1.example.jp (unknown [IPv6:2001:db8::bad])").Replace(bare), state: facts.Unknown, answer: "no IPv6 address of yours is known"},
		{name: "another kind of address, and nothing of ours in it", text: strings.Replace(bare, "198.51.100.7", "IPv6:2001:db8::bad", 1), state: facts.Not, answer: "relayed by 2001:db8::bad"},
		{name: "a report that names our address, and a header that does not", text: strings.Replace(report(bare), "198.51.100.7\r\n--b", "192.0.2.25\r\n--b", 1), state: facts.Unknown, answer: "the report says that it came from your address 192.0.2.25 (Source-IP)"},
		{name: "a bounce that names our host, and a header that does not", text: dsnOf("mail1.example.jp", bare), state: facts.Unknown, answer: "the bounce says that it came from your host mail1.example.jp"},
		{name: "a bounce that names what the stranger called himself", text: dsnOf("mail1.example.jp", strings.Replace(bare, "from evil", "from mail1.example.jp", 1)), state: facts.Not, answer: "relayed by 198.51.100.7"},
		{name: "our name by reverse look-up, and no address is known", text: fromUs + rest, own: yours("example.jp"), state: facts.Unknown, answer: "took it from 192.0.2.25, whose name mail1.example.jp is yours, and no host of yours has written a line"},
		{name: "a report", text: report(bare), state: facts.Not, answer: "relayed by 198.51.100.7"},
	})
}

func report(header string) string {
	return "From: fbl@example.com\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nSource-IP: 198.51.100.7\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + header + "--b--\r\n"
}

func dsnOf(client, header string) string {
	return strings.NewReplacer("feedback-report", "delivery-status", "Feedback-Type: abuse\r\nSource-IP: 198.51.100.7", "Reporting-MTA: dns; mx.example.com\r\nReceived-From-MTA: dns; "+client).Replace(report(header))
}

// TestNoOpenRelay: what a forward, a list or a bounce sends on is not what a stranger could have relayed.
func TestNoOpenRelay(t *testing.T) {
	out := strings.Replace(fromUs, "v@example.com", "taro.private@example.com", 1)
	list := strings.Replace(pill, "taro@example.jp", "members@lists.example.jp", 1)
	dsn := fromUs + alias + "From: MAILER-DAEMON@mail1.example.jp\r\nTo: innocent@example.com\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nsorry\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + strings.Replace(pill, "taro@", "nosuch@", 1) + stranger + "--b--\r\n"
	check(t, []claim{
		{name: "a forward", text: out + pill + stranger, state: facts.Forwarded, answer: "forwarded: 198.51.100.7 brought it for taro@example.jp"},
		{name: "a forward out of a mailbox", text: out + alias + "Delivered-To: taro@example.jp\r\n" + pill + stranger, state: facts.Forwarded, answer: "if line 3 is true: by it 198.51.100.7 brought the mail for taro@example.jp"},
		{name: "a forward, by Delivered-To alone", text: out + alias + "Delivered-To: taro@example.jp\r\n" + strings.Replace(pill, "\r\n\tfor <taro@example.jp>", "", 1) + stranger, state: facts.Forwarded, answer: "for taro@example.jp"},
		{name: "a Delivered-To that the sender wrote", text: out + open + "Delivered-To: taro@example.jp\r\n" + stranger, state: facts.NoLogin, answer: "without login, from 203.0.113.9"},
		{name: "a mailing list", text: fromUs + loop + list + "List-Id: <members.lists.example.jp>\r\n" + stranger, state: facts.Forwarded, answer: "for members@lists.example.jp"},
		{name: "a forward, by the log", text: out + pill + stranger, log: book{"5A3D21A0042": here}, state: facts.Forwarded, answer: "brought it for a mailbox or list here"},
		{name: "E-Post shows the last recipient only", text: out + strings.Replace(epost, ">;", "> for <taro@example.jp>;", 1) + stranger, state: facts.Through, answer: "whether with a login only the log tells"},
		{name: "a bounce of this server", text: dsn, state: facts.Bounced, answer: "this server made this bounce (backscatter"},
		{name: "a script that plays a bounce", text: strings.Replace(dsn, "(Postfix)\r\n\tid 6B", "(Postfix, from userid 33)\r\n\tid 6B", 1), state: facts.NoLogin, answer: "by uid 33"},
	})
}

// TestNoMoreThanTheLine: a line that does not tell of a client or a login proves neither.
func TestNoMoreThanTheLine(t *testing.T) {
	noID := strings.Replace(epost, " id <B0000000001@mail1.example.jp>", "", 1)
	exchange := "Received: from evil (203.0.113.9) by mail1.example.jp (192.0.2.25) with Microsoft SMTP Server (TLS) id 15.1.1; Sat, 21 Nov 2026 03:12:00 +0000\r\n"
	far := "Received: from A.eurprd01.prod.exchangelabs.com (2603:10a6:208::1) by B.eurprd01.prod.exchangelabs.com with HTTPS; Sat, 21 Nov 2026 03:12:07 +0000\r\nReceived: from C.eurprd01.prod.outlook.com (2603:10a6:4:1::1) by A.eurprd01.prod.exchangelabs.com with Microsoft SMTP Server id 15.20.1.1; Sat, 21 Nov 2026 03:12:06 +0000\r\nReceived: from mail1.example.jp (%s) by D.mail.protection.outlook.com (10.152.4.1) with Microsoft SMTP Server id 15.20.1.1; Sat, 21 Nov 2026 03:12:05 +0000\r\n"
	check(t, []claim{
		{name: "a line that hides client and login", text: fromUs + alias + rest, state: facts.Through, answer: "its line hides client and login, which only the log tells"},
		{name: "a line that hides its client", text: fromUs + hidden + rest, state: facts.Login, answer: "logged in (as whom the line does not say), from a client that its line hides"},
		{name: "Exchange", text: fromUs + exchange + rest, state: facts.Through, answer: "whether with a login only the log tells"},
		{name: "unknown software", text: fromUs + strings.Replace(open, "(Postfix) ", "", 1) + rest, state: facts.Through, answer: "whether with a login only the log tells"},
		{name: "a line without an id", text: fromUs + noID + rest, log: covers, state: facts.Through, answer: "by the header alone: the line names no id by which the log could be asked"},
		{name: "a login that the header shows", text: byLogin, state: facts.Login, answer: "from 203.0.113.9 (by the header alone)", logins: "taro@example.jp"},
		{name: "Exchange Online complains, and it was ours", text: strings.Replace(far, "%s", "192.0.2.25", 1) + postfix + rest, state: facts.Login, answer: "taro", logins: "taro@example.jp"},
		{name: "Exchange Online complains, and it was not ours", text: strings.Replace(far, "%s", "198.51.100.7", 1) + rest, state: facts.Not, answer: "relayed by 198.51.100.7"},
	})
	office := strings.Replace(epost, "from pc ", "from pc10.example.jp ", 1)
	if m := judged(t, claim{text: fromUs + office + rest, log: book{"B0000000001": login}}).Messages[0]; m.State != facts.Login || len(m.Signs) > 0 {
		t.Errorf("an office computer: %s %+v", m.State, m.Signs)
	}
}
