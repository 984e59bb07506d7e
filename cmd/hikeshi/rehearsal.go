package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal"
	"hikeshi/spool"
	"hikeshi/spool/lab"
	letter "hikeshi/spool/lab/complaint"
	"hikeshi/spool/lab/judge"
	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/standin"
)

// pile is how many messages have to wait before the responder is called.
const pile = 500

// after is how long the traffic goes on when the runbook has ended, so that a thief who still gets through is seen.
const after = 2 * time.Second

// rehearsal is one rehearsal in its folder: <dir>/server is the --root of the lab, <dir>/incidents its record.
type rehearsal struct {
	*app
	dir      string
	runbook  string
	flags    rehearseFlags
	scenario lab.Scenario
	lab      *lab.Lab
	stage    stage
	names    *names.Server // the DNS of the lab
}

// A stage is where the lab's services run: in this process, or as units of a private systemd.
type stage interface {
	boot(ctx context.Context) error
	crash() error
	run(ctx context.Context, cut bool) error // the runbook; with cut until the queue is set aside
	look(ctx context.Context) ([]spool.UnitState, error)
	boots() int
	close()
}

// outcome is what there is to tell of a rehearsal.
type outcome struct {
	id        string
	records   []runbook.Record
	judgement []judge.Judgement
	ran       error // how the runbook ended
}

func (r *rehearsal) server() string { return filepath.Join(r.dir, "server") }

func (r *rehearsal) prepare(ctx context.Context) error {
	var err error
	if r.lab, err = lab.Build(r.server(), r.scenario); err != nil {
		return err
	}
	r.stage = &localStage{r: r}
	if r.flags.units {
		if r.stage, err = newNestStage(r); err != nil {
			return err
		}
	}
	return r.serveNames()
}

func (r *rehearsal) say(en, ja string, args ...any) {
	if !r.app.flags.quiet {
		fmt.Fprintf(r.stderr, "== "+r.word(en, ja)+"\n", args...)
	}
}

// play floods the lab, runs the runbook with a power cut in the middle, and judges.
func (r *rehearsal) play(ctx context.Context) (outcome, error) {
	defer r.end()
	r.say("scenario: %s", "シナリオ: %s", r.word(r.scenario.Title, r.scenario.TitleJA))
	if err := r.stage.boot(ctx); err != nil {
		return outcome{}, err
	}
	traffic, err := r.lab.Traffic(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer traffic.Stop()
	patience, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.lab.Await(patience, pile); err != nil {
		return outcome{}, err
	}
	found, err := r.stage.look(ctx)
	if err == nil {
		err = r.complain()
	}
	if err != nil {
		return outcome{}, err
	}
	r.say("the backlog has passed %d messages: the responder is called", "滞留が %d 通を超えた。対応開始", pile)
	ran, err := r.runs(ctx)
	if err != nil {
		return outcome{}, err
	}
	sleep(ctx, after)
	if err := traffic.Stop(); err != nil {
		return outcome{}, err
	}
	return r.judge(ctx, found, ran)
}

// runs runs the runbook until the queue is set aside, cuts the power, boots, and runs it to its end.
func (r *rehearsal) runs(ctx context.Context) (ran, err error) {
	if err := r.stage.run(ctx, true); err != nil {
		return err, nil
	}
	r.say("the power is cut, and the machine boots again", "ここで電源断。再起動する")
	if err := errors.Join(r.stage.crash(), r.stage.boot(ctx)); err != nil {
		return nil, err
	}
	return r.stage.run(ctx, false), nil
}

func (r *rehearsal) judge(ctx context.Context, found []spool.UnitState, ran error) (outcome, error) {
	o := outcome{ran: ran}
	now, err := r.stage.look(ctx)
	if err != nil {
		return o, err
	}
	jr, err := r.incident()
	if err != nil {
		return o, err
	}
	defer jr.Close()
	o.id = jr.ID()
	if o.records, err = jr.Records(); err != nil {
		return o, err
	}
	o.judgement, err = r.lab.Judge(ctx, lab.Run{Contained: contained(o.records), Found: found, Now: now, Boots: r.stage.boots(), Listings: listings(o.records), Verdicts: r.verdicts(o.records)})
	if err != nil && ran != nil {
		return o, ran // it ended before there was anything to judge
	}
	if err != nil {
		return o, err
	}
	for _, j := range o.judgement {
		if err := jr.Append(runbook.Record{Event: runbook.Noted, Text: "judgement: " + j.Name + ": " + j.Value + " (wanted " + j.Want + ")"}); err != nil {
			return o, err
		}
	}
	o.records, err = jr.Records()
	return o, err
}

// incident is the one incident of the rehearsal.
func (r *rehearsal) incident() (*journal.Journal, error) {
	entries, err := journal.List(r.store(r.dir))
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return nil, errors.New("the rehearsal has opened no incident")
	}
	return journal.Open(r.store(r.dir), entries[len(entries)-1].ID)
}

