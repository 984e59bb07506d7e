package judge

import (
	"context"
	"slices"
	"strings"
	"time"

	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/traffic"
)

// facts are what one look found out; the strings are ids of messages, and paths for halves.
type facts struct {
	mail, spam          int // messages in the ledger
	lostMail, lostSpam  []string
	asideMail, liveSpam []string
	halves              []string
	leaving, takenSpam  []string
	again, arrived      int // legitimate messages accepted after containment, and those of them that arrived
}

// settle looks until nothing is missing, or long enough that nothing can be on its way any more; then only what was missing in
// every look is.
func settle(ctx context.Context, c Case) (facts, error) {
	f, err := look(c)
	for range 10 {
		if err != nil || len(f.lostMail)+len(f.lostSpam)+len(f.halves) == 0 {
			break
		}
		select {
		case <-ctx.Done():
			return f, ctx.Err()
		case <-time.After(150 * time.Millisecond):
		}
		before := f
		if f, err = look(c); err == nil {
			f.lostMail, f.lostSpam = both(f.lostMail, before.lostMail), both(f.lostSpam, before.lostSpam)
			f.halves = both(f.halves, before.halves)
		}
	}
	return f, err
}

func both(a, b []string) []string {
	return slices.DeleteFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// look reads in the order in which messages travel, so that one that moves on is seen at least once.
func look(c Case) (facts, error) {
	var f facts
	ledger, err := traffic.ReadLedger(c.Ledger)
	if err != nil {
		return f, err
	}
	q, err := readQueue(c.Config)
	if err != nil {
		return f, err
	}
	boxes, err := readMailboxes(c.Config)
	if err != nil {
		return f, err
	}
	sink, err := standin.ReadSink(c.Config.Sink())
	if err != nil {
		return f, err
	}
	world := copies{}
	for _, l := range sink {
		if traffic.IsSpam(l.Lab) && l.Time.After(c.Contained) {
			f.leaving = append(f.leaving, l.Lab+" to "+l.Recipient)
		}
		if l.Settled() {
			world.add(l.Lab, l.Recipient)
		}
	}
	f.halves = q.matter(ledger)
	f.liveSpam = slices.Sorted(q.spam())
	for _, a := range ledger {
		f.count(c, a, places{q.live, q.aside, world, boxes})
	}
	return f, nil
}

// places are where the copies of messages can be.
type places struct {
	live, aside, world copies
	boxes              mailboxes
}

// count says where one accepted message is.
func (f *facts) count(c Case, a traffic.Accepted, p places) {
	missing, waiting, arrived := false, false, true
	for _, rcpt := range a.Recipients {
		there := p.world.has(a.ID, rcpt) || c.own(rcpt) && p.boxes.has(a.ID, rcpt)
		switch {
		case there:
		case p.live.has(a.ID, rcpt):
			arrived = false
		case p.aside.has(a.ID, rcpt):
			waiting, arrived = true, false
		default:
			missing, arrived = true, false
		}
	}
	after := a.Began.After(c.Contained)
	if traffic.IsSpam(a.ID) {
		f.spam++
		f.lostSpam = appendIf(f.lostSpam, missing, a.ID)
		f.takenSpam = appendIf(f.takenSpam, after, a.ID)
		return
	}
	f.mail++
	f.lostMail = appendIf(f.lostMail, missing, a.ID)
	f.asideMail = appendIf(f.asideMail, waiting, a.ID)
	if after {
		f.again++
		if arrived {
			f.arrived++
		}
	}
}

func (c Case) own(rcpt string) bool {
	_, domain := standin.SplitAddress(rcpt)
	return slices.ContainsFunc(c.Own, func(d string) bool { return strings.EqualFold(d, domain) })
}

func appendIf(list []string, yes bool, s string) []string {
	if yes {
		return append(list, s)
	}
	return list
}
