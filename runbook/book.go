package runbook

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/runbook/expression"
)

// Format is the version of the runbook format that this package runs.
const Format = 1

// A Runbook is a checked procedure; package book reads one from a file.
type Runbook struct {
	Format int
	Name   string // [a-z][a-z0-9-]*
	Title  Text
	About  Text
	Inputs []InputDef
	Steps  []Step
	Source []byte // the file as it was read, frozen into the incident
}

// An InputDef is one input of a runbook.
type InputDef struct {
	Name    string
	Type    Type
	Choices []string
	Default any // of the Go type of Type; nil means: no value
	Title   Text
}

// A Phase is a part of incident handling, after NIST SP 800-61.
type Phase string

// The phases in order.
const (
	Identify  Phase = "identify"
	Contain   Phase = "contain"
	Eradicate Phase = "eradicate"
	Recover   Phase = "recover"
	Learn     Phase = "learn"
)

// A Step uses a kind, is done by hand, or is a gate: exactly one of Uses, Manual and Gate is set.
type Step struct {
	ID    string // [a-z][a-z0-9_]*
	Phase Phase
	Title Text
	Why   Text // the texts that the responder sees before deciding; each may be empty
	Cost  Text
	Fails Text
	Back  Text // how to undo it

	Uses    string
	With    map[string]Value
	When    *expression.Program // nil: always
	ForEach *expression.Program // nil: once
	Manual  *Manual
	Gate    []Condition

	Confirm Confirm
	Timeout time.Duration // 0: no limit
	Retries int
	OnError OnError

	Headline bool // what it finds stands in the summary of the report
}

// A Value is one parameter of a step: a literal, or an expression that gives it.
type Value struct {
	Literal any
	Expr    *expression.Program
}

// Manual is a step that a person does.
type Manual struct {
	Text     Text // what to do
	Ask      Ask
	Choices  []ManualChoice
	Required bool // the evidence has to be given before the step counts as done

	Offer *expression.Program // a list of texts to choose from, with ask: text; none is chosen beforehand. nil: nothing is offered
	Every bool                // the step counts as done only when all that was offered was chosen
	Check *ManualCheck        // what the answer has to be, with ask: text; nil: anything
	Given *expression.Program // a text; where it is not empty it is the answer, and nobody is asked. nil: somebody always is
}

// A ManualCheck says that the names in an answer are for a parameter of a kind: names that the kind refuses with ErrInput when it plans are
// refused where they are typed.
type ManualCheck struct {
	Uses string // a kind
	As   string // its parameter, of type Strings
}

// Ask is the evidence that a manual step asks for.
type Ask string

// What can be asked for; AskNothing is a plain "done".
const (
	AskNothing Ask = ""
	AskText    Ask = "text"
	AskFile    Ask = "file"
	AskChoice  Ask = "choice"
)

// A ManualChoice is one answer to choose from.
type ManualChoice struct {
	Value string
	Title Text
}

// ManualFacts are the facts of a manual step.
type ManualFacts struct {
	Answer string `json:"answer" expr:"answer"` // the text, the choice or the name of the file
	ByHand bool   `json:"by_hand" expr:"by_hand"`
}

// A Condition of a gate holds or keeps the run where it is. The reading steps it names are read again before it is decided.
type Condition struct {
	Title     Text
	That      *expression.Program
	When      *expression.Program // nil: always. Where it is false there is nothing to ask, and the condition keeps nobody
	Otherwise Text                // what is told then
}

// Steps are the ids of the steps whose facts the condition goes by.
func (c Condition) Steps() []string {
	if c.When == nil {
		return c.That.Steps()
	}
	return append(c.When.Steps(), c.That.Steps()...)
}

// Confirm says how often a step asks.
type Confirm string

// ConfirmOnce asks once for all changes of a step; ConfirmEach asks for each.
const (
	ConfirmOnce Confirm = "once"
	ConfirmEach Confirm = "each"
)

// OnError says what follows an error of a step.
type OnError string

// The ways to go on after an error; OnErrorStop is the default.
const (
	OnErrorStop     OnError = "stop"
	OnErrorContinue OnError = "continue"
	OnErrorAsk      OnError = "ask"
)

// Step returns the step id of the runbook.
func (b *Runbook) Step(id string) (Step, bool) {
	for _, s := range b.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}

// StepOf returns the step of a change id, which is step.number.
func StepOf(change string) string {
	step, _, _ := strings.Cut(change, ".")
	return step
}

// Has says whether value is one of the choices.
func (m Manual) Has(value string) bool {
	return slices.ContainsFunc(m.Choices, func(c ManualChoice) bool { return c.Value == value })
}

// Answer returns what the step was answered with, and whether that is enough for it to count as done.
func (m Manual) Answer(d Decision) (answer string, enough bool) {
	switch m.Ask {
	case AskNothing:
		return d.Note, true
	case AskText:
		answer = d.Note
	case AskFile:
		if d.File != "" {
			answer = filepath.Base(d.File)
		}
	case AskChoice:
		if answer = d.Choice; answer != "" && !m.Has(answer) {
			return "", false
		}
	}
	return answer, answer != "" || !m.Required
}
