// Package fix holds relay.fix: lines of the deny file that open the server get the default rule, or with a last line that demands a login of
// everybody else, the same demand.
//
// The edit is planned on the bytes that stand there now, with the decisions that change; it is applied by exchanging the file with a
// new one, and undone by putting the old lines back, whatever a colleague has changed around them. Which lines open the server, and how
// they are mended, is the knowledge of the server (spool.Mender).
package fix

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kind works with.
type Env struct {
	Server spool.Server
	Own    spool.Own
}

// Facts are the facts of relay.fix.
type Facts struct {
	Fixed       int `json:"fixed" expr:"fixed"`               // lines mended
	OpeningLeft int `json:"opening_left" expr:"opening_left"` // lines that open the server and are left
}

// server is what a server has to be able to do.
type server interface {
	spool.Denier
	spool.Mender
}

type data struct {
	edit.Edit
	Lines    []int           `json:"lines"` // mended
	CatchAll bool            `json:"catch_all,omitempty"`
	Back     json.RawMessage `json:"back"` // for spool.Mender.Unmend
}

// Demands says whether a change of this kind has made a last line by which everybody else has to log in to relay.
func Demands(c runbook.Change) bool {
	var d data
	return c.Kind == "relay.fix" && c.Decode(dataV, &d) == nil && d.CatchAll
}

const (
	dataV    = 1
	maxShown = 12 // decisions that are listed
)

// Kind is relay.fix.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{Name: "relay.fix", Short: runbook.T("mend lines of the deny file that open the server", "無条件に中継を許す行を直す"), Params: []runbook.Param{
		{Name: "lines", Type: runbook.Strings, Short: "numbers of lines, or all: every line that relay.lint calls open"},
		{Name: "add_catch_all", Type: runbook.Bool, Short: "add a last line by which everybody else has to log in to relay"}},
		Facts: Facts{}, MaxRisk: runbook.Reversible, Reads: []string{"relay"}, Touches: []string{"relay"}, Action: action{env}}
}

type action struct{ env Env }

func (a action) read() (server, edit.File, error) {
	s, ok := a.env.Server.(server)
	if !ok {
		return nil, edit.File{}, fmt.Errorf("mending the deny file: %w by this server", errors.ErrUnsupported)
	}
	f, err := edit.Read(s.DenyFile())
	return s, f, err
}

// mending reads the parameters.
func mending(in runbook.Input) (spool.Mending, error) {
	p := struct {
		Lines    []string `json:"lines"`
		CatchAll bool     `json:"add_catch_all"`
	}{}
	if err := in.Decode(&p); err != nil {
		return spool.Mending{}, err
	}
	m := spool.Mending{CatchAll: p.CatchAll}
	for _, l := range p.Lines {
		n, err := strconv.Atoi(l)
		switch {
		case l == "all":
			m.All = true
		case err != nil || n < 1:
			return m, fmt.Errorf("%w: parameter lines: %.40q is neither the number of a line nor all", runbook.ErrInput, l)
		default:
			m.Lines = append(m.Lines, n)
		}
	}
	if !m.All && !m.CatchAll && len(m.Lines) == 0 {
		return m, fmt.Errorf("%w: neither lines nor add_catch_all are named", runbook.ErrInput)
	}
	return m, nil
}

// Plan computes the new file, and whose decisions change.
func (a action) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	m, err := mending(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	s, f, err := a.read()
	if err != nil {
		return runbook.Outcome{}, err
	}
	e, err := s.Mend(f.Data, a.env.Own, m)
	if refusal := (*spool.Refusal)(nil); errors.As(err, &refusal) {
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrInput, err)
	}
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("planning to mend %s: %w", f.Path, err)
	}
	d := a.door(s, f, e, m)
	out := runbook.Outcome{Facts: Facts{Fixed: len(e.Fixed), OpeningLeft: len(e.Left)}, Findings: append(findings(f.Path, e, d), d.findings(f.Path)...)}
	if string(e.After) == string(f.Data) {
		return out, nil
	}
	c, err := runbook.NewChange("relay.fix", "fix", f.Path, data{Edit: edit.New(f, e.After), Lines: e.Fixed, CatchAll: e.CatchAll, Back: e.Undo})
	if err != nil {
		return out, err
	}
	c.UndoRisk = runbook.Reopening
	c.After = edit.Diff(f.Path, f.Data, e.After)
	out.Changes = []runbook.Change{c}
	return out, nil
}

func findings(path string, e spool.MendEdit, d door) []runbook.Finding {
	var all []runbook.Finding
	find := func(l runbook.Level, en, ja string, args ...any) {
		all = append(all, runbook.Finding{Level: l, Text: runbook.Tf(en, ja, args...), Evidence: path})
	}
	if len(e.Fixed) == 0 && !e.CatchAll {
		find(runbook.OK, "no line to mend", "直す行はない")
	}
	if len(e.Shut) > 0 {
		find(runbook.OK, "lines that open nothing stay as they are: %s", "中継を許す行ではないため、そのままにする行: %s", numbers(e.Shut))
	}
	if e.Everyone > 0 {
		find(runbook.Bad, "line %d is for everyone and demands no login; below it a last line would not be read, so none was added. Demand it by the setting: hikeshi relay settings --profile auth",
			"%d 行目が全員を対象とし、認証を求めていない。その下は読まれないため、最終行は加えない。認証は設定で求める: hikeshi relay settings --profile auth", e.Everyone)
	}
	if len(e.Left) > 0 {
		find(runbook.Bad, "lines that open the server and are left: %s", "無条件に中継を許す行が残る: %s", numbers(e.Left))
	}
	if len(e.Fixed) == 0 && !e.CatchAll {
		return all
	}
	find(runbook.Info, "%d decisions compared before and after; these change:", "変更前後の判定 %d 件を比較。次の判定が変わる:", e.Tested)
	other := false
	for i, x := range e.Affected {
		other = other || x.Other
		if i < maxShown {
			find(runbook.Info, "%s: %s becomes %s. %s", "%s: %s から %s になる。%s", who(x, "any foreign sender"), x.Before.Result, x.After.Result, x.After.Meaning)
			all[len(all)-1].Evidence = ""
			all[len(all)-1].Text.JA = fmt.Sprintf("%s: %s から %s になる。%s", who(x, "外部の差出人"), x.Before.Result, x.After.Result, x.After.MeaningJA)
		}
	}
	if e.More || len(e.Affected) > maxShown {
		find(runbook.Info, "more decisions change in these ways; a few of each are listed", "同じ変わり方の判定がほかにもある。種類ごとに数件だけ示した")
	}
	if other {
		find(runbook.Warn, "some of these were decided by no mended line: a line with true lifts the restriction of an only above it, and mended it does not; look at the only lines",
			"直した行以外で決まっていた判定も変わる。true の行は上の only の制限を外していたが、直すと外さなくなる。only の行を確認すること")
	}
	all = append(all, d.warning(path))
	return all
}

// who names the peer and the sender of a decision.
func who(d spool.Affected, foreign string) string {
	switch {
	case d.Sender == nil:
		return fmt.Sprintf("%s, %s", d.Peer, foreign)
	case *d.Sender == "<>":
		return fmt.Sprintf("%s, <>", d.Peer)
	}
	return fmt.Sprintf("%s, %.60q", d.Peer, *d.Sender)
}

func numbers(all []int) string {
	var b []string
	for i, n := range all {
		if i == 20 {
			b = append(b, "...")
			break
		}
		b = append(b, strconv.Itoa(n))
	}
	return strings.Join(b, ", ")
}
