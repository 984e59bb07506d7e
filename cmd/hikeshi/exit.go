package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook/engine"
	"hikeshi/runbook/journal/lock"
)

// The exit codes, a contract (see `hikeshi help exit-codes`).
const (
	exitOK           = 0   // done; nothing needs attention; nothing to do
	exitError        = 1   // nothing or not everything was done
	exitUsage        = 2   // wrong usage, configuration, runbook or input; nothing was touched
	exitFound        = 3   // a check found something, a plan holds changes, a rehearsal was judged bad
	exitUnconfirmed  = 4   // a confirmation or a named risk was needed and not given
	exitLocked       = 5   // another responder holds the lock
	exitStopped      = 6   // stopped at a step or gate; resume or undo goes on
	exitUndetermined = 7   // something could not be determined
	exitInterrupted  = 130 // Ctrl-C
)

// failure is an error with the exit code it means and a hint for the reader. quiet says that all is said already.
type failure struct {
	code  int
	err   error
	hint  string
	quiet bool
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func usagef(hint, format string, args ...any) error {
	return &failure{code: exitUsage, err: fmt.Errorf(format, args...), hint: hint}
}

// notNegative refuses a --watch below zero.
func notNegative(watch time.Duration) error {
	if watch < 0 {
		return usagef("how long is 0 or more: 0 looks once", "--watch %s: the time cannot be negative", watch)
	}
	return nil
}

func failf(code int, hint, format string, args ...any) error {
	return &failure{code: code, err: fmt.Errorf(format, args...), hint: hint}
}

// silent ends with a code and no word more: the output has said it.
func silent(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code, err: fmt.Errorf("exit %d", code), quiet: true}
}

// codeOf returns the exit code of err.
func codeOf(err error) int {
	var f *failure
	var stop *engine.Stop
	var held *lock.HeldError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &f):
		return f.code
	case errors.As(err, &held):
		return exitLocked
	case errors.As(err, &stop):
		return codeOfStop(stop)
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitError
}

func codeOfStop(stop *engine.Stop) int {
	switch stop.Reason {
	case engine.StopInterrupted:
		return exitInterrupted
	case engine.StopRisk, engine.StopQuit:
		if !stop.Changed {
			return exitUnconfirmed
		}
	}
	return exitStopped
}

// hintOf returns what to do about err, or "".
func hintOf(err error) string {
	var f *failure
	if errors.As(err, &f) {
		return f.hint
	}
	var held *lock.HeldError
	if errors.As(err, &held) {
		return "wait until that responder has ended, or work with them: `hikeshi incidents` shows the incident; `hikeshi resume " + incidentOf(held) + " --take-over` takes over"
	}
	return ""
}

// incidentOf is the incident at which the holder of the lock works.
func incidentOf(held *lock.HeldError) string {
	if held.Holder == nil || held.Holder.Incident == "" {
		return "INCIDENT"
	}
	return held.Holder.Incident
}
