package book

import (
	"context"

	"hikeshi/runbook"
)

// The kinds of the mail server with their parameters and facts, without anything behind them.

type statusFacts struct {
	Running    []string `json:"running" expr:"running"`
	Stopped    []string `json:"stopped" expr:"stopped"`
	Missing    []string `json:"missing" expr:"missing"`
	QueueInUse bool     `json:"queue_in_use" expr:"queue_in_use"`
	Barred     []string `json:"barred" expr:"barred"`
}

type stopFacts struct {
	Units        []string `json:"units" expr:"units"`
	FoundRunning []string `json:"found_running" expr:"found_running"`
}

type startFacts struct {
	Started []string `json:"started" expr:"started"`
}

type scanFacts struct {
	Messages        int      `json:"messages" expr:"messages"`
	Files           int      `json:"files" expr:"files"`
	Bytes           int      `json:"bytes" expr:"bytes"`
	Over            bool     `json:"over" expr:"over"`
	Reason          string   `json:"reason" expr:"reason"`
	OldestSeconds   int      `json:"oldest_seconds" expr:"oldest_seconds"`
	Senders         []string `json:"senders" expr:"senders"`
	GrowthPerMinute float64  `json:"growth_per_minute" expr:"growth_per_minute"`
	Outside         int      `json:"outside" expr:"outside"`
	Own             int      `json:"own" expr:"own"`
	NullSender      int      `json:"null_sender" expr:"null_sender"`
}

type checkFacts struct {
	Whole    bool     `json:"whole" expr:"whole"`
	Half     []string `json:"half" expr:"half"`
	Missing  []string `json:"missing" expr:"missing"`
	SetAside bool     `json:"set_aside" expr:"set_aside"`
}

type quarantineFacts struct {
	Strategy string   `json:"strategy" expr:"strategy"`
	Messages int      `json:"messages" expr:"messages"`
	Files    int      `json:"files" expr:"files"`
	Folders  []string `json:"folders" expr:"folders"`
}

type releaseFacts struct {
	Messages int `json:"messages" expr:"messages"`
	Files    int `json:"files" expr:"files"`
	Left     int `json:"left" expr:"left"`
}

type lintFacts struct {
	Bad   int   `json:"bad" expr:"bad"`
	Warn  int   `json:"warn" expr:"warn"`
	Lines []int `json:"lines" expr:"lines"`
}

type denyFacts struct {
	Denied []string `json:"denied" expr:"denied"`
	Added  int      `json:"added" expr:"added"`
	File   string   `json:"file" expr:"file"`
}

type deniedFacts struct {
	Denied bool     `json:"denied" expr:"denied"`
	Open   []string `json:"open" expr:"open"`
}

type looks struct{}

func (looks) Plan(context.Context, runbook.Input) (runbook.Outcome, error) {
	return runbook.Outcome{}, nil
}

// kinds is the catalogue of the tests.
func kinds() map[string]runbook.Kind {
	strings := func(names ...string) (all []runbook.Param) {
		for _, name := range names {
			all = append(all, runbook.Param{Name: name, Type: runbook.Strings})
		}
		return all
	}
	units, timeout := strings("units")[0], runbook.Param{Name: "timeout", Type: runbook.Duration}
	targets := runbook.Param{Name: "targets", Type: runbook.Strings, Required: true, Short: "whom"}
	list := []runbook.Kind{
		{Name: "service.status", Params: strings("units"), Facts: statusFacts{}},
		{Name: "service.stop", Params: []runbook.Param{units, timeout}, Facts: stopFacts{}},
		{Name: "service.start", Params: []runbook.Param{units, timeout, {Name: "only", Type: runbook.Choice, Choices: []string{"delivery", "receiver", "mailbox"}}}, Facts: startFacts{}},
		{Name: "queue.scan", Params: []runbook.Param{{Name: "exact", Type: runbook.Bool}, {Name: "watch", Type: runbook.Duration}}, Facts: scanFacts{}},
		{Name: "queue.check", Facts: checkFacts{}},
		{Name: "queue.quarantine", Params: []runbook.Param{{Name: "strategy", Type: runbook.Choice, Choices: []string{"auto", "move", "rename"}}, strings("senders")[0], {Name: "limit", Type: runbook.Int}}, Facts: quarantineFacts{}},
		{Name: "queue.release", Params: append(strings("senders", "recipients", "clients", "ids"), runbook.Param{Name: "incident", Type: runbook.String}, runbook.Param{Name: "own_domains", Type: runbook.Bool}), Facts: releaseFacts{}},
		{Name: "relay.lint", Facts: lintFacts{}},
		{Name: "relay.deny", Short: runbook.T("refuse sources", "送信元を拒否する"), Params: []runbook.Param{targets, {Name: "review", Type: runbook.Duration}}, Facts: denyFacts{}},
		{Name: "relay.denied", Params: []runbook.Param{targets}, Facts: deniedFacts{}},
		{Name: "relay.allow", Params: []runbook.Param{targets}},
	}
	all := map[string]runbook.Kind{}
	for _, k := range list {
		k.Action = looks{}
		all[k.Name] = k
	}
	return all
}
