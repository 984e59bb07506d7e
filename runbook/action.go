package runbook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// An Action looks and never touches.
type Action interface {
	// Plan reads the world and says what it found and what it would change. It returns an error wrapping ErrUndetermined
	// where the world cannot be read, and errors.ErrUnsupported where the server has no such ability.
	Plan(ctx context.Context, in Input) (Outcome, error)
}

// A Changer is an Action that can also make what it plans.
type Changer interface {
	Action
	// Apply makes c. It can be restarted with the same c after a crash at any moment; it returns an error wrapping ErrDrift
	// if the world is not as c.Data says.
	Apply(ctx context.Context, c Change, rec Recorder) error
	// Verify says how far c has been made. An error means that it cannot be told.
	Verify(ctx context.Context, c Change, rec Recorder) (State, error)
	// Undo makes the inverse edit on what stands now. It succeeds if c never took effect and can be repeated; it returns an error
	// wrapping ErrDrift if the place is no longer as c left it.
	Undo(ctx context.Context, c Change, rec Recorder) error
}

// A Recorder keeps what a step wants kept.
type Recorder interface {
	// Evidence keeps a bounded copy of r under name in the incident. The same name twice keeps both.
	Evidence(name string, r io.Reader) error
	// Backup keeps a whole copy of r, readable by its owner only, and fails rather than keep a part. A name that is
	// there already stays as it is, so that an Apply that is restarted does not replace the true original.
	Backup(name string, r io.Reader) error
	// Progress tells the responder how far a long operation is; total 0 means unknown.
	Progress(done, total int64)
}

// A Sayer is a Recorder that can also write down, and show, what is neither evidence nor an error.
type Sayer interface{ Say(text Text) }

// Say tells the responder and the record something that a change could not do, such as mail that is delivered already.
func Say(rec Recorder, text Text) {
	if s, ok := rec.(Sayer); ok {
		s.Say(text)
	}
}

// A Keeper is a Recorder, or a Journal, that can give back what Backup has kept.
type Keeper interface {
	// Kept returns the whole copy that was kept first under name in this incident, by any step. The error wraps fs.ErrNotExist if
	// there is none.
	Kept(name string) ([]byte, error)
}

// Kept returns what rec's Backup has kept under name in this incident. Where nothing is run, nothing was kept.
func Kept(rec Recorder, name string) ([]byte, error) {
	if k, ok := rec.(Keeper); ok {
		return k.Kept(name)
	}
	return nil, fmt.Errorf("reading the kept copy %s: %w", name, fs.ErrNotExist)
}

// Sentinel errors that the engine branches on.
var (
	// ErrDrift: the world is not as the change says; somebody else was here.
	ErrDrift = errors.New("changed meanwhile by somebody else")
	// ErrUndetermined: something could not be found out.
	ErrUndetermined = errors.New("cannot be determined")
	// ErrInput: what was asked for is refused, whatever the world is like; nothing was touched.
	ErrInput = errors.New("refused")
	// ErrUnrecorded: the journal could not be written; the record was kept in memory and sent to the system log.
	ErrUnrecorded = errors.New("could not be recorded on disk")
	// ErrNewer: a change was written by a newer version, which this one does not understand.
	ErrNewer = errors.New("written by a newer version")
)

// Input is what a plan is made from.
type Input struct {
	Incident string          // id of the incident, or the one it would get
	Step     string          // id of the step
	With     json.RawMessage // the parameters as one JSON object, checked against Kind.Params
	Planned  []Change        // changes of earlier steps that are planned and not made; never nil in a plan, always in a run
	Rec      Recorder        // never nil; keeps nothing when nothing is run
}

// Decode reads the parameters into v, a pointer to a struct with json tags.
func (in Input) Decode(v any) error {
	if len(in.With) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(in.With))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("reading parameters of step %s: %w", in.Step, err)
	}
	return nil
}

// Outcome is what a plan found.
type Outcome struct {
	Findings []Finding // facts for the reader
	Changes  []Change  // what would be done, in this order; their IDs are given by the engine
	Facts    any       // what later steps may use; of the type of Kind.Facts, or nil
	Left     Text      // why the step is left out here altogether, such as: no service manager; empty if it is not
	ByHand   Text      // what of it is left to a person, such as: the web console; the step then ends open, whatever changes it makes
}

// Level says how much a finding matters.
type Level string

// The levels, from good to bad.
const (
	OK   Level = "ok"
	Info Level = "info"
	Warn Level = "warn"
	Bad  Level = "bad"
)

// A Finding is one fact for the reader.
type Finding struct {
	Level    Level  `json:"level"`
	Text     Text   `json:"text"`
	Evidence string `json:"evidence,omitempty"` // where it can be seen: a path, file:line, a command
}