// contained is when the stop of the services had been made, as the journal says.
func contained(records []runbook.Record) time.Time {
	h, err := runbook.Fold(records)
	if err != nil {
		return time.Time{}
	}
	for _, c := range h.Changes {
		if c.Kind == "service.stop" && c.State == runbook.Done {
			return c.Ended
		}
	}
	return time.Time{}
}

// labTimes are short watches.
func labTimes() []string { return []string{"settle=2s", "watch=2s"} }

// labInputs are what the responder of this lab has found out, the complaint that has come, and short watches.
func labInputs(s lab.Scenario, root string) []string {
	set := labTimes()
	if file := letter.File(standin.Config{Root: root}); standin.Exists(file) {
		set = append(set, "complaint="+file)
	}
	for name, value := range s.Inputs() {
		set = append(set, name+"="+value)
	}
	slices.Sort(set)
	return set
}

// judged prints the outcome, leaves the report, and gives the exit code.
func (a *app) judged(r *rehearsal, o outcome) error {
	jr, err := r.incident()
	if err != nil {
		return err
	}
	defer jr.Close()
	text, err := a.renderReport(jr, o.records, "md")
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "report.md")
	if err := createFile(file, text); err != nil {
		return err
	}
	if a.isJSON() {
		if err := a.rehearsalJSON(o); err != nil {
			return err
		}
	} else {
		a.showJudgement(r, o, file)
	}
	if o.ran != nil {
		return fmt.Errorf("running the runbook in the lab: %w", o.ran)
	}
	if !judge.OK(o.judgement) {
		return silent(exitFound)
	}
	return nil
}

func (a *app) showJudgement(r *rehearsal, o outcome, file string) {
	s := a.screen()
	fmt.Fprintf(a.stdout, "\n%s\n", a.word("judgement, by facts", "判定(事実による)"))
	for _, j := range o.judgement {
		mark := s.paint("32", a.word("[ok] ", "[可] "))
		if !j.OK {
			mark = s.paint("31", a.word("[BAD]", "[不可]"))
		}
		s.row(mark, fmt.Sprintf("%s: %s  (%s %s)", runbook.T(j.Name, j.NameJA).In(a.lang()), a.figures(j.Value), a.word("want", "期待値"), a.figures(j.Want)))
		for _, item := range j.Items {
			if !j.OK {
				fmt.Fprintf(a.stdout, "        %s\n", line(item))
			}
		}
	}
	fmt.Fprintf(a.stdout, a.word("\nreport:  %s\nrecord:  hikeshi --state %s show %s\n", "\n報告書:  %s\n記録:    hikeshi --state %s show %s\n"), file, r.dir, o.id)
	if r.flags.keep {
		fmt.Fprintf(a.stdout, a.word("lab:     %s\n", "ラボ:    %s\n"), r.server())
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// cutting ends the run when the queue has been set aside.
type cutting struct {
	engine.Operator
	cut func()
}

func (c cutting) Ended(v engine.View, r runbook.Result, err error) {
	c.Operator.Ended(v, r, err)
	if v.Step.Uses == "queue.quarantine" && slices.Contains([]runbook.Result{runbook.ResultDone, runbook.ResultByHand, runbook.ResultSkipped}, r) {
		c.cut()
	}
}
