// Package estimate answers, where the logs are off, who and from where by what a server shows without them: living connections, a sample
// of the queue, the rate of message IDs, and the failure counters. Every figure is an estimate: a moment, a sample, or a lower bound.
package estimate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"hikeshi/runbook"
)

// What an estimate is of.
const (
	Connections = "connections" // living connections to the ports for mail, of one client, now
	Client      = "client"      // queued messages that came from it, of the sample
	Sender      = "sender"      // queued messages of an envelope sender, of the sample
	Rate        = "rate"        // senders accepted in a minute, by the counter of message IDs
	Failures    = "failures"    // failed logins of a peer since its last success
)

// An Estimate is one figure.
type Estimate struct {
	What  string  `json:"what" expr:"what"`
	Name  string  `json:"name" expr:"name"` // of a client, peer or sender, safe to show; "" for the rate
	Value float64 `json:"value" expr:"value"`
	From  string  `json:"from" expr:"from"` // what it was taken from
}

// A Count is how often something was seen. The name is foreign text.
type Count struct {
	Name string
	N    int64
}

// A Queue is a sample of what is queued.
type Queue struct {
	Senders, Clients []Count
	Sampled, Total   int64 // messages
}

// Sources are where the figures come from. A function that is nil means that nobody can tell; one that fails is told in the error, and
// the others count.
type Sources struct {
	Connections func() ([]netip.Addr, error) // the clients of living connections, one for each
	Queue       func(ctx context.Context) (Queue, error)
	Counter     func() (int64, error) // of message IDs
	Gap         time.Duration         // between two readings of it; 0: 2 s
	Failures    func(ctx context.Context) ([]Count, error)
}

// top is how many of each are given.
const top = 5

// Take takes the figures.
func (s Sources) Take(ctx context.Context) ([]Estimate, error) {
	all, errs := []Estimate{}, []error(nil)
	add := func(list []Estimate, err error) {
		all = append(all, list...)
		if err != nil {
			errs = append(errs, err)
		}
	}
	if s.Connections != nil {
		add(s.connections())
	}
	if s.Queue != nil {
		add(s.queue(ctx))
	}
	if s.Counter != nil {
		add(s.rate(ctx))
	}
	if s.Failures != nil {
		add(s.failures(ctx))
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("estimating: %w", err)
	}
	return all, errors.Join(errs...)
}

func (s Sources) connections() ([]Estimate, error) {
	peers, err := s.Connections()
	n := map[string]int64{}
	for _, p := range peers {
		n[p.Unmap().WithZone("").String()]++
	}
	var counts []Count
	for name, k := range n {
		counts = append(counts, Count{name, k})
	}
	return first(Connections, counts, "living connections to ports 25, 465, 587"), err
}

func (s Sources) queue(ctx context.Context) ([]Estimate, error) {
	q, err := s.Queue(ctx)
	from := fmt.Sprintf("a sample: %s of %s", runbook.Count(q.Sampled, "message"), runbook.Count(q.Total, "queued message"))
	return append(first(Client, q.Clients, from+", topmost Received line"), first(Sender, q.Senders, from+", envelope")...), err
}

func (s Sources) failures(ctx context.Context) ([]Estimate, error) {
	all, err := s.Failures(ctx)
	return first(Failures, all, "failure counters"), err
}

// rate reads the counter twice.
func (s Sources) rate(ctx context.Context) ([]Estimate, error) {
	gap := s.Gap
	if gap <= 0 {
		gap = 2 * time.Second
	}
	early, err := s.Counter()
	if err != nil {
		return nil, err
	}
	began := time.Now()
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(gap):
	}
	late, err := s.Counter()
	if err != nil {
		return nil, err
	}
	took := time.Since(began)
	if late < early {
		return nil, errors.New("estimating the rate: the counter of message IDs was put back")
	}
	return []Estimate{{What: Rate, Value: float64(late-early) / took.Minutes(), From: fmt.Sprintf("the counter of message IDs, twice within %s", gap)}}, nil
}

// first are the largest figures.
func first(what string, all []Count, from string) []Estimate {
	slices.SortFunc(all, func(a, b Count) int { return cmp.Or(cmp.Compare(b.N, a.N), strings.Compare(a.Name, b.Name)) })
	var list []Estimate
	for _, c := range all[:min(len(all), top)] {
		list = append(list, Estimate{What: what, Name: safe(c.Name), Value: float64(c.N), From: from})
	}
	return list
}

// Findings tells the figures, each as an estimate, and what could not be taken.
func Findings(all []Estimate, err error) []runbook.Finding {
	var found []runbook.Finding
	for _, e := range all {
		found = append(found, runbook.Finding{Level: runbook.Info, Text: e.text()})
	}
	if err != nil {
		why := safe(strings.ReplaceAll(err.Error(), "\n", "; "))
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.T("estimate not complete: "+why, "推定できないものがある: "+why)})
	}
	if len(all) == 0 && err == nil {
		found = append(found, runbook.Finding{Level: runbook.Info, Text: runbook.T(
			"estimate: no living connection, no queued mail and no failure counter tells anything", "推定: 接続中のクライアント、滞留メール、失敗カウンターのいずれにも手がかりがない")})
	}
	return found
}

// text is the finding about one figure.
func (e Estimate) text() runbook.Text {
	n := int64(e.Value)
	switch e.What {
	case Connections:
		return runbook.T(fmt.Sprintf("estimate: %s has %s for mail", e.Name, runbook.Count(n, "living connection")), fmt.Sprintf("推定: %s からメール受信ポートへの接続が %d 本ある", e.Name, n))
	case Client:
		return runbook.T(fmt.Sprintf("estimate: %s handed in %s (%s)", e.Name, runbook.Count(n, "queued message"), e.From),
			fmt.Sprintf("推定: 滞留メールの標本のうち %d 通は %s から受け付けた (最上位の Received 行)", n, e.Name))
	case Sender:
		return runbook.T(fmt.Sprintf("estimate: %s is the sender of %s (%s)", e.Name, runbook.Count(n, "queued message"), e.From),
			fmt.Sprintf("推定: 滞留メールの標本のうち %d 通の差出人は %s (エンベロープ)", n, e.Name))
	case Rate:
		return runbook.Tf("estimate: %.0f mails are taken in a minute, by the counter of message IDs", "推定: 1 分あたり %.0f 通を受け付けている (メッセージ ID のカウンターによる)", e.Value)
	}
	return runbook.T(fmt.Sprintf("estimate: %s was refused a login %s since its last success", e.Name, times(n)), fmt.Sprintf("推定: %s は最後の成功以降、ログインに %d 回失敗している", e.Name, n))
}

func times(n int64) string { return runbook.Count(n, "time") }

// safe makes a foreign text safe to show.
func safe(text string) string {
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "..."
	}
	return strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, text)
}
