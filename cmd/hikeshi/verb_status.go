package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/evidence"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/journal/lock"
	"hikeshi/spool/scan"
)

// statusDocument is the one screen that answers: is it us, how bad, who, what do I type.
type statusDocument struct {
	Version      int            `json:"hikeshi"`
	Kind         string         `json:"kind"`
	Host         string         `json:"host"`
	Server       string         `json:"server"`
	Time         time.Time      `json:"time"`
	Synced       *bool          `json:"clock_synced"` // null if it cannot be told
	Level        runbook.Level  `json:"level"`        // ok, warn, bad
	Undetermined bool           `json:"undetermined"` // ok as far as this user can see, who may not read everything
	Manager      string         `json:"manager"`
	Services     []serviceRow   `json:"services"`
	Backlog      []folderRow    `json:"backlog"`
	Total        folderRow      `json:"total"`
	Accepted     *float64       `json:"accepted_per_minute"` // MAIL FROM accepted; null if the counter cannot be read
	Disk         *diskRow       `json:"disk"`
	Logs         []logRow       `json:"logs"`
	SetAside     []asideRow     `json:"set_aside"`
	Due          []denialRow    `json:"denials_due"`
	Renamed      []string       `json:"renamed"`     // accounts that incidents have renamed and not given back
	Later        []laterLook    `json:"later_looks"` // that nobody has made yet
	Requests     []requestRow   `json:"requests"`    // for delisting, that wait for somebody
	Incident     *incidentRow   `json:"incident"`    // the one that is not done
	AtWork       *holderRow     `json:"at_work"`     // who holds the lock; null if nobody does
	Symptoms     []findingRow   `json:"symptoms"`    // signs of abuse beside the queue that were measured
	Logins       []loginRow     `json:"logins"`      // who logged in from most addresses, by the end of the log
	Suspects     *suspectsRow   `json:"suspects"`    // who stands out in the logs; null if none can be read
	Guessing     *guessingRow   `json:"guessing"`    // who tries passwords, and whether one was found; null if no log can be read
	Attention    []attentionRow `json:"attention"`
	NotSeen      []string       `json:"not_seen"`
	Next         string         `json:"next"`

	passed map[string][]scan.Passed // thresholds, by folder
	closed bool                     // something in NotSeen is there because this user may not read it
}

type holderRow struct {
	User     string    `json:"user"`
	Since    time.Time `json:"since"`
	Incident string    `json:"incident,omitempty"`
	Step     string    `json:"step,omitempty"`
	PID      int       `json:"pid"`
}

