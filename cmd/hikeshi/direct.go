package main

import (
	"context"
	"encoding/json"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
)

// A direct verb is a runbook of one step: same plan, same confirmation, same journal, same undo.

// directBook is a runbook in its file form; JSON is YAML.
type directBook struct {
	Format int          `json:"format"`
	Name   string       `json:"name"`
	Title  runbook.Text `json:"title"`
	Steps  []directStep `json:"steps"`
}

type directStep struct {
	ID    string         `json:"id"`
	Phase runbook.Phase  `json:"phase"`
	Title runbook.Text   `json:"title"`
	Uses  string         `json:"uses"`
	With  map[string]any `json:"with,omitempty"`
}

// direct runs one kind as an incident of its own. Parameters that are empty are left to the kind.
func (a *app) direct(ctx context.Context, w *world, step directStep, flags changeFlags) error {
	b, err := directRunbook(w.kinds, step)
	if err != nil {
		return err
	}
	return a.perform(ctx, w, job{book: b, flags: flags})
}

func directRunbook(kinds map[string]runbook.Kind, step directStep) (*runbook.Runbook, error) {
	for name, v := range step.With {
		if empty(v) {
			delete(step.With, name)
		}
	}
	data, err := json.MarshalIndent(directBook{Format: runbook.Format, Name: step.name(), Title: step.Title, Steps: []directStep{step}}, "", "  ")
	if err != nil {
		return nil, err
	}
	b, err := book.Load(step.name(), append(data, '\n'), kinds)
	if err != nil {
		return nil, usagef("", "%w", err)
	}
	return b, nil
}

// name turns the kind into a runbook's name: queue.purge is queue-purge.
func (s directStep) name() string {
	b := []byte(s.Uses)
	for i, c := range b {
		if c == '.' {
			b[i] = '-'
		}
	}
	return string(b)
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []string:
		return len(v) == 0
	case int:
		return v == 0
	case bool:
		return !v
	}
	return false
}
