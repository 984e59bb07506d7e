package servers

// legend stands above the matrix, and notes below it.
const (
	legend = `What mail servers answer to the relay tests, asked from outside. Written by "go test ./actions/smtpcheck/servers -update".

  250 ok    a control passes             454 soft  refused for now    - no AUTH     the server offers no login that could fail
  250 HIT   taken: suspect               501 MAIL  refused at MAIL    - no account  there is no test account
  250 weak  taken: weak suspect          550       refused at RCPT    - port        only asked on 465 and 587
  250 once  taken, and not asked again                                - 421         the server had hung up for good

A column is port 25, unless a port stands above it: that is one more of the server to its left, in TLS.

`
	notes = `
What may surprise:

postfix-closed       Debian's last rule is defer_unauth_destination, which refuses with 454. It counts as a refusal.
postfix-permit       With "permit" alone Postfix does not serve at all ("specify at least one working instance of: reject_unauth_destination
                     ..."). What opens it is an OK for every client before that.
postfix-own-sender   R04: a sender without a domain gets the server's own. R08: the OK for example.jp is one for mail.example.jp too.
postfix-routing      No relay: with allow_percent_hack and swap_bangpath off, allow_untrusted_routing on and no list of recipients, the odd names
                     are taken for local ones, and nothing leaves the server. This is why such tests are weak; see TestDelivered.
                     R18: to Postfix "u@d" in quotes is the address u@d.
postfix-logins       465, 587: a Postfix that wants a login says 554 to everybody, not 530: that a login opens it shows that it is for that.
postfix-loose        R35: the sender is not bound to the login. R36: whoever has read mail may send, and so may all others behind his address; that
                     test comes last of all. R33: an OK for senders of example.jp stands before the reject.
sendmail-closed      R20, R22: two @ are no address. It slows down after three refused recipients, and takes ten connections in ten minutes.
sendmail-local-from  R08, R09: its own name and address are local domains. R10: localhost is no domain for a client from outside.
                     R32: hits need connections of their own, and the eleventh was refused.
sendmail-loose       R32.2 alone: FEATURE(loose_relay_check) is about u%d at a domain that it relays for. At its own names the % is resolved first
                     and u@d is judged.
exim-*               R04, R09: refused at MAIL. Recipients with % or ! are refused by Debian's rules for local parts ("restricted characters"),
                     and address literals by default.
epost-default        R06, R07: who names an existing account relays, which is E-Post's default. R05: one that does not exist is refused.
epost-*              R34: after a login that failed nothing is taken any more.
`
)
