package casefile

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook"
)

// Read reads the record of one incident. The error names facts that cannot be read, such as those of a newer version.
func Read(h *runbook.History) (Case, error) {
	r := reader{History: h}
	c := Case{Incident: h.Opening.Incident, Host: h.Opening.Host, Opened: h.Opened.UTC(), Letters: h.Letters}
	c.Cause, c.Accounts = r.answer("cause"), split(r.answer("name_accounts"))
	c.MailboxRead, c.PersonalData = r.answer("mailbox_read"), r.answer("legal")
	r.abuse(&c)
	r.course(&c)
	c.Fixes, c.Guards = r.measures()
	r.present(&c)
	if c.Lists != nil && c.Lists.HELO != "" {
		c.Host = c.Lists.HELO // its name among mail servers, where a machine may have any
	}
	// A word of the responder opens that gate as well, and proves nothing.
	if s := h.Step("holds"); s != nil && s.Result == runbook.ResultDone && slices.Contains([]string{"", "not needed"}, r.answer("unwell")) {
		c.Holds = s.Ended.UTC()
	}
	return c, r.err
}

// A reader keeps the first error.
type reader struct {
	*runbook.History
	err error
}

// newest reads the last facts of a kind into v and says when they were found; zero if there are none.
func (r *reader) newest(kind string, v any) time.Time {
	facts, at := r.Newest(kind)
	if facts == nil || r.decode(kind, facts, v) != nil {
		return time.Time{}
	}
	return at.UTC()
}

func (r *reader) decode(what string, facts json.RawMessage, v any) error {
	err := json.Unmarshal(facts, v)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("reading what %s found: %w", what, err)
	}
	return err
}

// answer is what was answered in a manual step; "" if it was not done.
func (r *reader) answer(step string) string {
	var f runbook.ManualFacts
	s := r.Step(step)
	if s == nil || len(s.Facts) == 0 || s.Result != runbook.ResultDone && s.Result != runbook.ResultByHand || r.decode("step "+step, s.Facts, &f) != nil {
		return ""
	}
	return f.Answer
}

// split reads a list that was typed; a single - means nothing.
func split(list string) []string {
	var all []string
	for one := range strings.SplitSeq(list, ",") {
		if one = strings.TrimSpace(one); one != "" && one != "-" && !slices.Contains(all, one) {
			all = append(all, one)
		}
	}
	return all
}

// abuse reads what the logs tell of it.
func (r *reader) abuse(c *Case) {
	var line struct {
		Of        string    `json:"of"` // named, suspects, all
		First     time.Time `json:"first"`
		Peak      time.Time `json:"peak"`
		Last      time.Time `json:"last"`
		Messages  *int64    `json:"messages"` // null: unknown
		Separated bool      `json:"separated"`
		Steps     []struct {
			Recipients *int64 `json:"recipients"`
		} `json:"steps"`
	}
	// All mail of a server is no abuse: without accounts or suspects its figures mean nothing here.
	at := r.newest("logs.timeline", &line)
	if !at.IsZero() && line.Of != "all" && line.Messages != nil && *line.Messages > 0 {
		c.First, c.Peak, c.Last = line.First.UTC(), line.Peak.UTC(), line.Last.UTC()
		c.Messages, c.Recipients, c.Mixed = line.Messages, new(int64), !line.Separated
		for _, s := range line.Steps {
			if s.Recipients == nil {
				c.Recipients = nil
				break
			}
			*c.Recipients += *s.Recipients
		}
	}
	var who struct {
		SourceNames []string `json:"source_names"`
	}
	named := split(r.answer("name_sources"))
	if at := r.newest("logs.suspects", &who); !at.IsZero() || len(named) > 0 {
		for _, one := range who.SourceNames {
			if !slices.Contains(named, one) {
				named = append(named, one)
			}
		}
		if n := int64(len(named)); n > 0 {
			c.Sources = &n
		}
	}
}

