package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
)

// closing says in a few lines how an incident stands: what was done, what is open, how to go on, and the head to note down.
func (a *app) closing(h *runbook.History, jr *journal.Journal, err error) {
	count := map[runbook.Result]int{}
	var open, failed []string
	for _, s := range h.Steps {
		count[s.Result]++
		switch s.Result {
		case runbook.ResultOpen:
			open = append(open, s.Head.Title.In(a.lang()))
		case runbook.ResultFailed:
			failed = append(failed, s.Head.Title.In(a.lang())+": "+line(joined(s.Error)))
		}
	}
	fmt.Fprintf(a.stdout, a.word("\nincident %s: %s\n%d done, %d by hand, %d left open, %d skipped, %d failed, %d not reached\n",
		"\n事案 %s: %s\n完了 %d、手作業 %d、未実施 %d、対象外 %d、失敗 %d、未到達 %d\n"), jr.ID(), a.stateWord(h.State),
		count[runbook.ResultDone], count[runbook.ResultByHand], count[runbook.ResultOpen], count[runbook.ResultSkipped], count[runbook.ResultFailed], count[runbook.ResultPending])
	for _, t := range open {
		fmt.Fprintf(a.stdout, "  [ ] %s\n", t)
	}
	for _, t := range failed {
		a.screenOn(a.stdout).row("[!]", t)
	}
	if n, text := jr.Unrecorded(); n > 0 {
		a.screenOn(a.stdout).row("[!]", text.In(a.lang()))
	}
	if !onDisk(jr) {
		a.screenOn(a.stdout).row("[!]", a.word("nothing of this incident is on disk, so resume, undo and report do not know it; services that it stopped are started with `hikeshi service start`, once there is room, or with --state DIR on another disk",
			"この事案の記録はディスクにないため、resume、undo、report は使えない。止めたサービスは、空きができてから `hikeshi service start` で起動する。待てないときは --state DIR で別のディスクを指定する"))
		return
	}
	a.wayOn(h, jr)
}

// wayOn names the verbs that go on with an incident, and the head to note down.
func (a *app) wayOn(h *runbook.History, jr *journal.Journal) {
	if h.State == runbook.IncidentStopped || h.State == runbook.IncidentOpen {
		fmt.Fprintf(a.stdout, a.word("go on:   hikeshi resume %s\n", "続ける:  hikeshi resume %s\n"), jr.ID())
	}
	fmt.Fprintf(a.stdout, a.word("report:  hikeshi report %s\n", "報告書:  hikeshi report %s\n"), jr.ID())
	if slices.ContainsFunc(h.InForce(), func(c *runbook.ChangeHistory) bool { return c.Risk != runbook.Irreversible }) {
		fmt.Fprintf(a.stdout, a.word("undo:    hikeshi undo %s\n", "戻す:    hikeshi undo %s\n"), jr.ID())
	}
	if head, herr := jr.Head(); herr == nil {
		fmt.Fprintf(a.stdout, a.word("head:    %s\n         (note it down: it proves the record)\n", "head:    %s\n         (控えておくと記録が改変されていないことを証明できる)\n"), head)
	}
}

// onDisk says whether anything of the incident could be written, so that other invocations find it.
func onDisk(jr *journal.Journal) bool {
	head, err := jr.Head()
	return err == nil && head != ""
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
	if err == nil {
		err = a.leftOpen(h, jr.ID())
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
		return a.stopped(jr, stop)
	}
	return err
}

// leftOpen is the end of a direct verb of which a part is left to a person: what was asked for is not done.
func (a *app) leftOpen(h *runbook.History, id string) error {
	if len(h.Steps) != 1 {
		return nil
	}
	s := h.Steps[0]
	if s.Result != runbook.ResultOpen || s.Plan == nil || !s.Plan.ByHand {
		return nil
	}
	return failf(exitStopped, fmt.Sprintf(a.word("do it by hand as told above; then `hikeshi resume %s` looks whether it is done", "上の説明に従って手作業で行い、その後 `hikeshi resume %s` で確かめる"), id),
		a.word("left open: %s", "未完了: %s"), s.Plan.Reason(a.lang()))
}

