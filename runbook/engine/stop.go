package engine

import (
	"context"
	"strings"
)

// Reason says why a run stopped before its end.
type Reason string

// The reasons.
const (
	StopQuit        Reason = "quit"
	StopGate        Reason = "gate"
	StopError       Reason = "error"
	StopInterrupted Reason = "interrupted"
	StopRisk        Reason = "risk" // a confirmation or a named risk was needed and not given
)

// A Stop is the error of a run, resume or undo that did not reach its end. Resume goes on from there.
type Stop struct {
	Reason  Reason
	Step    string // "" if it was not at a step
	Changed bool   // a run, resume: something is in force; an undo: something was taken back
	Err     error
}

// Error says where and why.
func (s *Stop) Error() string {
	at := "stopped: "
	if s.Step != "" {
		at = "stopped at step " + s.Step + ": "
	}
	if s.Err == nil {
		return at + string(s.Reason)
	}
	return at + said(s.Err)
}

// said is an error in words for people: Go calls an interrupted step a canceled context.
func said(err error) string {
	return strings.ReplaceAll(err.Error(), context.Canceled.Error(), string(StopInterrupted))
}

// Unwrap returns the cause.
func (s *Stop) Unwrap() error { return s.Err }
