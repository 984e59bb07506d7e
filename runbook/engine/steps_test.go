package engine_test

import (
	"reflect"
	"testing"

	"hikeshi/runbook"
	"hikeshi/runbook/expression"
)

// env compiles the expressions of a step that comes after earlier.
func env(w *world, item reflect.Type, earlier []runbook.Step) *expression.Env {
	names := expression.Names{Inputs: map[string]expression.Type{"limit": expression.Int}, Facts: map[string]any{}, Item: item}
	for _, s := range earlier {
		var facts any
		switch {
		case s.Manual != nil:
			facts = runbook.ManualFacts{}
		case s.Uses != "":
			facts = w.kinds()[s.Uses].Facts
		}
		if facts != nil && s.ForEach != nil {
			facts = reflect.MakeSlice(reflect.SliceOf(reflect.TypeOf(facts)), 0, 0).Interface()
		}
		if facts != nil {
			names.Facts[s.ID] = facts
		}
	}
	return expression.NewEnv(names)
}

func condition(t testing.TB, src string, earlier ...runbook.Step) *expression.Program {
	t.Helper()
	p, err := env(newWorld(nil), nil, earlier).Compile(src, expression.Want{Type: expression.Bool})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func list(t testing.TB, src string, earlier ...runbook.Step) *expression.Program {
	t.Helper()
	p, err := env(newWorld(nil), nil, earlier).Compile(src, expression.Want{Type: expression.List})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return p
}

func value(t testing.TB, src string, earlier ...runbook.Step) runbook.Value {
	t.Helper()
	p, err := env(newWorld(nil), reflect.TypeFor[string](), earlier).CompileValue(src, expression.Want{Type: expression.String})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return runbook.Value{Expr: p}
}

func lookStep(id string) runbook.Step { return runbook.Step{ID: id, Uses: "cells.look"} }

func setStep(id, to string, cells ...string) runbook.Step {
	return runbook.Step{ID: id, Uses: "cells.set", With: map[string]runbook.Value{"cells": {Literal: cells}, "to": {Literal: to}}}
}

func manualStep(id string, ask runbook.Ask) runbook.Step {
	return runbook.Step{ID: id, Manual: &runbook.Manual{Text: runbook.T("look", ""), Ask: ask}}
}

func gateStep(t testing.TB, id, that string, earlier ...runbook.Step) runbook.Step {
	return runbook.Step{ID: id, Gate: []runbook.Condition{{Title: runbook.T(that, ""), That: condition(t, that, earlier...)}}}
}
