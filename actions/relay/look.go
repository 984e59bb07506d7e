package relay

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"hikeshi/actions/relay/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// LintFacts are the facts of relay.lint.
type LintFacts struct {
	Bad     int   `json:"bad" expr:"bad"`
	Warn    int   `json:"warn" expr:"warn"`
	Opening int   `json:"opening" expr:"opening"` // lines that open the server
	Lines   []int `json:"lines" expr:"lines"`     // of the bad ones
}

// DeniedFacts are the facts of relay.denied.
type DeniedFacts struct {
	Denied bool     `json:"denied" expr:"denied"` // every target is refused, whatever sender it names
	Open   []string `json:"open" expr:"open"`     // the others
}

// maxFindings bounds how many remarks one step shows.
const maxFindings = 40

type lint struct{ env Env }

// Plan looks for mistakes in the deny file.
func (l lint) Plan(_ context.Context, _ runbook.Input) (runbook.Outcome, error) {
	f, remarks, err := l.env.Lint()
	if err != nil {
		return runbook.Outcome{}, err
	}
	opening, err := l.env.opening()
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := LintFacts{Lines: []int{}, Opening: opening}
	var out runbook.Outcome
	for _, r := range remarks {
		switch r.Level {
		case "bad":
			facts.Bad++
			facts.Lines = append(facts.Lines, r.Line)
		case "warn":
			facts.Warn++
		}
		if len(out.Findings) < maxFindings {
			out.Findings = append(out.Findings, finding(f, r))
		}
	}
	if n := len(remarks) - len(out.Findings); n > 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(runbook.Count(int64(n), "more remark")+": see `hikeshi relay lint`", fmt.Sprintf("ほかに %d 件: `hikeshi relay lint` で一覧", n))})
	}
	if len(remarks) == 0 {
		out.Findings = append(out.Findings, runbook.Finding{Level: runbook.OK, Text: runbook.T("nothing wrong in the deny file", "拒否ファイルに誤りはない"), Evidence: f})
	}
	out.Facts = facts
	return out, nil
}

// Lint returns the path of the deny file and what is wrong in it, for the verb that lists everything.
func (e Env) Lint() (string, []spool.LintFinding, error) {
	f, err := e.read()
	if err != nil {
		return "", nil, err
	}
	l, ok := e.Server.(spool.Linter)
	if !ok {
		return f.Path, nil, fmt.Errorf("checking the deny file: %w by this server", errors.ErrUnsupported)
	}
	return f.Path, l.Lint(f.Data, e.Own), nil
}

// opening is how many lines open the server; 0 where the server cannot tell.
func (e Env) opening() (int, error) {
	m, ok := e.Server.(spool.Mender)
	if !ok {
		return 0, nil
	}
	f, err := e.read()
	return len(m.Opening(f.Data, e.Own)), err
}

func finding(path string, r spool.LintFinding) runbook.Finding {
	where := path
	if r.Line > 0 {
		where = fmt.Sprintf("%s:%d", path, r.Line)
	}
	level := map[string]runbook.Level{"bad": runbook.Bad, "warn": runbook.Warn}[r.Level]
	if level == "" {
		level = runbook.Info
	}
	return runbook.Finding{Level: level, Text: runbook.T(r.Text, r.TextJA), Evidence: where}
}

type denied struct{ env Env }

// Plan asks for each target whether the file refuses it, whatever sender it names.
func (d denied) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Targets []string `json:"targets"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	parts, err := edit.Parts(d.env.Server, p.Targets)
	if err != nil {
		return runbook.Outcome{}, err
	}
	facts := DeniedFacts{Denied: true, Open: []string{}}
	for _, part := range parts {
		if len(p.Targets) == 0 {
			break
		}
		ed, err := part.Denier.Deny(part.Data, part.Targets)
		if err != nil {
			return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
		}
		facts.Open = append(facts.Open, fresh(part.Targets, ed.Already)...)
	}
	vain, err := d.vain(parts)
	if err != nil {
		return runbook.Outcome{}, err
	}
	if len(p.Targets) == 0 {
		vain = nil
	}
	if len(vain) > 0 {
		facts.Open = append([]string{}, p.Targets...)
	}
	facts.Denied = len(facts.Open) == 0
	return runbook.Outcome{Facts: facts, Findings: append([]runbook.Finding{deniedFinding(pathsOf(parts), p.Targets, facts)}, vain...)}, nil
}

// vain says why lines of the deny files do not count: settings do not name them, or running services have not read them.
func (d denied) vain(parts []edit.Part) ([]runbook.Finding, error) {
	unnamed, err := d.env.hooker().Missing()
	if err != nil {
		return nil, err
	}
	var all []runbook.Finding
	for _, path := range unnamed {
		all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T("the deny files do not count: these settings do not name them", "この設定が拒否ファイルを参照していないため、拒否は効いていない"), Evidence: path})
	}
	for _, path := range d.env.hooker().Files(parts) {
		state, err := d.env.services().State(path, runbook.Done)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
		}
		if state != runbook.Done {
			all = append(all, runbook.Finding{Level: runbook.Bad, Text: runbook.T("the running services have not read this file since it was changed", "動いているサービスは、変更後のこのファイルをまだ読んでいない"), Evidence: path})
		}
	}
	return all, nil
}

func deniedFinding(path string, targets []string, facts DeniedFacts) runbook.Finding {
	switch {
	case len(targets) == 0:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.T("no source was named, so none is denied", "送信元の指定がないため、拒否はしていない"), Evidence: path}
	case facts.Denied:
		return runbook.Finding{Level: runbook.OK, Text: runbook.Tf("every source is denied (%d)", "指定した送信元 %d 件はすべて拒否される", len(targets)), Evidence: path}
	}
	return runbook.Finding{Level: runbook.Bad, Text: runbook.Tf("not denied: %s", "拒否されていない: %s", strings.Join(facts.Open, ", ")), Evidence: path}
}