// stopped puts a stop into the words and the code of its exit.
func (a *app) stopped(jr *journal.Journal, stop *engine.Stop) error {
	code, id := codeOfStop(stop), jr.ID()
	if code == exitUnconfirmed {
		hint := cmp.Or(hintOf(stop.Err), fmt.Sprintf(a.word("`hikeshi resume %s` goes on", "`hikeshi resume %s` で続ける"), id))
		return &failure{code: code, err: fmt.Errorf("aborted, no changes made: %w", stop), hint: hint}
	}
	if !onDisk(jr) {
		if !stop.Changed && code == exitStopped {
			code = exitError // there is nothing to go on with
		}
		return &failure{code: code, err: stop, hint: "make room where " + filepath.Dir(jr.Path()) + " is, or name another place with --state DIR, and begin again"}
	}
	if errors.Is(stop.Err, service.ErrUnreachable) {
		return &failure{code: code, err: stop, hint: withoutBus + "; then `hikeshi resume " + id + " --manager command`"}
	}
	return &failure{code: code, err: stop, hint: fmt.Sprintf(a.word("`hikeshi resume %s` goes on, `hikeshi undo %s` walks back, `hikeshi show %s` tells where it stands",
		"`hikeshi resume %s` で続ける、`hikeshi undo %s` で戻す、`hikeshi show %s` で現状を見る"), id, id, id)}
}

// finishUndo says what was undone and what was left.
func (a *app) finishUndo(jr *journal.Journal, steps []string, err error) error {
	records, rerr := jr.Records()
	if rerr != nil {
		return errors.Join(err, rerr)
	}
	h, ferr := runbook.Fold(records)
	if ferr != nil {
		return errors.Join(err, ferr)
	}
	left, short := h.InForce(), shortfalls(records)
	if a.isJSON() {
		if jerr := a.incidentJSON(jr, records, err); jerr != nil {
			return errors.Join(err, jerr)
		}
	} else {
		for _, c := range left {
			s := a.screenOn(a.stdout)
			s.hang(9, fmt.Sprintf(a.word("left in place: %s %s (%s)", "残した変更: %s %s (%s)"), s.op(c.Op), line(c.Target), c.UndoRisk))
		}
		for _, text := range short {
			a.screenOn(a.stdout).row("[!]", line(text))
		}
		fmt.Fprintf(a.stdout, a.word("incident %s: %s, %[4]s in force\n", "事案 %[1]s: %[2]s、有効な変更 %[3]d 件\n"), jr.ID(), a.stateWord(h.State), len(left), runbook.Count(int64(len(left)), "change"))
		if n, text := jr.Unrecorded(); n > 0 {
			a.screenOn(a.stdout).row("[!]", text.In(a.lang()))
		}
		if head, herr := jr.Head(); herr == nil {
			fmt.Fprintf(a.stdout, "head:    %s\n", head)
		}
	}
	var stop *engine.Stop
	switch {
	case err == nil:
		if n := len(undoable(h, steps)); n > 0 {
			return failf(exitError, a.word("`hikeshi undo` again with --accept-risk and the risk in brackets takes it back", "かっこ内のリスクを --accept-risk で指定して `hikeshi undo` をもう一度実行すれば戻る"),
				"not everything was undone: %d left in place", n)
		}
		if len(short) > 0 {
			return failf(exitError, "", "%s", a.word("undone as far as it can be; what could not be put back is told above", "戻せるものは戻した。戻せなかったものは上に示したとおり"))
		}
		return nil
	case errors.As(err, &stop) && codeOfStop(stop) == exitUnconfirmed:
		return failf(exitUnconfirmed, hintOf(stop.Err), "aborted, nothing undone: %w", stop.Err)
	}
	hint := a.word("mend the cause and run `hikeshi undo %s` again: it goes on with what is left", "原因を除いて `hikeshi undo %s` をもう一度実行する。残りから続ける")
	if stop != nil && stop.Reason == engine.StopInterrupted {
		hint = a.word("`hikeshi undo %s` goes on", "`hikeshi undo %s` で続ける")
	}
	return &failure{code: codeOf(err), err: err, hint: fmt.Sprintf(hint, jr.ID())}
}

// shortfalls are what the changes of the last undo told that could not be put back.
func shortfalls(records []runbook.Record) []string {
	var all []string
	for _, r := range records {
		switch {
		case r.Event == runbook.Began:
			all = nil
		case r.Event == runbook.Noted && r.Step != "" && r.Error == "":
			all = append(all, r.Text)
		}
	}
	return all
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
	if err := hasSteps(jr, args[1:]); err != nil {
		return err
	}
	list := undoable(h, args[1:])
	if a.isJSON() {
		err = a.json(undoDocument{Version: 1, Kind: "undo-plan", Incident: jr.ID(), Changes: changeRows(list)})
	} else {
		s := a.screen()
		s.undoing(list)
		if len(list) == 0 {
			fmt.Fprintln(a.stdout, a.word("nothing to undo", "戻すものはない"))
		}
	}
	if err != nil || len(list) == 0 {
		return err
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
