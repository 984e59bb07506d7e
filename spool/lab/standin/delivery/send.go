package delivery

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
)

// errLater is the answer of a domain that refuses for the time being.
var errLater = errors.New("refused for the time being")

// The answers of servers outside.
const (
	taken    = "250 OK"
	notNow   = "451 4.7.1 Try again later"
	notKnown = "550 User Unknown"
)

// world is the address of everybody outside: no name is looked up in a rehearsal.
const world = "192.0.2.99"

// toMailbox puts the message into the mailbox folder of an existing account.
func (d *delivery) toMailbox(j job, user, domain string) error {
	rcpt := user + "@" + domain
	a, ok := d.Account(user, domain)
	if !ok {
		return d.giveUp(j, rcpt, notKnown)
	}
	dir := d.Mailbox(a.Name, domain)
	if !standin.Exists(dir) {
		return d.giveUp(j, rcpt, "550 no mailbox folder")
	}
	if err := d.Link(j.body, filepath.Join(dir, j.name+".MSG")); err != nil {
		return err
	}
	d.local.Printf("%s sent on {time} to %s %s from %s to %s", j.ID, "127.0.0.1", d.Host, orDash(j.Sender), rcpt)
	return nil
}

// toWorld brings the message to a domain outside: a line in the sink for each recipient, whatever is answered there.
func (d *delivery) toWorld(j job, domain string, rcpts []string) error {
	answer := taken
	switch {
	case slices.Contains(d.Rejects, domain):
		answer = d.answer(domain, notKnown)
	case tries(j.name) < d.Refuses[domain]:
		answer = d.answer(domain, notNow)
	}
	d.talk(j, domain, answer)
	if err := d.toSink(j, rcpts, answer); err != nil {
		return err
	}
	switch answer[0] {
	case '5':
		return d.reject(j, rcpts, answer)
	case '4':
		return errLater
	}
	d.out.Printf("%s sent on {time} to %s mx.%s from %s to %s", j.ID, world, domain, orDash(j.Sender), strings.Join(rcpts, " "))
	return nil
}

// answer is what a domain says that does not take a message: its own words, if they are of the same class.
func (d *delivery) answer(domain, otherwise string) string {
	if own := d.Answers[domain]; own != "" && own[0] == otherwise[0] {
		return own
	}
	return otherwise
}

// talk is the dialogue with a host outside in senderlog. Its words are known for the first line only; the other two are chosen simply.
func (d *delivery) talk(j job, domain, answer string) {
	id, _, _ := strings.Cut(j.ID, "@")
	for _, text := range []string{"GetTryServer:()", "ConnectHost:" + world, answer} {
		d.dialogue.Printf("{clock} [%s] [%s] %s", id, domain, text)
	}
}

func (d *delivery) toSink(j job, rcpts []string, answer string) error {
	var lines []byte
	for _, rcpt := range rcpts {
		l := standin.Left{Time: time.Now().UTC(), ID: j.ID, Lab: j.lab, Sender: j.Sender, Recipient: rcpt, Answer: answer}
		line, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("writing the sink: %w", err)
		}
		lines = append(append(lines, line...), '\n')
	}
	return d.Append(d.Sink(), lines)
}

// reject is the final failure at a domain outside.
func (d *delivery) reject(j job, rcpts []string, answer string) error {
	for _, rcpt := range rcpts {
		d.failed.Printf("%s send fail on {time} from %s to %s [%s]", j.ID, j.Sender, rcpt, answer)
		if err := d.giveUp(j, rcpt, answer); err != nil {
			return err
		}
	}
	return nil
}

// giveUp returns the message to its sender as a new message under the null sender; without a sender the body goes to dead.
func (d *delivery) giveUp(j job, rcpt, why string) error {
	if j.Sender == "" {
		return d.Link(j.body, d.Spool("dead", j.name+".MSG"))
	}
	name := d.Spool("incoming", fmt.Sprintf("%s-E%03d", j.name, 1+recipientNumber(j, rcpt)))
	text := fmt.Sprintf("From: postmaster@%s\nTo: %s\nSubject: undeliverable\nX-Lab-Returned: %s\n\n%s: %s\n", d.Domains[0], j.Sender, j.lab, rcpt, why)
	if err := d.Write(name+".MSG", []byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		return err
	}
	return d.writeEnvelope(name, standin.Envelope{ID: j.ID, Recipients: []string{j.Sender}})
}

// writeEnvelope makes name.RCP appear with all that is in it.
func (d *delivery) writeEnvelope(name string, e standin.Envelope) error {
	if err := d.Write(name+".TMP", e.Bytes()); err != nil {
		return err
	}
	if err := d.Move(name+".TMP", name+".RCP"); err != nil {
		return err
	}
	return d.Sync(filepath.Dir(name))
}

func recipientNumber(j job, rcpt string) int {
	for i, r := range j.Recipients {
		if strings.EqualFold(r, rcpt) {
			return i
		}
	}
	return 0
}

func orDash(sender string) string {
	if sender == "" {
		return "-"
	}
	return sender
}