// course reads when the services were stopped and started, what was set aside, and what was taken back.
func (r *reader) course(c *Case) {
	for _, x := range r.Changes {
		done := x.State == runbook.Done && !x.Undone()
		at := x.Ended.UTC()
		switch {
		case x.UndoRisk == runbook.Reopening && x.Undone() && x.State != runbook.None && x.Kind != "service.stop" && x.UndoEnded.After(c.Reopened):
			c.Reopened = x.UndoEnded.UTC()
		case x.Kind == "service.stop" && done && (c.Stopped.IsZero() || at.Before(c.Stopped)):
			c.Stopped = at
		case x.Kind == "service.start" && done && x.Op == "start" && at.After(c.Started):
			c.Started = at
		}
	}
	for _, s := range r.Steps {
		if s.Result == runbook.ResultByHand && s.Head.Uses == "service.stop" && c.Stopped.IsZero() {
			c.Stopped = s.Ended.UTC()
		}
		if s.Result == runbook.ResultByHand && s.Head.Uses == "service.start" && s.Ended.After(c.Started) {
			c.Started = s.Ended.UTC()
		}
		var f struct {
			Messages int64 `json:"messages"`
		}
		if s.Head.Uses == "queue.quarantine" && len(s.Facts) > 0 && s.Result == runbook.ResultDone && r.decode(s.Head.Uses, s.Facts, &f) == nil {
			if c.Aside != nil {
				f.Messages += *c.Aside
			}
			c.Aside = &f.Messages
		}
	}
}

// present reads what was seen last.
func (r *reader) present(c *Case) {
	r.queue(c)
	var w Watch
	if w.At = r.newest("evidence.watch", &w); !w.At.IsZero() {
		c.Watch = &w
	}
	r.lists(c)
	var f Refusals
	if f.At = r.newest("logs.refusals", &f); !f.At.IsZero() {
		c.Refusals = &f
	}
	var who struct {
		Accounts []Suspect `json:"accounts"`
	}
	if at := r.newest("logs.suspects", &who); !at.IsZero() && at.After(c.Started) && !c.Started.IsZero() {
		for _, s := range who.Accounts {
			if s.Level == "suspect" && s.Last.After(c.Started) {
				c.Suspects = append(c.Suspects, s)
			}
		}
	}
	r.services(c)
}

// blind says whether kind looked once more after at and could not tell.
func (r *reader) blind(kind string, at time.Time) bool {
	return slices.ContainsFunc(r.Looks, func(l runbook.Look) bool { return l.Kind == kind && len(l.Facts) == 0 && l.At.After(at) })
}

func (r *reader) queue(c *Case) {
	var q Queue
	if q.At = r.newest("queue.scan", &q); q.At.IsZero() {
		return
	}
	q.Unknown = r.blind("queue.scan", q.At)
	for _, s := range r.Steps {
		var f Queue
		if s.Head.Uses == "queue.scan" && len(s.Facts) > 0 && s.Ended.Before(q.At) && s.Ended.After(c.Started) && r.decode(s.Head.Uses, s.Facts, &f) == nil {
			q.Before = &f.Messages
		}
	}
	c.Queue = &q
}

func (r *reader) services(c *Case) {
	var now struct {
		Running []string `json:"running"`
		Stopped []string `json:"stopped"`
		Barred  []string `json:"barred"`
	}
	at := r.newest("service.status", &now)
	if at.IsZero() {
		return
	}
	var before struct {
		FoundRunning []string `json:"found_running"`
	}
	want := slices.Concat(now.Stopped, now.Barred)
	if !r.newest("service.stop", &before).IsZero() {
		want = before.FoundRunning
	}
	c.Services = &Services{At: at, Unknown: r.blind("service.status", at)}
	for _, u := range want {
		if !slices.Contains(now.Running, u) && !slices.Contains(c.Services.Down, u) {
			c.Services.Down = append(c.Services.Down, u)
		}
	}
}

// lists reads what the blocklists said last. An entry that was seen before stays as it was seen then, until its list answers again: a list
// that could not be asked has not let go.
func (r *reader) lists(c *Case) {
	for _, facts := range r.all("dnsbl.check") {
		var l Lists
		if r.decode("dnsbl.check", facts.Facts, &l) != nil {
			continue
		}
		l.At = facts.At.UTC()
		if c.Lists != nil {
			for _, old := range c.Lists.Listings {
				if !slices.Contains(l.Clear, old.List) && !slices.ContainsFunc(l.Listings, func(x Listing) bool { return x.List == old.List }) {
					l.Listings = append(l.Listings, old)
				}
			}
		}
		c.Lists = &l
	}
}

// all are the facts that kind has found, in steps and looks, oldest first.
func (r *reader) all(kind string) []runbook.Look {
	var all []runbook.Look
	for _, s := range r.Steps {
		if s.Head.Uses == kind && len(s.Facts) > 0 && s.Result == runbook.ResultDone {
			all = append(all, runbook.Look{Kind: kind, At: s.Ended, Facts: s.Facts})
		}
	}
	for _, l := range r.Looks {
		if l.Kind == kind && len(l.Facts) > 0 {
			all = append(all, l)
		}
	}
	slices.SortStableFunc(all, func(x, y runbook.Look) int { return x.At.Compare(y.At) })
	return all
}
