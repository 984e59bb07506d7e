package runbook

import "encoding/json"

// PlanState says what would become of a step.
type PlanState string

// The states of a planned step, as the JSON of `plan` names them.
const (
	Ready        PlanState = "ready"
	NothingToDo  PlanState = "nothing-to-do"
	Skipped      PlanState = "skipped"
	Undetermined PlanState = "undetermined"
	AfterChange  PlanState = "after-change" // planned against the world before an earlier step's change
)

// StepPlan is what planning one step gave.
type StepPlan struct {
	State    PlanState       `json:"state"`
	After    string          `json:"after,omitempty"`   // with AfterChange: id of the earlier step
	Why      string          `json:"why,omitempty"`     // why it is skipped or undetermined, or will end open
	WhyJA    string          `json:"why_ja,omitempty"`  // the same in Japanese, where there are words for it
	ByHand   bool            `json:"by_hand,omitempty"` // a part is left to a person, so the step ends open: see Why
	Offer    []string        `json:"offer,omitempty"`   // what a manual step offers to choose from
	Findings []Finding       `json:"findings,omitempty"`
	Changes  []Change        `json:"changes,omitempty"`
	Facts    json.RawMessage `json:"facts,omitempty"`
	Gate     []GateRow       `json:"gate,omitempty"`

	Err     error `json:"-"` // with Undetermined: why, for callers that branch on it
	NoFacts bool  `json:"-"` // undetermined only because an earlier step was left out
}

// A GateRow is one condition of a gate as it was found.
type GateRow struct {
	Title Text   `json:"title"`
	Holds bool   `json:"holds"`
	Off   bool   `json:"off,omitempty"`    // there was nothing to ask, so that it keeps nobody; Title says why
	Why   string `json:"why,omitempty"`    // why it cannot be told
	WhyJA string `json:"why_ja,omitempty"` // the same in Japanese, where there are words for it
}

// Reason returns Why in lang.
func (g GateRow) Reason(lang string) string { return T(g.Why, g.WhyJA).In(lang) }

// Reason returns Why in lang.
func (p StepPlan) Reason(lang string) string { return T(p.Why, p.WhyJA).In(lang) }

// Open says whether the gate's conditions all hold.
func (p StepPlan) Open() bool {
	for _, row := range p.Gate {
		if !row.Holds {
			return false
		}
	}
	return true
}
