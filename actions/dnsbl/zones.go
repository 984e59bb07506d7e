package dnsbl

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"hikeshi/actions/dnsbl/dead"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

// ZonesFacts are the facts of dnsbl.zones.
type ZonesFacts struct {
	Living int      `json:"living" expr:"living"` // lists of the table that are asked
	Dead   []string `json:"dead" expr:"dead"`     // dead zones that stand in the files, as FILE:LINE ZONE
	World  int      `json:"world" expr:"world"`   // of those, the ones that have listed everybody
	Looked int      `json:"looked" expr:"looked"` // files that were read; of none nothing is known
	Unread []string `json:"unread" expr:"unread"` // files that could not be read
}

type zones struct{ env Env }

// Plan reads the table and the files.
func (z zones) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Files []string `json:"files"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	t, err := z.env.Table()
	if err != nil {
		return runbook.Outcome{}, err
	}
	found, facts, err := z.env.Dead(t, p.Files)
	if err != nil {
		return runbook.Outcome{}, err
	}
	return runbook.Outcome{Findings: found, Facts: facts}, nil
}

// Dead looks for dead lists in files; none: those of the server. The error wraps runbook.ErrInput where a name that was given leads to no
// regular file.
func (e Env) Dead(t table.Table, files []string) ([]runbook.Finding, ZonesFacts, error) {
	facts := ZonesFacts{Dead: []string{}, Unread: []string{}}
	for _, l := range t.Lists {
		if l.Standing() == "asked" {
			facts.Living++
		}
	}
	found := []runbook.Finding{{Level: runbook.Info, Text: runbook.Tf("the table knows %d lists that can be asked and %d dead ones (as of %s)", "照会できるリスト %d 件、停止済みリスト %d 件(%s 現在)", facts.Living, len(t.Dead), t.AsOf)}}
	named := len(files) > 0
	if !named {
		files = e.Files
	}
	for _, file := range files {
		hits, err := dead.In(t.Dead, file)
		if named && errors.Is(err, dead.ErrIrregular) {
			return nil, facts, fmt.Errorf("%w: looking for dead blocklists in %s: %w", runbook.ErrInput, survey.Clean([]string{file}), err)
		}
		found = append(found, facts.tell(file, hits, err, named)...)
	}
	if facts.Looked == 0 {
		found = append(found, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("no configuration file was looked at (%s): whether a dead list stands in one is not known",
			"設定ファイルを 1 つも確認していない (%s)。停止済みのリストが残っているかどうかは不明", survey.Clean([]string{strings.Join(files, ", ")}))})
	}
	return found, facts, nil
}

// tell notes what one file holds. A file that was not named and is not there has nothing to be told of.
func (f *ZonesFacts) tell(file string, hits []dead.Hit, err error, named bool) []runbook.Finding {
	switch {
	case errors.Is(err, fs.ErrNotExist) && !named:
		return nil
	case err != nil:
		f.Unread = append(f.Unread, file)
		why := survey.Clean([]string{err.Error()})
		return []runbook.Finding{{Level: runbook.Warn, Text: runbook.Tf("not looked at: %s: %s", "確認できない: %s: %s", file, why)}}
	}
	f.Looked++
	if len(hits) == 0 {
		return []runbook.Finding{{Level: runbook.OK, Text: runbook.Tf("no dead blocklist in %s", "%s に停止済みのブロックリストはない", file)}}
	}
	var all []runbook.Finding
	for _, h := range hits {
		f.Dead = append(f.Dead, fmt.Sprintf("%s:%d %s", h.File, h.Line, h.Zone))
		if h.List.Sign == "world" {
			f.World++
		}
		all = append(all, h.Finding())
	}
	return all
}
