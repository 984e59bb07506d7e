// Package release brings messages that were set aside back into the queue: queue.release. Only whole messages go, bodies before
// envelopes and never over an existing name, so it may be done while the services run.
package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"time"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/pick"
	"hikeshi/spool/aside/transfer"
	"hikeshi/spool/disk"
)

// maxRelease is how many messages one release brings back: every file of them stands in the change.
const maxRelease = 10_000

// A Requeuer is the optional ability of a server to take retries as if they were new. Requeue returns the name of the folder through
// which the messages of folder go back, flat; ok is false if they go back to their own place.
type Requeuer interface {
	Requeue(folder string) (into string, ok bool)
}

// Release is queue.release: it brings messages that were set aside back into the queue.
type Release struct{ env setaside.Env }

// Facts are what later steps may use.
type Facts struct {
	Messages int `json:"messages" expr:"messages"` // that go back
	Files    int `json:"files" expr:"files"`
	Left     int `json:"left" expr:"left"` // messages of which something stays set aside
}

type releaseParams struct {
	Incident   string   `json:"incident"`
	All        bool     `json:"all"`
	OwnDomains bool     `json:"own_domains"`
	Senders    []string `json:"senders"`
	Recipients []string `json:"recipients"`
	Clients    []string `json:"clients"`
	IDs        []string `json:"ids"`
	Since      string   `json:"since"`
	Until      string   `json:"until"`
}

// Kind is the kind queue.release.
func Kind(env setaside.Env) runbook.Kind {
	return runbook.Kind{
		Name:  "queue.release",
		Short: runbook.T("bring messages that were set aside back into the queue", "退避したメールをキューに戻す"),
		Params: []runbook.Param{
			{Name: "incident", Type: runbook.String, Short: "the incident that set them aside; default: this one"},
			{Name: "all", Type: runbook.Bool, Short: "everything"},
			{Name: "own_domains", Type: runbook.Bool, Short: "messages all of whose recipients are in own domains"},
			{Name: "senders", Type: runbook.Strings, Short: "envelope senders: addresses, domains, or <>"},
			{Name: "recipients", Type: runbook.Strings, Short: "one of the recipients: addresses or domains"},
			{Name: "clients", Type: runbook.Strings, Short: "addresses or networks of the clients that sent them"},
			{Name: "ids", Type: runbook.Strings, Short: "names of messages"},
			{Name: "since", Type: runbook.String, Short: "arrived then or later: 2026-11-21, 2026-11-21 03:12 in local time, or RFC 3339"},
			{Name: "until", Type: runbook.String, Short: "arrived before that time"},
		},
		Facts: Facts{}, MaxRisk: runbook.Reversible, Reads: []string{"queue"}, Touches: []string{"queue"}, Action: Release{env},
	}
}

// criteria reads the parameters; at least one of them has to say what is wanted.
func (p releaseParams) criteria(own spool.Own) (c pick.Criteria, err error) {
	c = pick.Criteria{Senders: p.Senders, Recipients: p.Recipients, IDs: p.IDs}
	chosen := p.OwnDomains || p.Since != "" || p.Until != "" || len(p.Senders)+len(p.Recipients)+len(p.Clients)+len(p.IDs) > 0
	switch {
	case !p.All && !chosen:
		return c, errors.New("releasing: say which messages, or all")
	case p.All && chosen:
		return c, errors.New("releasing: all does not go together with a choice of messages")
	}
	if p.OwnDomains {
		c.OwnDomains = append([]string{}, own.Domains...)
		if len(own.Domains) == 0 {
			return c, fmt.Errorf("%w: releasing mail for own domains: no own domain is known; name them in the configuration (own.domains)", runbook.ErrUndetermined)
		}
	}
	for _, s := range p.Clients {
		n, err := network(s)
		if err != nil {
			return c, fmt.Errorf("releasing by client: %w", err)
		}
		c.Clients = append(c.Clients, n)
	}
	var errs [2]error
	c.Since, errs[0] = moment(p.Since)
	c.Until, errs[1] = moment(p.Until)
	return c, errors.Join(errs[:]...)
}

// network reads an address or a network.
func network(s string) (netip.Prefix, error) {
	if strings.Contains(s, "/") {
		n, err := netip.ParsePrefix(s)
		return n.Masked(), err
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return netip.Prefix{}, err
	}
	a = a.Unmap().WithZone("")
	return netip.PrefixFrom(a, a.BitLen()), nil
}

// moment reads a time; without a zone it is the local time of the server.
func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("time %q is neither 2026-11-21, nor 2026-11-21 03:12, nor RFC 3339", s)
}

// Plan chooses the messages.
func (r Release) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p releaseParams
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	if p.Incident == "" {
		p.Incident = in.Incident
	}
	queue, ok := r.env.Server.(spool.Queue)
	if !ok {
		return runbook.Outcome{}, fmt.Errorf("releasing messages of %s: %w", r.env.Server.Name(), errors.ErrUnsupported)
	}
	c, err := p.criteria(r.env.Own)
	if err != nil {
		return runbook.Outcome{}, err
	}
	sets, err := aside.Of(r.env.Set(), p.Incident)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if len(sets) == 0 {
		return runbook.Outcome{Facts: Facts{}, Findings: []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf("incident %s has set nothing aside", "事案 %s で退避したものはない", p.Incident)}}}, nil
	}
	base, err := aside.Base(r.env.Set())
	if err != nil {
		return runbook.Outcome{}, err
	}
	tree, x, err := index.Read(ctx, base, aside.Names(sets), queue)
	if err != nil {
		return runbook.Outcome{}, err
	}
	defer tree.Close()
	rel, err := pick.Source{Base: base, Tree: tree, Index: x, Queue: queue, To: r.wayBack}.Release(ctx, c, maxRelease)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return releaseOutcome(rel, p.Incident, base)
}