// loginRow is one name that was logged in with. All figures are lower bounds.
type loginRow struct {
	User      string `json:"user"`
	Success   int    `json:"success"`
	Failed    int    `json:"failed"`
	Addresses int    `json:"addresses"` // different ones with success
	Log       string `json:"log"`
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

Exit codes: 0 nothing needs attention, 3 something does, 7 nothing does as far as this
user can see, who may not read everything. With --monitor one line
and the Nagios codes 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.`,
		Example: "  hikeshi status\n  hikeshi status --output json | jq .attention\n  hikeshi status --monitor --watch 0",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notNegative(watch); err != nil {
				return err
			}
			if monitor && a.isJSON() {
				return usagef("leave out one of the two", "--monitor prints one line for a monitoring system, --output json a document")
			}
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
			switch {
			case doc.Undetermined:
				return silent(exitUndetermined)
			case doc.Level == runbook.OK:
				return nil
			}
			return silent(exitFound)
		},
	}
	cmd.Flags().DurationVar(&watch, "watch", 2*time.Second, "look again after `DURATION`, for the rates; 0 looks once")
	cmd.Flags().BoolVar(&monitor, "monitor", false, "one line and Nagios exit codes, for a monitoring system")
	return cmd
}

// statusBudget is how long the logs are read for the status: they come from their newest end, and who abuses the server now is there.
const statusBudget = 2 * time.Second

// status looks at everything.
func (a *app) status(cmd *cobra.Command, watch time.Duration) (statusDocument, error) {
	w, err := a.world(cmd.Context(), "")
	if errors.Is(err, fs.ErrPermission) {
		return statusDocument{}, &failure{code: exitUndetermined, err: err, hint: hintOf(err)}
	}
	if err != nil {
		return statusDocument{}, err
	}
	doc := statusDocument{Version: 1, Kind: "status", Host: hostname(), Server: w.serverName(), Time: a.now().UTC(), Level: runbook.OK, Synced: clockSynced(),
		Backlog: []folderRow{}, Logs: []logRow{}, SetAside: []asideRow{}, Due: []denialRow{}, Renamed: []string{}, Later: []laterLook{}, Requests: []requestRow{}, Attention: []attentionRow{}, Symptoms: []findingRow{}, Logins: []loginRow{}}
	doc.Manager, doc.Services = w.manager, w.services(cmd)
	looked := make(chan lookedAt, 1)
	go func() { looked <- w.lookAtLogs(cmd.Context(), statusBudget) }() // beside the look at the queue, which waits between two looks
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
	l := <-looked
	doc.Suspects, doc.Guessing = l.suspects, l.guessing
	doc.NotSeen = []string{"DNSBL", a.word("relay test from outside", "外からの中継試験"), a.word("web console", "webコンソール")}
	if doc.Suspects == nil {
		doc.NotSeen = append([]string{a.word("the logs", "ログの内容")}, doc.NotSeen...)
	}
	a.lookAround(w, &doc)
	a.lookBeside(cmd.Context(), w, &doc)
	if err := a.statusRecord(cmd, w, &doc); err != nil {
		return doc, err
	}
	a.judgeStatus(w, &doc)
	return doc, nil
}

// lookAround says who else is at work, and which records this user cannot see: those of root, for an ordinary user.
func (a *app) lookAround(w *world, doc *statusDocument) {
	if h, err := lock.Who(w.server.Root(), w.holders()); err == nil && h != nil {
		doc.AtWork = &holderRow{User: cmp.Or(h.Sudo, h.User), Since: h.Since.UTC(), Incident: h.Incident, Step: h.Step, PID: h.PID}
	}
	_, err := os.ReadDir(filepath.Join(rootState, "incidents"))
	if w.root == "/" && w.state != rootState && !errors.Is(err, fs.ErrNotExist) {
		doc.NotSeen = append(doc.NotSeen, fmt.Sprintf(a.word("incidents below %s (this is %s)", "%s の事案(見ているのは %s)"), rootState, w.state))
	}
}

// lookBeside measures the signs that stand beside the queue, and who has logged in. What cannot be measured is left out.
func (a *app) lookBeside(ctx context.Context, w *world, doc *statusDocument) {
	in := runbook.Input{Step: "status", With: json.RawMessage(`{"limit": "3s", "gap": "500ms"}`), Rec: planner.Recorder{Told: func(string, int64, int64) {}}}
	if out, err := w.kinds["evidence.symptoms"].Action.Plan(ctx, in); err == nil {
		if f, ok := out.Facts.(evidence.SymptomsFacts); ok {
			for _, word := range f.Barred {
				doc.barred(a.symptomWord(word))
			}
		}
		for _, f := range findingRows(out.Findings, a.lang()) {
			if f.Level == runbook.Warn || f.Level == runbook.Bad {
				doc.Symptoms = append(doc.Symptoms, f)
			}
		}
	}
	if w.host.Evidence.Logins == nil {
		return
	}
	logins, err := w.host.Evidence.Logins(ctx)
	if err != nil {
		return
	}
	for _, u := range logins.Users[:min(len(logins.Users), 5)] {
		log := ""
		if n := len(logins.Files); n > 0 {
			log = logins.Files[n-1]
		}
		doc.Logins = append(doc.Logins, loginRow{u.User, u.Success, u.Failed, u.Addresses, log})
	}
}

// barred notes what this user may not look at.
func (d *statusDocument) barred(what string) {
	d.NotSeen, d.closed = append(d.NotSeen, what), true
}

// hidden says whether there is something that this user may not look at.
func (d *statusDocument) hidden() bool {
	return d.closed || slices.ContainsFunc(d.Logs, func(l logRow) bool { return l.Barred }) || slices.ContainsFunc(d.Backlog, func(f folderRow) bool { return f.Barred })
}

// symptomWord is what a word of evidence.symptoms stands for.
func (a *app) symptomWord(word string) string {
	switch word {
	case "line":
		return a.word("the line", "回線")
	case "delay":
		return a.word("delays", "配送の遅れ")
	case "returned":
		return a.word("returned mail", "エラーメール")
	case "logs":
		return a.word("the size of logs", "ログのサイズ")
	case "load":
		return a.word("load", "負荷")
	case "disk":
		return a.word("free space", "ディスクの空き")
	}
	return word
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
	later, err := a.laterDue(w)
	if err != nil {
		return err
	}
	doc.Later = append(doc.Later, later...)
	if doc.Requests, err = a.requestsDue(w); err != nil {
		return err
	}
	renamed, err := a.recordedRenames(w)()
	if err != nil {
		return err
	}
	for _, r := range renamed {
		doc.Renamed = append(doc.Renamed, r.Account)
	}
	id, err := a.unfinished(w, nil)
	if err != nil {
		return nil // none is waiting
	}
	all, _, err := a.histories(w.state)
	if err != nil {
		return err
	}
	h := all[id]
	opened := h.Opened.UTC()
	doc.Incident = &incidentRow{ID: id, Runbook: h.Opening.Runbook, State: h.State, Opened: &opened}
	return nil
}
