package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"hikeshi/runbook"
)

var tokyo = time.FixedZone("JST", 9*3600)

// night is the record of one incident, minute by minute from 03:12 in Japan.
type night struct {
	records []runbook.Record
	at      time.Time
	actor   runbook.Actor
}

func (n *night) add(r runbook.Record) {
	r.Seq, r.Time, r.Actor, r.Prev = len(n.records), n.at, n.actor, fmt.Sprintf("%064x", len(n.records))
	n.records = append(n.records, r)
	n.at = n.at.Add(time.Minute)
}

func (n *night) step(id string, p runbook.StepPlan, d *runbook.Decision) {
	n.add(runbook.Record{Event: runbook.Planned, Step: id, Plan: &p})
	if d != nil {
		n.add(runbook.Record{Event: runbook.Decided, Step: id, Decision: d})
	}
}

func (n *night) made(step, change string, s runbook.State, err string) {
	n.add(runbook.Record{Event: runbook.Intent, Step: step, Change: change})
	n.add(runbook.Record{Event: runbook.Applied, Step: step, Change: change, State: s, Error: err})
}

func (n *night) ended(step string, r runbook.Result, why string) {
	n.add(runbook.Record{Event: runbook.Ended, Step: step, Result: r, Text: why})
}

func change(id, kind, op, target string, undo runbook.Risk) runbook.Change {
	return runbook.Change{ID: id, Kind: kind, Op: op, Target: target, V: 1, Risk: runbook.Disruptive, UndoRisk: undo}
}

func opened() *night {
	n := &night{at: time.Date(2026, 11, 20, 18, 12, 0, 0, time.UTC)}
	n.actor = runbook.Actor{User: "root", Sudo: "taro", Host: "mail1.example.jp", PID: 812, TTY: "pts/3"}
	n.add(runbook.Record{Event: runbook.Opened, Opening: &runbook.Opening{
		Incident: "20261121-0312", Format: 1, Version: "1.0", Runbook: "mail-abuse", Title: runbook.T("relay abuse", "メールサーバーの踏み台利用"),
		Server: "epms", Host: "mail1.example.jp", Root: "/", Manager: "systemd", Reason: "complaint of the provider",
		Steps: []runbook.StepHead{
			{ID: "look", Phase: runbook.Identify, Title: runbook.T("look at the backlog", "滞留の確認"), Uses: "queue.scan"},
			{ID: "stop", Phase: runbook.Contain, Title: runbook.T("stop delivery and receipt", "配送と受信の停止"), Uses: "service.stop"},
			{ID: "aside", Phase: runbook.Contain, Title: runbook.T("set the queue aside", "キューの退避"), Uses: "queue.quarantine"},
			{ID: "deny", Phase: runbook.Eradicate, Title: runbook.T("deny the sources", "発信元の拒否"), Uses: "relay.deny"},
			{ID: "tell", Phase: runbook.Learn, Title: runbook.T("tell the provider", "回線事業者への連絡"), Manual: true},
			{ID: "cause", Phase: runbook.Learn, Title: runbook.T("write down the cause", "原因の記録"), Manual: true},
			{ID: "start", Phase: runbook.Recover, Title: runbook.T("start again", "サービスの再開"), Uses: "service.start"},
			{ID: "check", Phase: runbook.Recover, Title: runbook.T("check from outside", "外部からの確認"), Manual: true},
		},
	}})
	n.add(runbook.Record{Event: runbook.Began, Text: "run"})
	return n
}

// sample is a night with everything in it.
func sample() *night {
	n := opened()
	yes := &runbook.Decision{Answer: runbook.Do, Via: "prompt"}
	n.step("look", runbook.StepPlan{State: runbook.NothingToDo, Findings: []runbook.Finding{
		{Level: runbook.Bad, Text: runbook.T("incoming holds 48210 messages", "incoming に 48210 通が滞留"), Evidence: "/var/spool/epms/incoming"},
		{Level: runbook.OK, Text: runbook.T("lists is empty", "lists は空")},
	}}, nil)
	n.ended("look", runbook.ResultDone, "")
	n.step("stop", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{
		change("stop.1", "service.stop", "stop", "epstdd.service, epstrd.service", runbook.Reversible),
		change("stop.2", "service.stop", "bar", "epstdd.service, epstrd.service", runbook.Reversible),
	}}, yes)
	n.made("stop", "stop.1", runbook.Done, "")
	n.made("stop", "stop.2", runbook.Done, "")
	n.add(runbook.Record{Event: runbook.Evidenced, Step: "stop", Evidence: &runbook.EvidenceRef{Name: "evidence/stop-units.txt", Size: 120, SHA256: strings.Repeat("ab", 32)}})
	n.add(runbook.Record{Event: runbook.Evidenced, Step: "stop", Evidence: &runbook.EvidenceRef{Name: "evidence/stop-temp", Cut: true}, Error: "not kept: no space left on device"})
	n.ended("stop", runbook.ResultDone, "")
	aside := change("aside.1", "queue.quarantine", "rename", "/var/spool/epms/incoming", runbook.Reopening)
	aside.Before, aside.After = "incoming", "incoming.20261121-0312"
	facts, _ := json.Marshal(map[string]any{"strategy": "rename", "messages": 48210, "files": 96420})
	n.step("aside", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{aside}, Facts: facts}, yes)
	n.made("aside", "aside.1", runbook.Done, "")
	n.ended("aside", runbook.ResultDone, "")
	n.step("deny", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{
		change("deny.1", "relay.deny", "deny", "203.0.113.0/24", runbook.Reopening), change("deny.2", "relay.deny", "deny", "198.51.100.7", runbook.Reopening),
	}}, yes)
	n.made("deny", "deny.1", runbook.Done, "")
	n.made("deny", "deny.2", runbook.None, "the file is read-only")
	n.add(runbook.Record{Event: runbook.Ended, Step: "deny", Result: runbook.ResultFailed, Error: "the file is read-only"})
	n.actor.Sudo, n.actor.PID = "hanako", 901
	n.add(runbook.Record{Event: runbook.Noted, Text: "provider called <b>back</b> \x1b[2J\u202e http://example.net | `rm`"})
	n.actor.Sudo, n.actor.PID = "taro", 812
	n.step("tell", runbook.StepPlan{State: runbook.Ready}, &runbook.Decision{Answer: runbook.ByHand, Via: "prompt", Note: "by telephone"})
	n.ended("tell", runbook.ResultByHand, "by telephone")
	n.step("cause", runbook.StepPlan{State: runbook.Ready}, &runbook.Decision{Answer: runbook.Skip, Via: "prompt", Note: "known already"})
	n.ended("cause", runbook.ResultSkipped, "known already")
	n.step("start", runbook.StepPlan{State: runbook.Ready, Changes: []runbook.Change{change("start.1", "service.start", "start", "epstdd.service", runbook.Disruptive)}}, yes)
	n.made("start", "start.1", runbook.Done, "")
	n.ended("start", runbook.ResultDone, "")
	n.add(runbook.Record{Event: runbook.Noted, Error: "2 records could not be written to disk at once: no space left on device"})
	n.add(runbook.Record{Event: runbook.Closed, Text: string(runbook.IncidentStopped), Error: "stopped at step deny"})
	return n
}
