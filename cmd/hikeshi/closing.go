package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
)

// closing says in a few lines how an incident stands: what was done, what is open, how to go on, and the head to note down.
func (a *app) closing(h *runbook.History, jr *journal.Journal, err error) {
	count := map[runbook.Result]int{}
	var open []string
	for _, s := range h.Steps {
		count[s.Result]++
		if s.Result == runbook.ResultOpen {
			open = append(open, s.Head.Title.In(a.lang()))
		}
	}
	fmt.Fprintf(a.stdout, a.word("\nincident %s: %s  (%d done, %d by hand, %d left open, %d skipped, %d not reached)\n",
		"\n事案 %s: %s  (完了 %d、手作業 %d、未実施 %d、対象外 %d、未到達 %d)\n"), jr.ID(), a.stateWord(h.State),
		count[runbook.ResultDone], count[runbook.ResultByHand], count[runbook.ResultOpen], count[runbook.ResultSkipped], count[runbook.ResultPending]+count[runbook.ResultFailed])
	for _, t := range open {
		fmt.Fprintf(a.stdout, "  [ ] %s\n", t)
	}
	if n, text := jr.Unrecorded(); n > 0 {
		fmt.Fprintf(a.stdout, "[!] %s\n", text.In(a.lang()))
	}
	fmt.Fprintf(a.stdout, a.word("report:  hikeshi report %s\nundo:    hikeshi undo %s\n", "報告書:  hikeshi report %s\n戻す:    hikeshi undo %s\n"), jr.ID(), jr.ID())
	if head, herr := jr.Head(); herr == nil {
		fmt.Fprintf(a.stdout, a.word("head:    %s  (note it down: it proves the record)\n", "head:    %s  (控えておくと記録が改変されていないことを証明できる)\n"), head)
	}
}

func (a *app) stateWord(s runbook.IncidentState) string {
	ja := map[runbook.IncidentState]string{runbook.IncidentOpen: "進行中", runbook.IncidentDone: "最後まで実行", runbook.IncidentStopped: "途中で停止", runbook.IncidentUndone: "元に戻した"}
	return a.word(string(s), ja[s])
}

// finish says how a run, resume or undo ended and gives the exit code.
func (a *app) finish(jr *journal.Journal, err error) error {
	records, rerr := jr.Records()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	h, ferr := runbook.Fold(records)
	if ferr != nil {
		return errors.Join(err, ferr)
	}
	if a.isJSON() {
		if jerr := a.incidentJSON(jr, records, err); jerr != nil {
			return errors.Join(err, jerr)
		}
	} else {
		a.closing(h, jr, err)
	}
	var stop *engine.Stop
	if errors.As(err, &stop) {
		return a.stopped(jr.ID(), stop)
	}
	return err
}

// stopped puts a stop into the words and the code of its exit.
func (a *app) stopped(id string, stop *engine.Stop) error {
	code := codeOfStop(stop)
	if code == exitUnconfirmed {
		return &failure{code: code, err: fmt.Errorf("aborted, no changes made: %w", stop), hint: hintOf(stop.Err)}
	}
	return &failure{code: code, err: stop, hint: fmt.Sprintf("`hikeshi resume %s` goes on, `hikeshi undo %s` walks back, `hikeshi show %s` tells where it stands", id, id, id)}
}

// finishUndo says what was undone and what was left.
func (a *app) finishUndo(jr *journal.Journal, err error) error {
	records, rerr := jr.Records()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	h, ferr := runbook.Fold(records)
	if ferr != nil {
		return errors.Join(err, ferr)
	}
	left := h.InForce()
	if a.isJSON() {
		if jerr := a.incidentJSON(jr, records, err); jerr != nil {
			return errors.Join(err, jerr)
		}
	} else {
		for _, c := range left {
			fmt.Fprintf(a.stdout, a.word("left in place: %s %s (%s)\n", "残した変更: %s %s (%s)\n"), c.Op, line(c.Target), c.UndoRisk)
		}
		fmt.Fprintf(a.stdout, a.word("incident %s: %s, %d changes in force\n", "事案 %s: %s、有効な変更 %d 件\n"), jr.ID(), a.stateWord(h.State), len(left))
		if head, herr := jr.Head(); herr == nil {
			fmt.Fprintf(a.stdout, "head:    %s\n", head)
		}
	}
	var stop *engine.Stop
	if errors.As(err, &stop) && stop.Reason == engine.StopRisk {
		return failf(exitUnconfirmed, hintOf(stop.Err), "aborted, nothing undone: %w", stop.Err)
	}
	return err
}

// undoPlan lists what an undo would take back, newest first.
func (a *app) undoPlan(w *world, args []string) error {
	jr, records, err := a.openIncident(args[0])
	if err != nil {
		return err
	}
	defer jr.Close()
	h, err := runbook.Fold(records)
	if err != nil {
		return err
	}
	list := undoable(h, args[1:])
	if a.isJSON() {
		return a.json(undoDocument{Version: 1, Kind: "undo-plan", Incident: jr.ID(), Changes: changeRows(list)})
	}
	s := a.screen()
	for i, c := range list {
		s.printf("%d %s %s  [%s]\n", i+1, c.Op, line(c.Target), c.UndoRisk)
	}
	if len(list) == 0 {
		fmt.Fprintln(a.stdout, a.word("nothing to undo", "戻すものはない"))
		return nil
	}
	return silent(exitFound)
}

type undoDocument struct {
	Version  int         `json:"hikeshi"`
	Kind     string      `json:"kind"`
	Incident string      `json:"incident"`
	Changes  []changeRow `json:"changes"`
}

type changeRow struct {
	ID       string       `json:"id"`
	Op       string       `json:"op"`
	Target   string       `json:"target"`
	Before   string       `json:"before"`
	After    string       `json:"after"`
	Risk     runbook.Risk `json:"risk"`
	UndoRisk runbook.Risk `json:"undo_risk"`
}

func changeRows(list []runbook.Change) []changeRow {
	rows := []changeRow{}
	for _, c := range list {
		rows = append(rows, changeRow{c.ID, c.Op, c.Target, c.Before, c.After, c.Risk, c.UndoRisk})
	}
	return rows
}

// silentOperator shows nothing: the document says it all.
type silentOperator struct{}

func (silentOperator) Show(engine.View)                         {}
func (silentOperator) Progress(string, int64, int64)            {}
func (silentOperator) Ended(engine.View, runbook.Result, error) {}
func (silentOperator) Decide(context.Context, engine.View) (runbook.Decision, error) {
	return runbook.Decision{}, errors.New("a plan decides nothing")
}

// undoable are the changes of the named steps, or of all, that have an effect, newest first.
func undoable(h *runbook.History, steps []string) []runbook.Change {
	var list []runbook.Change
	for _, c := range slices.Backward(h.InForce()) {
		if len(steps) == 0 || slices.Contains(steps, c.Step) {
			list = append(list, c.Change)
		}
	}
	return list
}