func releaseOutcome(rel pick.Release, incident, base string) (runbook.Outcome, error) {
	out := runbook.Outcome{Facts: Facts{Messages: rel.Messages, Files: rel.Transfer.Files(), Left: rel.Left}}
	find := func(l runbook.Level, names []string, en, ja string, n int) {
		if n > 0 {
			out.Findings = append(out.Findings, runbook.Finding{Level: l, Text: runbook.Tf(en, ja, setaside.Number(int64(n))), Evidence: setaside.Examples(names)})
		}
	}
	find(runbook.Warn, rel.Taken, "%s messages stay: their names are taken in the queue", "%s 通は戻さない。同じ名前がキューにある", len(rel.Taken))
	find(runbook.Warn, rel.Halves, "%s files stay: they are no pair of one body and one envelope, and the server would delete them", "%s ファイルは戻さない。本文と宛先ファイルの組にならず、サーバーが消してしまう", len(rel.Halves))
	if rel.More {
		find(runbook.Warn, nil, "only the first %s messages are brought back at once; release again for the rest, or undo the setting aside to bring back everything", "一度に戻すのは %s 通まで。残りはもう一度 release するか、退避の取り消し(undo)ですべて戻す", rel.Messages)
	}
	if rel.Left > 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(stays(rel.Left), setaside.Number(int64(rel.Left))+" 通は退避したまま残る")})
	}
	if rel.Messages == 0 {
		return out, nil
	}
	c, err := runbook.NewChange("queue.release", "release", base, rel.Transfer)
	if err != nil {
		return runbook.Outcome{}, err
	}
	c.Describe(words(rel, incident))
	out.Changes = []runbook.Change{c}
	return out, nil
}

// words say for people what is set aside before a release, and what of it after one.
func words(rel pick.Release, incident string) (before, after runbook.Text) {
	n, files := int64(rel.Messages), int64(rel.Transfer.Files())
	before = runbook.T(runbook.Count(n, "message")+" set aside by incident "+incident, fmt.Sprintf("事案 %s で %s 通を退避中", incident, setaside.Number(n)))
	after = runbook.T(fmt.Sprintf("%s (%s) in the queue again", runbook.Count(n, "message"), runbook.Count(files, "file")),
		fmt.Sprintf("%s 通 (%s ファイル) をキューに戻す", setaside.Number(n), setaside.Number(files)))
	if rel.Left > 0 {
		left := setaside.Number(int64(rel.Left))
		after = runbook.T(after.EN+"; "+stays(rel.Left), after.JA+"。"+left+" 通は退避したまま残る")
	}
	return before, after
}

// stays says in English that messages stay where they are, or parts of them.
func stays(n int) string {
	if n == 1 {
		return "1 message stays set aside, in whole or in part"
	}
	return setaside.Number(int64(n)) + " messages stay set aside, in whole or in part"
}

// wayBack is where the content of a folder that was set aside goes.
func (r Release) wayBack(dir string) string {
	first, rest, sub := strings.Cut(dir, "/")
	folder, _, _ := aside.Parse(first)
	if s, ok := r.env.Server.(Requeuer); ok {
		if into, ok := s.Requeue(folder); ok {
			return into
		}
	}
	if sub {
		return folder + "/" + rest
	}
	return folder
}

// Apply brings the messages back, bodies before envelopes: it may be done while the services run.
func (r Release) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var t transfer.Transfer
	if err := c.Decode(1, &t); err != nil {
		return err
	}
	rep, err := t.Run(ctx, transfer.Forth, rec.Progress)
	if err != nil {
		return setaside.Drift(fmt.Errorf("releasing messages: %w", err))
	}
	return setaside.KeepLeft(rec, aside.Left("releasing messages", rep))
}

// Verify counts where the files are. Those that are nowhere have been delivered.
func (r Release) Verify(ctx context.Context, c runbook.Change, _ runbook.Recorder) (runbook.State, error) {
	var t transfer.Transfer
	if err := c.Decode(1, &t); err != nil {
		return "", err
	}
	n, err := t.Count(ctx)
	switch {
	case err != nil:
		return "", err
	case n.From == 0:
		return runbook.Done, nil
	case n.To == 0 && n.Gone == 0:
		return runbook.None, nil
	}
	return runbook.Partial, nil
}

// Undo sets aside again what is still in the queue. What the services have taken meanwhile is listed, and no error.
func (r Release) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	var t transfer.Transfer
	if err := c.Decode(1, &t); err != nil {
		return err
	}
	rep, err := t.Run(ctx, transfer.Back, rec.Progress)
	if err == nil {
		err = t.Clear()
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: the folders in which the messages were set aside are no longer there: %w", disk.ErrDrift, err)
	}
	if err != nil {
		return setaside.Drift(fmt.Errorf("setting released messages aside again: %w", err))
	}
	if n := rep.Gone + len(rep.Torn); n > 0 {
		text := fmt.Sprintf("%d of %d messages are delivered or on their way and could not be set aside again\n", n, len(t.Units))
		for _, name := range rep.Torn {
			text += fmt.Sprintf("on its way\t%q\n", name)
		}
		runbook.Say(rec, runbook.T(strings.SplitN(text, "\n", 2)[0], fmt.Sprintf("%d 通のうち %d 通は配送済みか配送中で、退避し直せなかった", len(t.Units), n)))
		if err := rec.Evidence("not-set-aside-again.txt", strings.NewReader(text)); err != nil {
			return err
		}
	}
	rep.Torn = nil
	return setaside.KeepLeft(rec, aside.Left("setting released messages aside again", rep))
}
