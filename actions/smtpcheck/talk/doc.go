// Package talk holds one SMTP conversation (RFC 5321) with a peer that may be hostile: for tests of a mail server, not for sending mail.
//
// In order: Open connects and reads the banner; Conn.Hello says EHLO, or HELO where that is refused; Conn.Secure does STARTTLS;
// Conn.Cmd gives one command and reads its reply; Conn.Login is AUTH; Conn.Message gives the text after the 354 of DATA; Conn.Raw writes
// bytes as they are; Conn.Stray waits for a reply that nobody asked for; Conn.Quit ends.
//
// Everything is bounded, in time and in bytes: a reply has a deadline as a whole, so that a peer that gives a byte a minute is a
// time-out; a reply has bounds in lines and bytes (package lines), of which MaxLine of each line are kept; a conversation has a deadline
// and a bound too. After any error the conversation is over, and every later call returns the same error. There are five errors:
// ErrConnect, ErrTimeout, ErrClosed, ErrBroken and ErrTLS; a time-out is never one of the others.
//
// Replies are read strictly (RFC 5321 section 4.2): three digits, then a hyphen, a space or the end, and one code in all lines. A peer that
// answers before it is asked is broken, since what it says could be taken for the answer to the next command; a 421 is no such thing.
// Only the code decides: text is made safe and shown.
//
// Log holds both directions with times. Passwords, and the exchange of AUTH, are taken out before anything is stored.
//
// Certificates are not verified, so that a server with a bad one can be tested; TLS tells what was seen. A Conn is for one goroutine.
package talk
