package main

import (
	"encoding/json"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/report"
	"hikeshi/runbook/report/story"
)

// planDocument is the JSON of a plan.
type planDocument struct {
	Version int        `json:"hikeshi"`
	Kind    string     `json:"kind"`
	Runbook string     `json:"runbook"`
	Server  string     `json:"server"`
	Steps   []planStep `json:"steps"`
}

type planStep struct {
	ID       string            `json:"id"`
	Title    string            `json:"title"`
	Phase    runbook.Phase     `json:"phase"`
	Uses     string            `json:"uses"`
	Manual   bool              `json:"manual"`
	State    runbook.PlanState `json:"state"`
	Why      string            `json:"why,omitempty"`
	After    string            `json:"after,omitempty"` // the earlier step whose change is not made yet
	Findings []findingRow      `json:"findings"`
	Changes  []changeRow       `json:"changes"`
	Gate     []gateRow         `json:"gate,omitempty"`
	Facts    json.RawMessage   `json:"facts"`
}

type findingRow struct {
	Level    runbook.Level `json:"level"`
	Text     string        `json:"text"`
	Evidence string        `json:"evidence"`
}

type gateRow struct {
	Title string `json:"title"`
	Holds bool   `json:"holds"`
	Off   bool   `json:"off,omitempty"` // there was nothing to ask: title says why
	Why   string `json:"why,omitempty"`
}

func planDocumentOf(w *world, j job, steps []engine.PlannedStep, lang string) planDocument {
	doc := planDocument{Version: 1, Kind: "plan", Runbook: j.book.Name, Server: w.serverName(), Steps: []planStep{}}
	for _, p := range steps {
		doc.Steps = append(doc.Steps, planStepOf(p.Step, p.StepPlan, lang))
	}
	return doc
}

func planStepOf(step runbook.Step, p runbook.StepPlan, lang string) planStep {
	row := planStep{ID: step.ID, Title: step.Title.In(lang), Phase: step.Phase, Uses: step.Uses, Manual: step.Manual != nil, State: p.State, Why: p.Reason(lang),
		After: p.After, Findings: findingRows(p.Findings, lang), Changes: changeRows(p.Changes), Facts: p.Facts}
	for _, g := range p.Gate {
		row.Gate = append(row.Gate, gateRow{g.Title.In(lang), g.Holds, g.Off, g.Reason(lang)})
	}
	if row.Facts == nil {
		row.Facts = json.RawMessage("null")
	}
	return row
}

func findingRows(all []runbook.Finding, lang string) []findingRow {
	rows := []findingRow{}
	for _, f := range all {
		rows = append(rows, findingRow{f.Level, f.Text.In(lang), f.Evidence})
	}
	return rows
}

// incidentJSON writes the document of an incident; err is how the verb ended.
func (a *app) incidentJSON(jr *journal.Journal, records []runbook.Record, err error) error {
	r, berr := a.buildReport(jr, records)
	if berr != nil {
		return berr
	}
	doc := r.Incident(a.lang())
	if err != nil {
		doc.Error = err.Error()
	}
	return a.json(doc)
}

// rehearsalJSON writes the document of a rehearsal, with its judgement.
func (a *app) rehearsalJSON(o outcome) error {
	r, err := report.Build(o.records)
	if err != nil {
		return err
	}
	doc := r.Incident(a.lang())
	for _, j := range o.judgement {
		doc.Judgement = append(doc.Judgement, story.Judgement{Name: runbook.T(j.Name, j.NameJA).In(a.lang()), Value: j.Value, Want: j.Want, OK: j.OK, Items: j.Items})
	}
	return a.json(doc)
}
