package imap

import (
	"encoding/base64"
	"fmt"
	"strings"

	"hikeshi/actions/smtpcheck/talk"
)

// hidden stands where a secret stood, as in the conversations of package talk.
const hidden = "[redacted]"

// maxHeard is how many lines of one answer are written down.
const maxHeard = 20

// A scribe writes down what was said, without the password and without the messages. A look that finds nothing is only counted: there are
// thousands of them in a day.
type scribe struct {
	place   Place
	secrets *strings.Replacer
	kept    []talk.Entry // since the last flush
	idle    int          // looks that found nothing
}

func newScribe(p Place) *scribe {
	var pairs []string
	blob := base64.StdEncoding.EncodeToString
	for _, secret := range []string{blob([]byte("\x00" + p.User + "\x00" + p.Password)), blob([]byte(p.Password)), quote(p.Password), p.Password} {
		if p.Password != "" {
			pairs = append(pairs, secret, hidden)
		}
	}
	return &scribe{place: p, secrets: strings.NewReplacer(pairs...)}
}

// clean takes the password out of what a server has said, which may repeat it.
func (n *scribe) clean(text string) string { return n.secrets.Replace(text) }

func (n *scribe) add(dir, text string) {
	n.kept = append(n.kept, talk.Entry{Time: n.place.Clock(), Dir: dir, Text: text})
}

// said writes a command down, and nothing of what LOGIN says.
func (n *scribe) said(tag, command string) {
	if name, _, _ := strings.Cut(command, " "); name == "LOGIN" {
		command = name + " " + hidden
	}
	n.add(talk.Client, tag+" "+command)
}

// heard writes line number i of an answer down.
func (n *scribe) heard(i int, text string) {
	switch {
	case i < maxHeard:
		n.add(talk.Server, short(n.clean(text)))
	case i == maxHeard:
		n.add(talk.Note, "more lines of this answer are not kept")
	}
}

// looked ends a look: what was said in one that found nothing is forgotten.
func (n *scribe) looked(found bool) {
	if found {
		n.flush()
		return
	}
	n.kept = n.kept[:0]
	n.idle++
}

// flush puts everything in the transcript.
func (n *scribe) flush() {
	if log := n.place.Log; log != nil {
		if n.idle > 0 {
			log.Add(n.place.Clock(), talk.Note, fmt.Sprintf("looks into the probe mailbox that found nothing new: %d", n.idle))
		}
		for _, e := range n.kept {
			log.Add(e.Time, e.Dir, e.Text)
		}
	}
	n.kept, n.idle = n.kept[:0], 0
}
