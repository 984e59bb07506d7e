package reply

import (
	"fmt"
	"strings"
	"testing"
)

// tell writes what a reply says in one line.
func tell(r Reply) string {
	s := fmt.Sprintf("%d %s", r.Code, r.Enhanced)
	if r.Blocking {
		s += " BLOCK"
	}
	for _, n := range r.Names {
		s += " " + n
	}
	for _, c := range r.Codes {
		s += " " + c
	}
	for _, a := range r.Addresses {
		s += " " + a.String()
	}
	return s
}

// Replies in the forms that the operators document or are known for, in words of our own.
func TestRead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		// Blocklists.
		{"550 5.7.1 Service unavailable; Client host [192.0.2.25] blocked using zen.spamhaus.org; https://check.spamhaus.org/query/ip/192.0.2.25",
			"550 5.7.1 BLOCK zen.spamhaus.org check.spamhaus.org 5.7.1 192.0.2.25"},
		{"554 5.7.1 Client host [192.0.2.25] blocked using bl.spamcop.net; see https://www.spamcop.net/bl.shtml?192.0.2.25", "554 5.7.1 BLOCK bl.spamcop.net www.spamcop.net 5.7.1 192.0.2.25"},
		{"450 4.7.1 Client host [192.0.2.25] blocked using gmo-rbl.jp; Poor Reputation Sender", "450 4.7.1 BLOCK gmo-rbl.jp 4.7.1 192.0.2.25"},
		{"553 https://www.spamhaus.org/lookup?ip=192.0.2.25", "553  BLOCK www.spamhaus.org 192.0.2.25"},
		{"550 Blocked - 25.2.0.192.B.BARRACUDACENTRAL.ORG, listed", "550  BLOCK b.barracudacentral.org"},
		{"550 5.7.1 found in abcdefghij0123456789abcdef.zen.dq.spamhaus.net, banned", "550 5.7.1 BLOCK zen.dq.spamhaus.net 5.7.1"},
		{"554 mx7.example.com ESMTP not accepting: your address is on our block list", "554  BLOCK"}, // the host that refuses is named in passing
		{"554 5.7.1 Rejected, [IPv6:2001:db8::25] is in dnsbl-1.uceprotect.net", "554 5.7.1 BLOCK dnsbl-1.uceprotect.net 5.7.1 2001:db8::25"},
		{"521 5.2.1 (RTR:BL) no connections from 192.0.2.25:4711", "521 5.2.1 5.2.1 RTR:BL 192.0.2.25"}, // 5.2.1 is a mailbox
		{"554 (RTR:BL) no connections from 192.0.2.25", "554  BLOCK RTR:BL 192.0.2.25"},
		// Operators.
		{"550 5.7.606 Access denied, banned sending IP [192.0.2.25]; ask at https://sender.office.com/", "550 5.7.606 BLOCK sender.office.com 5.7.606 192.0.2.25"},
		{"550 5.7.649 Access denied", "550 5.7.649 BLOCK 5.7.649"},
		{"451 4.7.650 [192.0.2.25] slowed down", "451 4.7.650 BLOCK 4.7.650 192.0.2.25"},
		{"554 Your network not allowed here", "554  BLOCK"},
		{"550 5.7.650 Turned down", "550 5.7.650 5.7.650"},
		{"550 5.7.1 Mail from [192.0.2.25] was not sent. Part of the network is refused (S3140). See http://mail.live.com/mail/troubleshooting.aspx#errors", "550 5.7.1 BLOCK mail.live.com 5.7.1 S3140 192.0.2.25"},
		{"421 4.7.0 [TSS04] Mail from 192.0.2.25 deferred due to user complaints; see https://postmaster.example.com/codes", "421 4.7.0 BLOCK postmaster.example.com 4.7.0 TSS04 192.0.2.25"},
		{"421 4.7.0 [TS01] deferred", "421 4.7.0 BLOCK 4.7.0 TS01"},
		{"550-5.7.1 [192.0.2.25] Our system has seen an unusual rate of 550-5.7.1 unsolicited mail. ab12cd-34ef.5 - gsmtp", "550 5.7.1 BLOCK 5.7.1 192.0.2.25"},
		{"554 5.7.1 BL000010 see postmaster page", "554 5.7.1 BLOCK 5.7.1 BL000010"},
		{"550 5.7.0 Local policy, OFR_506", "550 5.7.0 BLOCK 5.7.0 OFR_506"},
		{"554 5.7.0 Turned away as SPAM, id=12345-06", "554 5.7.0 BLOCK 5.7.0"},
		{"550 #5.7.1 Your address has a poor reputation AUP#1310", "550 5.7.1 BLOCK 5.7.1 AUP#1310"},
		// None of these is a block.
		{"550 User Unknown", "550 "},
		{"550 5.1.1 <hanako@example.com>: Recipient address rejected: User unknown", "550 5.1.1 5.1.1"},
		{"550 5.1.1 unknown here; blocked using our list", "550 5.1.1 5.1.1"},
		{"550 5.7.1 550 No such user: hanako", "550 5.7.1 5.7.1"},
		{"550 hanako (hanako@example.com) not listed in Domino Directory", "550 "},
		{"452 4.2.2 Mailbox full, the policy is 10 MB", "452 4.2.2 4.2.2"},
		{"550 4.2.2 of another class", "550  4.2.2"},
		{"554 5.7.1 <hanako@example.com>: Relay access denied", "554 5.7.1 5.7.1"},
		{"450 4.7.1 Access denied. IP name lookup failed [192.0.2.25]", "450 4.7.1 4.7.1 192.0.2.25"},
		{"550 5.7.26 Unauthenticated mail is not accepted due to the DMARC policy of example.jp", "550 5.7.26 5.7.26"},
		{"451 4.7.1 Greylisted, see http://greylist.example.com/?h=hanako@example.com", "451 4.7.1 greylist.example.com 4.7.1"},
		{"451 4.7.1 Try again later", "451 4.7.1 4.7.1"},
		{"552 5.2.3 over 10485760 bytes, a policy", "552 5.2.3 5.2.3"},
		{"452 4.3.1 mx1.antispam.example.com: insufficient storage", "452 4.3.1 mx1.antispam.example.com 4.3.1"},
		{"550-5.7.26 Your email has been blocked because the sender is unauthenticated. 550-5.7.26 See https://support.example.com/mail/answer/81126", "550 5.7.26 support.example.com 5.7.26"},
		{"550 5.4.1 Access denied", "550 5.4.1 5.4.1"},
		// Names that are none: sentences that meet, versions, ids, files, marks of no operator.
		{"550 denied.Please see RESOLVER.ADR.RecipNotFound v1.2 RFC5321 IPV6 B0000055688 4XyZ1234AB x.html a..b.com x-.com", "550 "},
		{"550 ask POSTMASTER@EXAMPLE.NET at MX.EXAMPLE.NET:25. or Www.example.net", "550  mx.example.net www.example.net"},
		// Names of users, and domains that are only mentioned.
		{"550 5.7.1 suzuki.hanako was rejected by taro.yamada, see hanako.private and visit saburo.invalid; at co.jp", "550 5.7.1 5.7.1"},
		{"550 5.7.1 mail of hanako.tokyo and x.example.jp for <taro@list.example.jp> and bounce=taro%40spam.example.jp or taro=40rbl.example.jp refused", "550 5.7.1 5.7.1"},
		{"554 per RBL hanako.tokyo", "554  BLOCK hanako.tokyo"},
		{"554 listed: (bl.example.co.jp), [rbl.example.jp] dnsbl.example.github.io lookup.example.com/why", "554  BLOCK bl.example.co.jp rbl.example.jp dnsbl.example.github.io lookup.example.com"},
		// No refusal of a server.
		{"Unable to deliver to destination domain", "0 "}, {"250 OK", "0 "}, {"", "0 "}, {"5504 x", "0 "}, {"55", "0 "}, {"550", "550 "}, {"599-", "599 "},
	} {
		if got := tell(Read([]byte(c.text), []byte("hanako@example.com"))); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.text, got, c.want)
		}
	}
}

