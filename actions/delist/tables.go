package delist

import (
	"fmt"
	"io/fs"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/field"
	"hikeshi/actions/delist/programme"
	"hikeshi/actions/delist/request"
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
