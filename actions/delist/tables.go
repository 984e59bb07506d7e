package delist

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/field"
	"hikeshi/actions/delist/harmless"
	"hikeshi/actions/delist/programme"
	"hikeshi/actions/delist/request"
	"hikeshi/runbook"
)

// tables reads the fields of requests and the table of sender programmes, which are built in.
func (e Env) tables() (field.Fields, programme.Table, error) {
	data, err := fs.ReadFile(e.Words, "fields.yaml")
	if err != nil {
		return field.Fields{}, programme.Table{}, fmt.Errorf("reading the fields of requests: %w", err)
	}
	f, err := field.Load(data)
	if err != nil {
		return f, programme.Table{}, err
	}
	p, err := programme.Load(e.Programmes)
	return f, p, err
}

func (e Env) lang() string {
	if e.Lang == "ja" {
		return "ja"
	}
	return "en"
}

// named adds the programmes that the responder has named. One that does not exist is refused with those that do.
func named(asked []request.Programme, t programme.Table, ids []string) ([]request.Programme, error) {
	for _, id := range ids {
		p, ok := t.Find(id)
		if !ok || p.Role == programme.Monitoring {
			var all []string
			for _, p := range t.Programmes {
				if p.Role == programme.Delisting {
					all = append(all, p.ID)
				}
			}
			return nil, fmt.Errorf("%w: %q is no programme that takes requests; these are: %s", runbook.ErrInput, harmless.Line(id), strings.Join(all, ", "))
		}
		if i := slices.IndexFunc(asked, func(a request.Programme) bool { return a.ID == id }); i >= 0 {
			asked[i].Named = true
		} else {
			asked = append(asked, request.Programme{ID: p.ID, Name: p.Name, Route: p.Route(), Named: true})
		}
	}
	return asked, nil
}

// ProgrammeTable reads the built-in table of sender programmes.
func (e Env) ProgrammeTable() (programme.Table, error) { return programme.Load(e.Programmes) }

// refused are the programmes that take requests and that refusals point to, in the order of the table.
func refused(c casefile.Case, t programme.Table) []request.Programme {
	if c.Refusals == nil {
		return nil
	}
	count := map[string]int64{}
	most := map[string]casefile.Reply{}
	for _, r := range c.Refusals.Replies {
		if !r.Blocking {
			continue
		}
		for _, p := range t.Match(r) {
			count[p.ID] += r.Count
			if r.Count > most[p.ID].Count {
				most[p.ID] = r
			}
		}
	}
	var all []request.Programme
	for _, p := range t.Programmes {
		if count[p.ID] > 0 && p.Role != programme.Monitoring {
			all = append(all, request.Programme{ID: p.ID, Name: p.Name, Route: p.Route(), Reply: most[p.ID], Refused: count[p.ID]})
		}
	}
	return all
}