// What differs from reply to reply is the same in the normal form.
func TestNormal(t *testing.T) {
	for _, c := range []struct{ one, other, want string }{
		{"550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; https://x.example/query/192.0.2.25",
			"550 5.7.1 client host [2001:db8::25]  blocked using ZEN.spamhaus.org; https://x.example/query/198.51.100.1", "550 5.7.1 client host [{ip}] blocked using zen.spamhaus.org; https://x.example/query/{ip}"},
		{"554 5.7.0 Reject, id=12345-06 - SPAM (mx1.example.com)", "554 5.7.0 Reject, id=99-1 - SPAM (mx22.example.com)", "554 5.7.0 reject, id={n} - spam ({host}.example.com)"},
		{"451 4.7.1 <hanako@example.com> later at 10:29:51, B0000055688", "451 4.7.1 <jiro@example.com> later at 11:00:00, B0000055700", "451 4.7.1 <*@example.com> later at {n}, {n}"},
		{"550 5.7.1 (S3140) x", "550 5.7.1 (S3140) X", "550 5.7.1 (S3140) x"},
		{"554 see dnsbl-1.uceprotect.net", "554 see DNSBL-2.uceprotect.net", "554 see {host}.uceprotect.net"},
	} {
		for _, text := range []string{c.one, c.other} {
			to := "hanako@example.com"
			if strings.Contains(text, "jiro") {
				to = "jiro@example.com"
			}
			if got := Read([]byte(text), []byte(to)).Normal; got != c.want {
				t.Errorf("%s\ngot  %s\nwant %s", text, got, c.want)
			}
		}
	}
}

