package runbook

import (
	"encoding/json"
	"io"
	"slices"
	"time"
)

// A Record is one line of the journal.
type Record struct {
	Seq   int       `json:"seq"`
	Time  time.Time `json:"time"` // UTC
	Event Event     `json:"event"`
	Actor Actor     `json:"actor"`
	Step  string    `json:"step,omitempty"`

	Opening  *Opening        `json:"opening,omitempty"`  // opened
	Plan     *StepPlan       `json:"plan,omitempty"`     // planned
	Decision *Decision       `json:"decision,omitempty"` // decided
	Change   string          `json:"change,omitempty"`   // intent, result, undo-intent, undo-result: id of the change
	State    State           `json:"state,omitempty"`    // result, undo-result
	Result   Result          `json:"result,omitempty"`   // ended
	Facts    json.RawMessage `json:"facts,omitempty"`    // ended
	Evidence *EvidenceRef    `json:"evidence,omitempty"` // evidence, draft
	Kind     string          `json:"kind,omitempty"`     // look: the kind that looked; its findings are in Plan, its facts in Facts
	Letter   *Letter         `json:"letter,omitempty"`   // draft; held, sent: its ID
	At       *time.Time      `json:"at,omitempty"`       // sent: when, as the person says
	Text     string          `json:"text,omitempty"`     // note; why something was skipped
	Error    string          `json:"error,omitempty"`

	Prev string `json:"prev"` // SHA-256 of the line before, hex; of nothing for record 0
}

// Event says what a record tells.
type Event string

// The events.
const (
	Opened     Event = "opened"      // record 0
	Began      Event = "began"       // a process began to run, resume or undo; Text says which
	Planned    Event = "planned"     // a step was planned
	Decided    Event = "decided"     // the responder answered
	Intent     Event = "intent"      // a change is about to be made
	Applied    Event = "result"      // a change was made, or not: State, Error
	Ended      Event = "ended"       // a step ended
	UndoIntent Event = "undo-intent" // a change is about to be undone
	Undone     Event = "undo-result" // a change was undone, or not
	Evidenced  Event = "evidence"    // a file was kept
	Noted      Event = "note"        // a person wrote something down
	Looked     Event = "look"        // a kind looked outside of the steps
	Drafted    Event = "draft"       // a letter was written down
	Held       Event = "held"        // a letter that was written is not to be sent as it stands
	Sent       Event = "sent"        // a person says that a letter was sent
	Torn       Event = "torn"        // a torn last line was cut and kept aside
	Closed     Event = "closed"      // the run, resume or undo came to its end; Text is the state of the incident
)

// Opening is what record 0 says.
type Opening struct {
	Incident string            `json:"incident"`
	Format   int               `json:"format"`  // of the journal
	Version  string            `json:"version"` // of the binary
	Runbook  string            `json:"runbook"`
	Title    Text              `json:"title"`
	Server   string            `json:"server"`
	Host     string            `json:"host"`
	Root     string            `json:"root"`
	Base     string            `json:"base,omitempty"` // the spool root, resolved: where the lock is
	Manager  string            `json:"manager"`        // systemd, command, none
	Inputs   map[string]string `json:"inputs,omitempty"`
	With     json.RawMessage   `json:"with,omitempty"` // the inputs as values, for resume
	Reason   string            `json:"reason,omitempty"`
	BookHash string            `json:"book_sha256,omitempty"`
	Steps    []StepHead        `json:"steps"` // the checklist, in order
	Skip     []string          `json:"skip,omitempty"`
	From     string            `json:"from,omitempty"`
}

// StepHead is what the checklist says of a step before it is reached.
type StepHead struct {
	ID     string `json:"id"`
	Phase  Phase  `json:"phase,omitempty"`
	Title  Text   `json:"title"`
	Uses   string `json:"uses,omitempty"`
	Manual bool   `json:"manual,omitempty"`
	Gate   bool   `json:"gate,omitempty"`

	Headline bool `json:"headline,omitempty"` // what it finds stands in the summary of the report
}

// Actor is who did something.
type Actor struct {
	User string `json:"user"`
	Sudo string `json:"sudo,omitempty"` // SUDO_USER
	Host string `json:"host"`
	PID  int    `json:"pid"`
	TTY  string `json:"tty,omitempty"`
}

// Decision is what the responder answered.
type Decision struct {
	Answer  Answer   `json:"answer"`
	Via     string   `json:"via"`               // prompt, --yes, reading (nothing to ask)
	Note    string   `json:"note,omitempty"`    // why skipped, what was done by hand, text evidence
	Choice  string   `json:"choice,omitempty"`  // of a manual step
	File    string   `json:"file,omitempty"`    // evidence of a manual step: path of a file to attach
	Changes []string `json:"changes,omitempty"` // ids of the approved changes; all when empty
}

// Answer is one of the answers at a prompt.
type Answer string

// The answers. Open leaves a manual step open and goes on, as an unattended run does.
const (
	Do     Answer = "do"
	Skip   Answer = "skip"
	ByHand Answer = "by-hand"
	Quit   Answer = "quit"
	Open   Answer = "open"
)

// Result is how a step ended.
type Result string

// The results of a step.
const (
	ResultDone    Result = "done"
	ResultByHand  Result = "by-hand"
	ResultOpen    Result = "open"
	ResultSkipped Result = "skipped"
	ResultFailed  Result = "failed"
	ResultUndone  Result = "undone"
	ResultPending Result = "pending"
)

// EvidenceRef is a file kept in the incident.
type EvidenceRef struct {
	Name   string `json:"name"`   // path below the incident's folder
	Size   int64  `json:"size"`   // bytes kept
	SHA256 string `json:"sha256"` // of the bytes kept, hex
	Cut    bool   `json:"cut,omitempty"`
	Backup bool   `json:"backup,omitempty"`
}

// Journal is the incident on disk, as the engine needs it. Package journal has one.
type Journal interface {
	// Append gives r its number, time and hash, and returns once it is on disk. An error wrapping ErrUnrecorded means that
	// it could not be kept there and was kept elsewhere. A record is on disk only when all before it are: the engine relies on it,
	// since an intent without the plan of its change could not be undone.
	Append(r Record) error
	// Records returns everything recorded so far, in order.
	Records() ([]Record, error)
	// Keep copies r into the incident and records it, as evidence (bounded) or as a backup (whole, or an error).
	Keep(step, name string, r io.Reader, backup bool) error
}

// Approves says whether the change id is among the approved ones.
func (d Decision) Approves(id string) bool {
	return len(d.Changes) == 0 || slices.Contains(d.Changes, id)
}
