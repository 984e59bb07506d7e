package hygiene

import (
	"slices"

	"hikeshi/actions/smtpcheck/hygiene/advice"
	"hikeshi/actions/smtpcheck/hygiene/compare"
	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/runbook"
)

// seen are the rows in short, but for listeners that nobody need mind.
func (r Report) seen() []compare.Seen {
	var all []compare.Seen
	for _, l := range r.Listeners {
		if r.beside(l) {
			continue
		}
		for _, row := range l.Rows {
			all = append(all, compare.Of(row, l.Vantage))
		}
	}
	return all
}

// Differences are the rows of the listeners that were asked, before and now, those that changed first; none where nothing is compared.
func (r Report) Differences() []compare.Difference {
	if !r.Compared {
		return nil
	}
	before := slices.DeleteFunc(slices.Clone(r.Before), func(s compare.Seen) bool { return !r.asked(s.Listener) })
	all := compare.Looks(before, r.seen())
	for i, d := range all {
		if d.Worse() && r.own(d.Listener) && r.explains(d.ID) {
			all[i].SideEffectOf = r.Demanded.Step
		}
	}
	return all
}

func (r Report) asked(listener string) bool {
	return slices.ContainsFunc(r.Listeners, func(l session.Report) bool { return l.Listener() == listener })
}

func (r Report) own(listener string) bool {
	return slices.ContainsFunc(r.Listeners, func(l session.Report) bool { return l.Own && l.Listener() == listener })
}

// explains says whether a test becomes bad at this server by the login that Hikeshi has demanded for mail to the outside.
func (r Report) explains(id string) bool {
	words, _ := r.Words.Test(id)
	_, known := words.SideEffects[r.Server]
	return known && r.Demanded.Step != ""
}

// isSideEffect says that a row is worse than before by what Hikeshi did itself.
func (r Report) isSideEffect(row session.Row) bool {
	return slices.ContainsFunc(r.Differences(), func(d compare.Difference) bool {
		return d.SideEffectOf != "" && d.ID == row.ID && d.Listener == row.Listener
	})
}

// meant is what to make of such a row.
func (r Report) meant(words advice.Test) runbook.Text {
	t, id, step := words.SideEffects[r.Server], r.Demanded.Incident, r.Demanded.Step
	return runbook.T("nothing for now: it is a side effect of step "+step+" of incident "+id+", and meant. "+t.EN+". `hikeshi undo "+id+" "+step+"` takes it away, and opens again what that step has closed",
		"いまは不要。事案 "+id+" の手順 "+step+" による意図した副作用。"+t.JA+"。`hikeshi undo "+id+" "+step+"` でも消えるが、その手順で閉じた穴が再び開く")
}
