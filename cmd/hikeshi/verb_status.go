package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/scan"
)

// statusDocument is the one screen that answers: is it us, how bad, who, what do I type.
type statusDocument struct {
	Version   int            `json:"hikeshi"`
	Kind      string         `json:"kind"`
	Host      string         `json:"host"`
	Server    string         `json:"server"`
	Time      time.Time      `json:"time"`
	Level     runbook.Level  `json:"level"` // ok, warn, bad
	Manager   string         `json:"manager"`
	Services  []serviceRow   `json:"services"`
	Backlog   []folderRow    `json:"backlog"`
	Total     folderRow      `json:"total"`
	Accepted  *float64       `json:"accepted_per_minute"` // MAIL FROM accepted; null if the counter cannot be read
	Disk      *diskRow       `json:"disk"`
	Logs      []logRow       `json:"logs"`
	SetAside  []asideRow     `json:"set_aside"`
	Due       []denialRow    `json:"denials_due"`
	Incident  *incidentRow   `json:"incident"` // the one that is not done
	Attention []attentionRow `json:"attention"`
	NotSeen   []string       `json:"not_seen"`
	Next      string         `json:"next"`

	passed map[string][]scan.Passed // thresholds, by folder
}

type logRow struct {
	Name  string `json:"name"`
	On    *bool  `json:"on"` // null if it cannot be told
	Error string `json:"error,omitempty"`
}

type attentionRow struct {
	Level runbook.Level `json:"level"`
	Text  string        `json:"text"`
}

func (a *app) statusVerb() *cobra.Command {
	var watch time.Duration
	var monitor bool
	cmd := &cobra.Command{
		Use: "status", Short: "one screen: is it us, how bad, who, what do I type", Args: cobra.NoArgs,
		Long: `Status looks at services, backlog, disk, log switches, what is set aside and what is
due, and changes nothing. It looks twice, two seconds apart, for the rates;
--watch 0 looks once. What cannot be known is said to be unknown, never 0.

Exit codes: 0 nothing needs attention, 3 something does. With --monitor one line
and the Nagios codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.`,
		Example: "  hikeshi status\n  hikeshi status --output json | jq .attention\n  hikeshi status --monitor --watch 0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if monitor {
				return a.monitor(cmd, watch)
			}
			doc, err := a.status(cmd, watch)
			if err != nil {
				return err
			}
			if a.isJSON() {
				if err := a.json(doc); err != nil {
					return err
				}
			} else {
				a.printStatus(doc)
			}
			if doc.Level == runbook.OK {
				return nil
			}
			return silent(exitFound)
		},
	}
	cmd.Flags().DurationVar(&watch, "watch", 2*time.Second, "look again after `DURATION`, for the rates; 0 looks once")
	cmd.Flags().BoolVar(&monitor, "monitor", false, "one line and Nagios exit codes, for a monitoring system")
	return cmd
}

// status looks at everything.
func (a *app) status(cmd *cobra.Command, watch time.Duration) (statusDocument, error) {
	w, err := a.world(cmd.Context(), "")
	if err != nil {
		return statusDocument{}, err
	}
	doc := statusDocument{Version: 1, Kind: "status", Host: hostname(), Server: w.serverName(), Time: a.now().UTC(), Level: runbook.OK,
		Backlog: []folderRow{}, Logs: []logRow{}, SetAside: []asideRow{}, Due: []denialRow{}, Attention: []attentionRow{}}
	doc.Manager, doc.Services = w.manager, w.services(cmd)
	before, began := w.counter(), time.Now()
	b, err := w.look(cmd, scan.Options{Own: w.host.Queue.Own, Clock: a.now}, watch)
	if err != nil {
		return doc, err
	}
	if after := w.counter(); watch > 0 && before != nil && after != nil {
		rate := float64(*after-*before) / time.Since(began).Minutes()
		doc.Accepted = &rate
	}
	doc.passed = map[string][]scan.Passed{}
	for _, f := range b.Folders {
		doc.Backlog = append(doc.Backlog, folderRowOf(f))
		if f.Over {
			doc.passed[f.Name] = w.limits().Check(f, b.Time)
		}
	}
	doc.Total = folderRowOf(b.Total)
	doc.Disk = diskOf(w.server.Root())
	doc.Logs = w.logs()
	doc.NotSeen = []string{a.word("what the logs say", "ログの内容"), "DNSBL", a.word("relay test from outside", "外からの中継試験"), a.word("web console", "webコンソール")}
	if err := a.statusRecord(cmd, w, &doc); err != nil {
		return doc, err
	}
	a.judgeStatus(w, &doc)
	return doc, nil
}

// counter reads the counter of accepted MAIL FROM commands, or nil.
func (w *world) counter() *int64 {
	c, ok := w.server.(interface{ LastMessageID() (int64, error) })
	if !ok {
		return nil
	}
	n, err := c.LastMessageID()
	if err != nil {
		return nil
	}
	return &n
}

func (w *world) logs() []logRow {
	rows := []logRow{}
	s, ok := w.server.(interface{ Logs() []epms.Log })
	if !ok {
		return rows
	}
	for _, l := range s.Logs() {
		r := logRow{Name: l.Name}
		if l.Err != nil {
			r.Error = l.Err.Error()
		} else {
			on := l.On
			r.On = &on
		}
		rows = append(rows, r)
	}
	return rows
}