// A Change is plain data that survives a process, a reboot and an upgrade.
type Change struct {
	ID       string          `json:"id"`     // unique in the incident: step.number
	Kind     string          `json:"kind"`   // the kind that made it and can undo it
	Op       string          `json:"op"`     // one word, e.g. stop, rename, deny
	Target   string          `json:"target"` // what is changed, for people: a path, a unit
	V        int             `json:"v"`      // version of Data
	Before   string          `json:"before,omitempty"`
	After    string          `json:"after,omitempty"` // Before, After: for people only; bounded, no secret; never compared
	BeforeJA string          `json:"before_ja,omitempty"`
	AfterJA  string          `json:"after_ja,omitempty"` // the same in Japanese; "" where the words are the same
	Data     json.RawMessage `json:"data,omitempty"`     // what Apply, Verify and Undo need; never a secret
	Risk     Risk            `json:"risk"`
	UndoRisk Risk            `json:"undo_risk"`
}

// NewChange returns a change of kind with data as its Data, version 1 and no risk but being reversible.
func NewChange(kind, op, target string, data any) (Change, error) {
	b, err := json.Marshal(data)
	if err != nil {
		return Change{}, fmt.Errorf("encoding a change of %s: %w", kind, err)
	}
	return Change{Kind: kind, Op: op, Target: target, V: 1, Data: b, Risk: Reversible, UndoRisk: Reversible}, nil
}

// Describe says for people what stands there before the change and after it.
func (c *Change) Describe(before, after Text) {
	c.Before, c.BeforeJA, c.After, c.AfterJA = before.EN, before.JA, after.EN, after.JA
}

// Words returns Before and After in lang.
func (c Change) Words(lang string) (before, after string) {
	return T(c.Before, c.BeforeJA).In(lang), T(c.After, c.AfterJA).In(lang)
}

// Decode reads Data into v, a pointer. maxV is the newest version of Data that the caller understands; a newer one is an error wrapping
// ErrNewer.
func (c Change) Decode(maxV int, v any) error {
	if c.V > maxV {
		return fmt.Errorf("reading change %s of %s: %w: it has format %d, this version understands %d", c.ID, c.Kind, ErrNewer, c.V, maxV)
	}
	if err := json.Unmarshal(c.Data, v); err != nil {
		return fmt.Errorf("reading change %s of %s: %w", c.ID, c.Kind, err)
	}
	return nil
}

// Risk is what a change may cost; a risk other than Reversible has to be accepted by its name.
type Risk string

// The risks.
const (
	Reversible   Risk = "reversible"
	Disruptive   Risk = "disruptive"   // mail stops or is refused for a while
	Irreversible Risk = "irreversible" // cannot be undone
	Reopening    Risk = "reopening"    // undoing it opens a door that was shut
)

// State says how far a change has been made.
type State string

// The states.
const (
	None    State = "none"
	Partial State = "partial"
	Done    State = "done"
	Drifted State = "drifted"
)

// A Kind is one entry of the catalogue: something a step can use.
type Kind struct {
	Name       string   // noun.verb
	Short      Text     // one sentence
	Params     []Param  // what `with:` may hold
	Facts      any      // prototype of Outcome.Facts, nil if it has none; json and expr tags are equal
	MaxRisk    Risk     // the highest risk its changes can have; "" for an Action that changes nothing
	Reads      []string // what its plan looks at: services, queue, relay, …
	Touches    []string // what its changes alter, in the same words
	Watched    bool     // its facts tell of a span of time that was watched, or took one to find out: a gate takes them as they are and does not look again
	Unrecorded bool     // may be applied though the journal cannot be written: only what stops the damage
	Action     Action
}

// Changer returns the kind's action as a Changer, or false if it only looks.
func (k Kind) Changer() (Changer, bool) {
	c, ok := k.Action.(Changer)
	return c, ok
}

// RiskOf returns the highest risk that changes of a step with these parameters can have: MaxRisk, or Reversible if that belongs to
// parameters that are not given.
func (k Kind) RiskOf(with map[string]Value) Risk {
	bound := false
	for _, p := range k.Params {
		if p.Risk != "" && p.Risk == k.MaxRisk {
			if _, given := with[p.Name]; given {
				return k.MaxRisk
			}
			bound = true
		}
	}
	if bound {
		return Reversible
	}
	return k.MaxRisk
}

// A Param is one parameter of a kind.
type Param struct {
	Name     string
	Type     Type
	Required bool
	Choices  []string // for Choice
	Short    string
	Risk     Risk // the MaxRisk of the kind, if only a step that gives this parameter can have it; else ""
}

// Type is the type of a parameter or an input.
type Type string

// The types. A Duration is written as Go writes it (90s, 5m, 2h); Strings is a list of strings.
const (
	String   Type = "string"
	Strings  Type = "strings"
	Bool     Type = "bool"
	Int      Type = "int"
	Duration Type = "duration"
	Choice   Type = "choice"
)
