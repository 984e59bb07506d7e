// Package visit is what the steps that test a mail server have in common, whatever they ask it: they wait for the steps before, find out whom to
// ask, keep everything that was said as evidence, and tell a refusal from what could not be determined.
//
// In order: Time reads a parameter; Visit.Outcome does the rest.
package visit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
	"hikeshi/runbook/strictyaml"
)

// Time reads a parameter into to, which stays as it is for "". The error wraps runbook.ErrInput.
func Time(name, text string, to *time.Duration) error {
	if text == "" {
		return nil
	}
	n, err := time.ParseDuration(text)
	if err != nil || n <= 0 {
		return fmt.Errorf("%w: %s %q is no duration above 0", runbook.ErrInput, name, text)
	}
	*to = n
	return nil
}

// A Report is what a server has shown.
type Report interface {
	Findings() []runbook.Finding
	Transcript() string // everything that was said
}

// A Visit is one step.
type Visit struct {
	Book     target.Book
	Targets  []string // those that were named
	Evidence string   // its name
	Nothing  any      // the facts where nothing was asked

	// Ask asks, and returns what was seen with its facts. A report with an error is of a test that was cut short.
	Ask func(ctx context.Context, targets []string) (Report, any, error)
}

// Outcome asks, but not before the steps that are planned before it: what they change is what is looked at. told are findings of the caller.
func (v Visit) Outcome(ctx context.Context, in runbook.Input, told ...runbook.Finding) (runbook.Outcome, error) {
	if len(in.Planned) > 0 {
		later := runbook.T("the server is asked when the steps before are done", "サーバへの試験は、ここまでの手順の実行後に行う")
		return runbook.Outcome{Findings: []runbook.Finding{{Level: runbook.Info, Text: later}}, Facts: v.Nothing}, nil
	}
	targets, why := v.Book.Named(v.Targets)
	if len(targets) == 0 {
		nothing := runbook.Finding{Level: runbook.Warn, Text: runbook.T("nothing was asked: "+why.EN, "試験していない: "+why.In("ja"))}
		return runbook.Outcome{Findings: append(told, nothing), Facts: v.Nothing}, nil
	}
	r, facts, err := v.Ask(ctx, targets)
	if err != nil {
		if r != nil {
			err = errors.Join(err, in.Rec.Evidence(v.Evidence, strings.NewReader(r.Transcript())))
		}
		return runbook.Outcome{}, failure(ctx, err)
	}
	found := append(r.Findings(), told...)
	if err := in.Rec.Evidence(v.Evidence, strings.NewReader(r.Transcript())); err != nil {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the transcript could not be kept: %s", "記録を保全できない: %s", err)})
	}
	return runbook.Outcome{Findings: InRunbook(in, found), Facts: facts}, nil
}

// InRunbook puts what findings call by the flags of a verb into the words of a runbook: a parameter of the step is an input of that name there;
// what the step has no parameter for is a setting, or has to be asked with the verb.
func InRunbook(in runbook.Input, found []runbook.Finding) []runbook.Finding {
	var with map[string]json.RawMessage
	if in.Decode(&with) != nil {
		return found
	}
	var pairs []string
	for _, name := range []string{"account", "domain"} {
		word := "smtp." + name
		if _, given := with[name]; given {
			word = "--set " + name + "="
		}
		pairs = append(pairs, "--"+name, word)
	}
	for _, flag := range []string{"--retry-deferred", "--backup-domain", "--failing-login", "--pop", "--deliver"} {
		pairs = append(pairs, flag, "hikeshi smtp relaytest "+flag)
	}
	words := strings.NewReplacer(pairs...)
	for i, f := range found {
		found[i].Text = runbook.T(words.Replace(f.Text.EN), words.Replace(f.Text.JA))
	}
	return found
}

// failure is an error as it is where the request is wrong or was given up; whatever else went wrong leaves the step undetermined.
func failure(ctx context.Context, err error) error {
	if errors.Is(err, runbook.ErrInput) || errors.As(err, new(*strictyaml.Mistakes)) || errors.Is(err, runbook.ErrUndetermined) || ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
}

// Part is the progress of the ith of n listeners within that of all.
func Part(tell func(done, total int64), i, n int) func(done, total int64) {
	if tell == nil {
		return nil
	}
	return func(done, total int64) { tell(int64(i)*total+done, int64(n)*total) }
}
