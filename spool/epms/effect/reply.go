package effect

// A SenderKind says what the server knows of an envelope sender.
type SenderKind uint8

// The kinds. Which one a sender is only the caller can tell: it needs the own domains and the accounts.
const (
	Outside      SenderKind = iota // of another domain, the null sender, or empty
	Local                          // of an own domain, and the account, alias or list exists
	UnknownLocal                   // of an own domain, and nothing there has the name
)

// A Reply is what the server answers. "250" stands for an acceptance, whose words are not fixed.
type Reply struct {
	Mail string // to MAIL FROM
	Rcpt string // to RCPT TO for a recipient of another domain; "" when MAIL FROM is refused
}

// Accepted stands for an acceptance in a Reply.
const Accepted = "250"

// The refusals, as the server words them (receiver of 2026). At RCPT another build answers
// "550 5.1.1 Please mail to a valid e-mail address." (FAQ 10-01).
const (
	replyDenied    = "550 5.1.7 Please, mail from a valid IP or Domain address."
	replyNoAccount = "550 5.1.7 Please, mail from a valid e-mail address."
	replyNoRelay   = "550 5.7.1 Sorry <rcpt>, I don't allow unauthorized relaying."
)

// Reply says what the server answers after the decision. It is the answer under SMTPAUTHOnly 0: with 1
// every session without AUTH, with 2 every existing local sender that has an auth file and no AUTH, gets
// a 503 at MAIL FROM instead.
func (d Decision) Reply(sender SenderKind, login bool) Reply {
	switch {
	case d.Result == Deny:
		return Reply{Mail: replyDenied}
	case sender == UnknownLocal && d.Result != Relay && d.Result != AnyAfterAuth:
		return Reply{Mail: replyNoAccount}
	case d.relays(sender, login):
		return Reply{Mail: Accepted, Rcpt: Accepted}
	}
	return Reply{Mail: Accepted, Rcpt: replyNoRelay}
}

// relays reports whether a sender may mail a recipient of another domain.
func (d Decision) relays(sender SenderKind, login bool) bool {
	switch d.Result {
	case Relay:
		return true
	case DefaultRule, OnlyFrom:
		return sender == Local
	case RelayAfterAuth:
		return login && sender == Local
	case AnyAfterAuth:
		return login
	}
	return false
}

// Meaning says in one sentence what the decision does for a session with or without SMTP AUTH.
func (d Decision) Meaning(login bool) string {
	switch d.Result {
	case Deny:
		return "The mail is refused at MAIL FROM, with or without a login."
	case Relay:
		return "Any sender is relayed to any address, with or without a login: for this peer or sender the server is an open relay."
	case DefaultRule:
		return "The default rule: whoever names an existing local sender is relayed to any address, other senders reach local recipients only; a login is not asked for."
	case OnlyFrom:
		return "This peer may relay: naming an existing local sender is enough, other senders reach local recipients only; a login is not asked for."
	case RelayNever:
		return "Mail reaches existing local recipients only, even after a login."
	case RelayAfterAuth:
		if login {
			return "After this login an existing local sender is relayed to any address; other senders reach local recipients only."
		}
		return "Without a login mail reaches existing local recipients only; after one the default rule holds."
	case AnyAfterAuth:
		if login {
			return "After this login any sender is relayed to any address."
		}
		return "Without a login mail reaches existing local recipients only, under any sender; after one it is relayed."
	case RestrictedByOnly:
		return d.restricted(login)
	}
	return "The result " + string(d.Result) + " is unknown."
}

func (d Decision) restricted(login bool) string {
	const restricted = "An only line keeps relaying to other peers: mail from outside senders reaches existing local recipients, local senders reach "
	switch {
	case login && d.Zero:
		return restricted + "nobody, even after this login, because the last line carries \",0\"."
	case login:
		return restricted + "them too after this login, and nobody reaches outside recipients."
	}
	return restricted + "nobody without a login."
}
