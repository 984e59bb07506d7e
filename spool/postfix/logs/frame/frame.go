// Package frame takes the message out of a line of a log: when it was written, by which program, and what it says. The forms are told by the
// line itself, so a file may change from one to another:
//
//	Nov 25 03:04:05 mail postfix/smtpd[123]: connect from …           syslog, postlogd(8), `journalctl -o short`
//	2026-11-25T03:04:05.123456+09:00 mail postfix/smtpd[123]: …        rsyslog since Debian 12, `journalctl -o short-iso`
//	{"__REALTIME_TIMESTAMP":"1795543445000000","SYSLOG_IDENTIFIER":…}  `journalctl -o json`
//	Nov 25 03:04:05 imap-login: Info: Login: …                         log_path of Dovecot, also with 2026-11-25 03:04:05
//
// Times are those of the server's wall clock. A stamp that names an offset is a moment, and is turned into the wall clock of the zone of the
// server. The classic stamp has no year: it is taken to be the last one that is not after the last change of the file, so lines of more
// than a year before it are put into later years.
//
// A line of a syslog that joins repetitions, `message repeated 2 times: [ … ]`, is read as the message once; `last message repeated` tells of
// no program. Figures are lower bounds where such lines are.
package frame

import (
	"bytes"
	"time"

	"hikeshi/spool/postfix/logs/field"
)

// maxProgram is the length of the longest name of a program that is looked for, in bytes.
const maxProgram = 64

// A Line is what a line says. The slices are those of the line, or hold until the next one is read.
type Line struct {
	Wall    int64  // as spool.Event.Wall
	Program []byte // postfix/submission/smtpd; nil if the line names none
	Text    []byte
}

// A Reader reads the lines of one file.
type Reader struct {
	clock clock
	text  []byte // of a message out of JSON
	other []byte
}

// New returns a Reader of a file that was changed last at that time; zone is that of the server's wall clock.
func New(zone *time.Location, modified time.Time) *Reader {
	r := &Reader{}
	r.clock.set(zone, modified)
	return r
}

// Wall is the time of a line.
func (r *Reader) Wall(line []byte) (int64, bool) {
	if len(line) > 0 && line[0] == '{' {
		var l Line
		ok := r.journal(line, &l)
		return l.Wall, ok
	}
	wall, _, ok := r.clock.stamp(line)
	return wall, ok
}

// Read reads a line; false if it has none of the forms.
func (r *Reader) Read(line []byte, l *Line) bool {
	*l = Line{}
	if len(line) > 0 && line[0] == '{' {
		return r.journal(line, l)
	}
	var rest []byte
	var ok bool
	if l.Wall, rest, ok = r.clock.stamp(line); !ok {
		return false
	}
	host := bytes.IndexByte(rest, ' ')
	if host <= 0 {
		return false
	}
	if own(rest[:host]) {
		l.Program, l.Text = dovecot, rest
		return true
	}
	l.program(rest[host+1:])
	return true
}

var dovecot = []byte("dovecot")

// own says whether the word behind a stamp is no host but a process of Dovecot, as `imap-login:` and `auth(taro,192.0.2.7)<…>:`.
func own(word []byte) bool {
	return word[len(word)-1] == ':' || bytes.IndexByte(word, '(') > 0
}

// program reads `postfix/smtpd[123]: text`.
func (l *Line) program(rest []byte) {
	l.Text = rest
	colon := bytes.IndexByte(rest[:min(len(rest), maxProgram+len("[4194304]:"))], ':')
	if colon <= 0 {
		return
	}
	name := rest[:colon:colon]
	if name[colon-1] == ']' {
		i := bytes.IndexByte(name, '[')
		if i < 0 {
			return
		}
		name = name[:i:i]
	}
	if len(name) == 0 || len(name) > maxProgram || bytes.IndexByte(name, ' ') >= 0 {
		return
	}
	l.Program, l.Text = name, once(bytes.TrimPrefix(rest[colon+1:], []byte{' '}))
}

// once takes a message out of `message repeated 2 times: [ … ]`.
func once(text []byte) []byte {
	rest, ok := field.Has(text, "message repeated ")
	if !ok {
		return text
	}
	if _, inner, ok := field.Cut(rest, " times: [", " "); ok {
		return bytes.TrimSuffix(inner, []byte("]"))
	}
	return text
}
