// Package probe is the mailbox that a real message of a relay test goes to: the proof that a server relays is the cookie of the message,
// arrived here.
//
// There are three: a Receiver, which listens on a given address and takes mail for one mailbox only, and a Maildir, a folder that
// some other mail server delivers to. In order: Listen or Open; Poll from time to time, which returns what has come since; Close.
//
// Cookie makes the cookie of a message, and Text the message itself: plain text that says what it is, with Date, Message-ID,
// Auto-Submitted: auto-generated (RFC 3834) and X-Hikeshi-Probe. What has arrived is the message itself only where the cookie stands in its own
// head, as X-Hikeshi-Cookie or Message-ID. Anywhere else it is a bounce, or somebody who quotes it: the server took the message, and sent it or
// an answer to the sender of the envelope.
//
// Whatever arrives is hostile: it is bounded in size and number, and a Receiver bounds the time and the number of its connections. It keeps
// nothing on disk.
package probe
