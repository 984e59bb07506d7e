// Package delivery is the stand-in for epstdd: it empties incoming at a bounded rate.
//
// An envelope goes from .RCP to .$CP while it is worked on and to .$OK when it is done. Recipients of own domains find the message in
// their mailbox folder; all others are one line each in the sink, which stands for the world. A domain of Config.Refuses refuses for
// the time being: the body is kept in holding, the envelope in a folder of its own in domains, and when the next try is due both go
// back to incoming. What can never be delivered, to a domain of Config.Rejects or to an account that is gone, goes back to its
// sender under the null sender; without a sender the body goes to dead.
//
// Like the real one it deletes the halves of messages, and that is the danger a rehearsal has to show: at every start and stop each
// body in holding whose envelope is not in domains and each half in lists; at every look an envelope in incoming without its body;
// at a retry the envelope whose body is gone from holding. A body in incoming without envelope is ignored and stays.
//
// With the setting Clustering several deliveries, of several hosts, share one spool and take turns message by message.
//
// Tries never run out: a rehearsal is shorter than the 8 hours after which the real one gives up (FAQ bsd/01-65).
package delivery

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
)

type delivery struct {
	*standin.Server
	shared             bool // with other hosts
	out, local, failed *standin.Log
	dialogue           *standin.Log // senderlog
}

// Run starts a delivery, calls ready when its start is done, and returns when ctx has ended and the message in work is finished.
func Run(ctx context.Context, c standin.Config, p *standin.Power, ready func()) error {
	d, err := open(c, p)
	if err == nil {
		err = d.exclusive(d.repair)
	}
	if err != nil {
		return fmt.Errorf("starting the delivery: %w", err)
	}
	ready()
	pace := time.NewTicker(time.Duration(float64(time.Second) / c.Rate))
	defer pace.Stop()
	for ctx.Err() == nil && err == nil {
		if err = d.exclusive(func() error { return d.due(time.Now()) }); err == nil {
			err = d.scan(ctx, pace)
		}
		pause(ctx, c.Scan)
	}
	if err == nil || !errors.Is(err, standin.ErrPower) {
		err = errors.Join(err, d.exclusive(d.repair))
	}
	if errors.Is(err, standin.ErrPower) {
		return nil // a machine without power does not clean up
	}
	return err
}

func open(c standin.Config, p *standin.Power) (*delivery, error) {
	s, err := standin.Open(c, p)
	if err != nil {
		return nil, err
	}
	d := &delivery{Server: s, shared: s.Number("Clustering", 0) != 0}
	if err := s.Folders("exclusive", "incoming", "domains", "holding", "lists", "dead", "temp"); err != nil {
		return nil, err
	}
	var errs [4]error
	d.out, errs[0] = s.OpenLog("outlog", "EPST5DS/Parameters/MailOutlogEnabled")
	d.local, errs[1] = s.OpenLog("outlocallog", "EPST5DS/Parameters/MailSendLocallogEnabled")
	d.failed, errs[2] = s.OpenLog("faillog", "EPST5DS/MailFaillogEnabled")
	d.dialogue, errs[3] = s.OpenLog("senderlog", "EPST5DS/SenderlogEnabled")
	return d, errors.Join(errs[:]...)
}

// scan delivers what is in incoming now, the lowest id first, one message for each tick of pace.
func (d *delivery) scan(ctx context.Context, pace *time.Ticker) error {
	envelopes, err := standin.List(d.Spool("incoming"), ".rcp")
	if err != nil {
		return err
	}
	slices.Sort(envelopes)
	for _, path := range envelopes {
		select {
		case <-ctx.Done():
			return nil
		case <-pace.C:
		}
		if err := d.exclusive(func() error { return d.deliver(path) }); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// A job is one message in work.
type job struct {
	standin.Envelope
	name string // of its files: B0000000042 or B0000000042-R0001
	body string // path
	lab  string // id of the lab
}

// deliver handles one message. The body goes before the envelope is called done, so that a power cut in between leaves nothing
// that the next start would not clean up.
func (d *delivery) deliver(path string) error {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	body, whole := standin.Partner(path, ".MSG")
	if !whole {
		return d.Remove(path)
	}
	work := base + ".$CP"
	if err := d.Move(path, work); err != nil {
		return err
	}
	j := job{name: filepath.Base(base), body: body}
	var err error
	if j.Envelope, err = standin.ReadEnvelope(work); err != nil {
		return d.Move(work, base+".$NG") // no envelope; deleted at the next start or stop
	}
	if j.lab, err = standin.LabID(body); err != nil {
		return err
	}
	if err := d.send(j); err != nil {
		return err
	}
	if err := d.Remove(body); err != nil {
		return err
	}
	if err := d.Move(work, base+".$OK"); err != nil {
		return err
	}
	return d.Remove(base + ".$OK")
}

// send brings the message to all its recipients, or into the retry folders for those who have to wait.
func (d *delivery) send(j job) error {
	outside := map[string][]string{}
	var order []string
	for _, rcpt := range j.Recipients {
		user, domain := standin.SplitAddress(rcpt)
		domain = strings.ToLower(domain)
		if d.Own(domain) {
			if err := d.toMailbox(j, user, domain); err != nil {
				return err
			}
			continue
		}
		if outside[domain] == nil {
			order = append(order, domain)
		}
		outside[domain] = append(outside[domain], rcpt)
	}
	refused := 0
	for _, domain := range order {
		err := d.toWorld(j, domain, outside[domain])
		if errors.Is(err, errLater) {
			refused++
			err = d.postpone(j, domain, outside[domain], refused)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