// statusRecord adds what the incidents have left: set-aside mail, denials to review, an incident that is not done.
func (a *app) statusRecord(cmd *cobra.Command, w *world, doc *statusDocument) error {
	sets, err := a.asideRows(cmd, w)
	if err != nil {
		return err
	}
	doc.SetAside = sets
	denials, err := w.host.Relay.Recorded()
	if err != nil {
		return err
	}
	for _, d := range denials {
		if a.now().After(d.Review) {
			doc.Due = append(doc.Due, denialRow{d.Target, d.Incident, d.Review.UTC().Format(time.RFC3339), true})
		}
	}
	all, ids, err := histories(a.store(w.state))
	if err != nil {
		return err
	}
	for _, id := range slices.Backward(ids) {
		if h := all[id]; h.State == runbook.IncidentOpen || h.State == runbook.IncidentStopped && len(h.InForce()) > 0 {
			opened := h.Opened.UTC()
			doc.Incident = &incidentRow{ID: id, Runbook: h.Opening.Runbook, State: h.State, Opened: &opened}
			break
		}
	}
	return nil
}

// judgeStatus says what needs attention, and what to type next.
func (a *app) judgeStatus(w *world, doc *statusDocument) {
	add := func(l runbook.Level, en, ja string, args ...any) {
		doc.Attention = append(doc.Attention, attentionRow{l, fmt.Sprintf(a.word(en, ja), args...)})
		if l == runbook.Bad || doc.Level == runbook.OK {
			doc.Level = l
		}
	}
	for _, f := range doc.Backlog {
		for _, p := range doc.passed[f.Name] {
			words := map[scan.What][2]string{
				scan.TooMany: {"%s: %s messages, more than %s", "%s: %s 通。しきい値 %s を超過"},
				scan.TooOld:  {"%s: the oldest is %s old, more than %s", "%s: 最古は %s 前。しきい値 %s を超過"},
				scan.TooFast: {"%s: grows by %s a minute, more than %s", "%s: 毎分 %s 通増加。しきい値 %s を超過"},
			}[p.What]
			add(runbook.Bad, words[0], words[1], f.Name, p.Value, p.Limit)
		}
		if f.Unreadable != "" {
			add(runbook.Warn, "%s cannot be read: %s", "%s を読めない: %s", f.Name, line(f.Unreadable))
		}
	}
	for _, s := range doc.Services {
		switch {
		case s.Barred:
			add(runbook.Warn, "%s is barred from starting by incident %s", "%s は事案 %s により起動禁止中", s.Unit, s.Incident)
		case s.Error != "":
			add(runbook.Warn, "%s: state unknown: %s", "%s: 状態不明: %s", s.Unit, line(s.Error))
		case s.attention:
			add(runbook.Warn, "%s is %s (%s)", "%s は %s (%s)", s.Unit, s.Active, s.Load)
		}
	}
	if d := doc.Disk; d != nil && d.FreePercent < 5 {
		add(runbook.Bad, "disk: %.1f GB left (%.0f%%)", "ディスク: 残り %.1f GB (%.0f%%)", float64(d.Free)/1e9, d.FreePercent)
	}
	if _, found, err := w.host.Relay.Lint(); err == nil {
		for _, f := range found {
			if f.Level == "bad" {
				add(runbook.Bad, "deny file line %d: %s", "拒否ファイル %d 行目: %s", f.Line, runbook.T(f.Text, f.TextJA).In(a.lang()))
				break
			}
		}
	}
	if len(doc.Due) > 0 {
		add(runbook.Warn, "%d denials are due for review", "見直し期限の来た拒否が %d 件", len(doc.Due))
	}
	if doc.Incident != nil {
		add(runbook.Warn, "incident %s is not finished", "事案 %s が終わっていない", doc.Incident.ID)
	}
	doc.Next = a.next(doc)
}

func (a *app) next(doc *statusDocument) string {
	switch {
	case doc.Incident != nil:
		return "hikeshi resume " + doc.Incident.ID
	case slices.ContainsFunc(doc.Backlog, func(f folderRow) bool { return f.Over }):
		return "hikeshi run mail-abuse"
	case doc.Level != runbook.OK:
		return "hikeshi doctor"
	}
	return ""
}

// serviceWords puts the services on one line.
func (a *app) serviceWords(d statusDocument) string {
	if d.Manager == "none" {
		return a.word("not looked at (service manager none)", "見ていない(サービス管理なし)")
	}
	text := ""
	for _, r := range d.Services {
		state := map[string]string{"active": a.word("up", "動作中"), "inactive": a.word("down", "停止"), "failed": a.word("FAILED", "異常終了"), "unknown": a.word("unknown", "不明")}[r.Active]
		if state == "" {
			state = r.Active
		}
		if r.Load == "not-found" {
			state = a.word("not installed", "未導入")
		}
		role := map[spool.Role]string{spool.Receiver: a.word("receive", "受信"), spool.Delivery: a.word("deliver", "配送"), spool.Mailbox: a.word("mailbox", "受信箱")}[r.Role]
		text += fmt.Sprintf("%s(%s) %s  ", r.Unit[:max(len(r.Unit)-len(".service"), 0)], role, state)
	}
	return text
}