// Nothing that is shown names a user of another server, moves a cursor or has no end.
func TestExample(t *testing.T) {
	for _, c := range []struct{ text, to, want string }{
		{"550 5.1.1 <Hanako@Example.com>... User unknown", "hanako@example.com", "550 5.1.1 <*@example.com>... User unknown"},
		{"550 no hanako. Not hanako-san, hanako.example, HANAKO", "hanako@example.com", "550 no *. Not hanako-san, hanako.example, *"},
		{"550 https://x.example/?rcpt=hanako%40example.com", "hanako@example.com", "550 https://x.example/?rcpt=*%40example.com"},
		{`550 "ha nako"@example.com; ha nako; jiro+x@example.net, @example.org`, `"ha nako"@example.com`, `550 *@example.com; *; *@example.net, @example.org`},
		{"550 bounce-hanako=example.com@list.example refused", "hanako@example.com", "550 *@list.example refused"},
		{"550 user hanako", "hanako+news@example.com", "550 user *"},
		{"550 taken for spam.spamhaus.org", "spam@example.com", "550 taken for spam.spamhaus.org"},
		{"550 a\x1b[31m\r\nb\x00\xe2\x80\xaec\t d ", "", "550 a [31m b ???c d"},
		{"550 550 5.1.1", "550@example.com", "550 * 5.1.1"},
		{"550 " + strings.Repeat("x", 1000), "", "550 " + strings.Repeat("x", MaxExample-7) + "..."},
	} {
		if got := Read([]byte(c.text), []byte(c.to)).Example; got != c.want {
			t.Errorf("%q for %s\ngot  %s\nwant %s", c.text, c.to, got, c.want)
		}
	}
	const key = "abcdefghij0123456789abcdef"
	for text, want := range map[string]string{
		"550 https://x.example/?u=suzuki.ichiro%40yahoo.com&ip=192.0.2.25":                               "550 https://x.example/?u=*%40yahoo.com&ip=192.0.2.25",
		"550 https://x.example/suzuki%2540yahoo.com/a suzuki=40yahoo.com r=suzuki@yahoo.com":             "550 https://x.example/*%2540yahoo.com/a *=40yahoo.com *@yahoo.com",
		"550 over quota (user=secret-customer), USER=192.0.2.25, User=\"ha nako\" login='ha nako' x":     "550 over quota (user=*), USER=192.0.2.25, User=\"*\" login='*' x",
		"550 rcpt=<someone>, recipient=<x@example.com>; account=123.456. smtp_user%3Dtaro&u=taro&login=": "550 rcpt=<*>, recipient=<*@example.com>; account=*. smtp_user%3D*&u=*&login=",
		"550 rcpt=<so meone": "550 rcpt=<*",
		"550 url=https://x.example/?rcpt=taro&menu=u&from=mx.example.jp":                      "550 url=https://x.example/?rcpt=*&menu=u&from=mx.example.jp",
		"550 <hanako.private=gmail.com@bounce.example> SRS0=ab=cd=example.com=taro@f.example": "550 <*@bounce.example> *@f.example",
		"550 https://x.example/?b=hanako=gmail.com@bounce.example&c=1":                        "550 https://x.example/?b=*@bounce.example&c=1",
		"550 user=*hanako":                                                         "550 user=*",
		"550 in " + key + ".zen.dq.spamhaus.net":                                   "550 in *.zen.dq.spamhaus.net",
		"550 25.2.0.192." + key + ".zen.dq.spamhaus.net":                           "550 25.2.0.192.*.zen.dq.spamhaus.net",
		"550 https://Key." + "combined.mail.abusix.zone, by akey.r.mail-abuse.com": "550 https://*.combined.mail.abusix.zone, by *.r.mail-abuse.com",
		"550 by " + key + ".bl.example.jp":                                         "550 by *.bl.example.jp",
	} {
		if got := Read([]byte(text), nil).Example; got != want {
			t.Errorf("%q\ngot  %s\nwant %s", text, got, want)
		}
	}
	for _, text := range []string{ // word for word
		"550 5.7.1 info: see https://www.x.example/info/support?ip=192.0.2.25&id=1-2=40&lang=en&menu=u#x=40 for info",
		"550-5.7.1 [192.0.2.25 12] https://x.example/p/?q=UnsolicitedMessageError ab12cd-34ef.5 - gsmtp",
		"550 https://x.example/" + key + ".a.b.html?s=1",
		"550 in zen.dq.spamhaus.net, bl.spamcop.net, x.mail.abusix.zone",
	} {
		if got := Read([]byte(text), []byte("info@example.com")).Example; got != text {
			t.Errorf("altered:\n%s\n%s", text, got)
		}
	}
	many := "550 "
	for i := range 100 {
		many += fmt.Sprintf("rbl a%d.example.jp 192.0.2.%d 5.7.%d ", i, i, i)
	}
	if r := Read([]byte(many), nil); len(r.Names) != MaxNames || len(r.Addresses) != MaxNames || len(r.Codes) != MaxNames || len(r.Normal) != MaxNormal {
		t.Errorf("%d names, %d addresses, %d codes, %d bytes", len(r.Names), len(r.Addresses), len(r.Codes), len(r.Normal))
	}
}

