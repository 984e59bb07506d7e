package engine

import (
	"context"
	"time"

	"hikeshi/runbook"
)

// An Operator is shown everything and decides: a person at a terminal, --yes, or a rehearsal.
type Operator interface {
	// Show tells what a step is and what its plan found. It never asks.
	Show(v View)
	// Decide asks. It is called only where there is something to decide: changes, a manual step, a drift, an error, an undo. An
	// error stops the run; a *Stop says for which reason.
	Decide(ctx context.Context, v View) (runbook.Decision, error)
	// Progress tells how far a long operation is; total 0 means unknown.
	Progress(step string, done, total int64)
	// Ended tells how a step, or one change of it, ended.
	Ended(v View, r runbook.Result, err error)
}

// Question says what is asked.
type Question string

// The questions.
const (
	AskChanges Question = "changes" // make Plan.Changes?
	AskManual  Question = "manual"  // done by hand?
	AskDrift   Question = "drift"   // Err says what differs: Do plans the step anew, Skip leaves it
	AskFailure Question = "error"   // Err says what went wrong: Do tries again, Skip goes on
	AskUndo    Question = "undo"    // take back Plan.Changes, newest first?
)

// View is what the responder sees of one step.
type View struct {
	Incident string
	Opened   time.Time // of the incident
	Number   int       // 1-based place in the checklist
	Of       int
	Step     runbook.Step
	Plan     runbook.StepPlan
	Ask      Question
	Err      error
}
