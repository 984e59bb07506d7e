// Package record reads the logs of E-Post Mail Server V in which every line says all there is to say: acceptlog, inlog, outlog,
// outlocallog, faillog, senderlog, pop3log and imap4log. Each type reads the lines of one kind of log, as spool.LogParser; the zero
// value is ready. Nothing is allocated for a line.
//
// What clients and peers have chosen (logins, senders, recipients, HELO, replies) may hold any bytes and may imitate what the server
// writes around it. So each line is read from the side that the server wrote last, and where two readings are possible the one that
// blames nobody else is taken, or none. A login name that holds a line feed makes lines of its own: nothing in the format tells.
package record

import "bytes"

// maxName bounds what can be the name of an account in a log, in bytes: 128 of the account, @, and a domain.
const maxName = 384

// between cuts b at the first sep; ok is false if there is none. Its first byte is searched for: that is faster than bytes.Index on
// lines of this length.
func between(b []byte, sep string) (before, after []byte, ok bool) {
	for i := 0; ; i++ {
		j := bytes.IndexByte(b[i:], sep[0])
		if j < 0 {
			return nil, nil, false
		}
		i += j
		if after, ok = has(b[i:], sep); ok {
			return b[:i], after, true
		}
	}
}

// has says whether b begins with the word, and returns the rest.
func has(b []byte, word string) (rest []byte, ok bool) {
	if len(b) < len(word) || string(b[:len(word)]) != word {
		return b, false
	}
	return b[len(word):], true
}