// FuzzRead: whatever a server answers, what is kept is bounded and printable, and the recipient is not in it.
func FuzzRead(f *testing.F) {
	f.Add("550 5.7.1 Client host [192.0.2.25] blocked using zen.spamhaus.org; <hanako@example.com>", "hanako@example.com")
	f.Add("421-4.7.0 [TSS04] http://x.example/a/b?c=d \x1b \"a b\"@c.example", `"a b"@c.example`)
	f.Add("550 ::1 RTR:BL IPv6:2001:db8::1 1.2.3.4.zen.example ..@.. -.- #5.7.1", "+@x")
	f.Fuzz(func(t *testing.T, text, to string) {
		r := Read([]byte(text), []byte(to))
		if r.Code == 0 {
			if tell(r) != "0 " || r.Example+r.Normal != "" {
				t.Fatalf("%q is no refusal: %+v", text, r)
			}
			return
		}
		if len(r.Names) > MaxNames || len(r.Codes) > MaxNames || len(r.Addresses) > MaxNames || len(r.Example) > MaxExample || len(r.Normal) > MaxNormal || r.Code < 400 || r.Code > 599 {
			t.Fatalf("%+v", r)
		}
		all := append(append([]string{r.Example, r.Normal, r.Enhanced}, r.Names...), r.Codes...)
		who := strings.ToLower(clean([]byte(to)))
		for _, s := range all {
			for _, c := range []byte(s) {
				if c < ' ' || c > '~' {
					t.Fatalf("%q of %q", s, text)
				}
			}
			if i := strings.LastIndexByte(who, '@'); i > 0 && who[:i] != "*" && strings.Contains(strings.ToLower(s), who) && len(who) > 0 {
				t.Fatalf("%q names %q", s, who)
			}
		}
		for _, n := range r.Names {
			if n != strings.ToLower(n) || len(n) > maxName || !strings.Contains(n, ".") || strings.ContainsAny(n, " @/") {
				t.Fatalf("name %q of %q", n, text)
			}
		}
	})
}
