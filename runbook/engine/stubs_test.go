package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
)

// memory is a journal in memory. It outlives the process, as far as it was written.
type memory struct {
	records    []runbook.Record
	lost       []runbook.Record // what could not be recorded: gone with the process
	point      func(where string)
	refuse     func(r runbook.Record) error // an error wrapping ErrUnrecorded keeps r in this process only
	kept       []string
	unreadable func() error
	now        time.Time
}

func (m *memory) at(where string) {
	if m.point != nil {
		m.point(where)
	}
}

func (m *memory) Append(r runbook.Record) error {
	what := fmt.Sprintf("recording %s %s %s", r.Event, r.Step, r.Change)
	m.at("before " + what)
	m.now = m.now.Add(time.Second)
	r.Time, r.Seq = m.now, len(m.records)+len(m.lost)
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	var stored runbook.Record
	if err := json.Unmarshal(line, &stored); err != nil {
		return err
	}
	if m.refuse != nil {
		if err := m.refuse(r); err != nil {
			if errors.Is(err, runbook.ErrUnrecorded) {
				m.lost = append(m.lost, stored)
			}
			return err
		}
	}
	m.records = append(append(m.records, m.lost...), stored)
	m.lost = nil
	m.at("after " + what)
	return nil
}

func (m *memory) Records() ([]runbook.Record, error) {
	if m.unreadable != nil {
		if err := m.unreadable(); err != nil {
			return nil, err
		}
	}
	return append(slices.Clip(m.records), m.lost...), nil
}

func (m *memory) Keep(step, name string, r io.Reader, backup bool) error {
	m.at("before keeping " + name)
	text, err := io.ReadAll(r)
	m.kept = append(m.kept, fmt.Sprintf("%s/%s=%s backup=%v", step, name, text, backup))
	return err
}

// responder is a scripted Operator. Without a script it says yes to everything and answers manual steps with "seen".
type responder struct {
	script func(v engine.View) (runbook.Decision, error)
	asked  []string       // step:question
	shown  []engine.View  //
	ended  []string       // step:result
	errs   []string       // of those that ended with one
	yes    map[string]int // what was agreed to, and how often
	views  []engine.View  // as asked
	steps  []string       // progress
}

func (o *responder) Show(v engine.View) { o.shown = append(o.shown, v) }
func (o *responder) Progress(s string, _, total int64) {
	o.steps = append(o.steps, fmt.Sprint(s, total))
}
func (o *responder) Ended(v engine.View, r runbook.Result, err error) {
	o.ended = append(o.ended, v.Step.ID+":"+string(r))
	if err != nil {
		o.errs = append(o.errs, v.Step.ID+" "+v.Step.Title.EN+": "+err.Error())
	}
}

func (o *responder) Decide(_ context.Context, v engine.View) (runbook.Decision, error) {
	o.asked = append(o.asked, v.Step.ID+":"+string(v.Ask))
	o.views = append(o.views, v)
	d, err := do(), error(nil)
	if o.script != nil {
		d, err = o.script(v)
	} else if v.Ask == engine.AskManual {
		d.Note = "seen"
	}
	if err == nil && d.Answer == runbook.Do && (v.Ask == engine.AskChanges || v.Ask == engine.AskUndo) && (d.Changes == nil || len(d.Changes) > 0) {
		for _, c := range v.Plan.Changes {
			if d.Approves(c.ID) {
				o.yes[signature(v.Ask == engine.AskUndo, c)]++
			}
		}
	}
	return d, err
}
