// Package find looks for messages that were set aside: queue.find. A customer asks for one message; this says where it is, whether a release
// would bring it back, and by which command.
package find

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/queue/release"
	"hikeshi/actions/queue/setaside"
	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/search"
)

// Max is how many messages are found at most.
const Max = 200

// Facts are the facts of queue.find.
type Facts struct {
	Found int `json:"found" expr:"found"` // at most Max
}

// A Query says what to look for.
type Query struct {
	What     string           // name of a message, address, domain, or account of an own domain
	Incident string           // "": what any incident has set aside
	Rec      runbook.Recorder // told how many envelopes were read; may be nil
}

// A Found is one message, safe to show.
type Found struct {
	Incident   string    `json:"incident"`
	ID         string    `json:"id"`
	Unread     bool      `json:"unread,omitempty"` // no envelope of it can be read: sender and recipients are not known
	Sender     string    `json:"sender"`           // "" is the null sender
	Recipients []string  `json:"recipients"`       // the first 20
	Total      int       `json:"recipients_total"`
	When       time.Time `json:"when,omitzero"` // of arrival, UTC; zero if there is no body
	Size       int64     `json:"size"`          // of the body, in bytes
	Client     string    `json:"client"`        // "" if it cannot be told
	Folders    []string  `json:"folders"`
	Release    bool      `json:"release"`           // a release would bring it back, or a part of it
	Why        string    `json:"why,omitempty"`     // why not, or not all of it
	WhyJA      string    `json:"why_ja,omitempty"`  // the same in Japanese
	Command    string    `json:"command,omitempty"` // the command line that does
}

// Mail looks for messages; more says that there are more than Max. The error wraps runbook.ErrInput if nothing is asked for.
func Mail(ctx context.Context, env setaside.Env, q Query) (all []Found, more bool, err error) {
	queue, ok := env.Server.(spool.Queue)
	if !ok {
		return nil, false, fmt.Errorf("looking for mail of %s: %w", env.Server.Name(), errors.ErrUnsupported)
	}
	if strings.Trim(q.What, " <>@") == "" {
		return nil, false, fmt.Errorf("%w: say what to look for: an address, a domain or the name of a message", runbook.ErrInput)
	}
	sets, err := aside.Find(env.Set())
	if err != nil {
		return nil, false, fmt.Errorf("looking for what is set aside: %w", err)
	}
	base, err := aside.Base(env.Set())
	if err != nil {
		return nil, false, err
	}
	all = []Found{}
	for len(sets) > 0 && !more {
		incident := sets[0].Incident
		n := slices.IndexFunc(sets, func(s aside.Set) bool { return s.Incident != incident })
		if n < 0 {
			n = len(sets)
		}
		if q.Incident == "" || q.Incident == incident {
			s := search.Search{Base: base, Names: aside.Names(sets[:n]), Queue: queue, Max: Max - len(all), Progress: q.progress,
				To: func(dir string) string { return release.WayBack(env.Server, dir) }}
			var found []search.Found
			if found, more, err = s.Run(ctx, q.What, env.Own.Domains); err != nil {
				return nil, false, fmt.Errorf("looking for mail of incident %s: %w", incident, err)
			}
			for _, f := range found {
				all = append(all, told(incident, f))
			}
		}
		sets = sets[n:]
	}
	if len(all) > Max {
		all, more = all[:Max], true
	}
	return all, more, nil
}

func (q Query) progress(done int64) {
	if q.Rec != nil {
		q.Rec.Progress(done, 0)
	}
}

func told(incident string, f search.Found) Found {
	m := Found{Incident: incident, ID: words.Safe(f.Base), Unread: !f.Readable, Sender: words.Safe(f.Sender), Recipients: []string{}, Total: f.Total, Size: f.Size, Release: f.Pairs > 0}
	for _, to := range f.Recipients {
		m.Recipients = append(m.Recipients, words.Safe(to))
	}
	for _, dir := range f.Dirs {
		first, _, _ := strings.Cut(dir, "/")
		if !slices.Contains(m.Folders, first) {
			m.Folders = append(m.Folders, first)
		}
	}
	if !f.Arrived.IsZero() {
		m.When = f.Arrived.UTC()
	}
	if f.Client.IsValid() {
		m.Client = f.Client.String()
	}
	if m.Release {
		m.Command = fmt.Sprintf("hikeshi spool release %s --id %s", incident, f.Base)
	}
	switch {
	case f.Taken > 0:
		m.Why, m.WhyJA = "a name is taken in the queue", "キューに同じ名前がある"
	case f.Halves > 0:
		m.Why, m.WhyJA = "body or envelope is missing", "本文か宛先ファイルの片方がない"
	}
	return m
}
