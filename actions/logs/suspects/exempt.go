package suspects

import (
	"strings"

	"hikeshi/actions/logs/ask"
	"hikeshi/actions/logs/desk"
	"hikeshi/actions/logs/signals"
	"hikeshi/runbook"
)

// By what an account or a peer is exempt.
const (
	byConfiguration = "configuration"
	byCall          = "call" // by the parameters of this call
)

// maxExempt is how many of those that are exempt are named in a sentence.
const maxExempt = 5

// exempt tells of those who would be suspects if they were not exempt: an exemption is for what somebody is known to do, and the password of a
// newsletter can be stolen too.
func (t teller) exempt(all []signals.Entry) (list []Suspect, found []runbook.Finding) {
	list = []Suspect{}
	n, en, ja := 0, []string(nil), []string(nil)
	for i := range all {
		e := &all[i]
		if e.Place.IsValid() && !isSource(t.r, e) || !e.Place.IsValid() && !isAccount(t.r, e) {
			continue
		}
		if n++; n > t.r.Params.Top {
			t.facts.Cut++
			continue
		}
		s := t.suspect(e, n <= quoted)
		s.ExemptBy = exemptBy(t.r, e)
		list = append(list, s)
		if n <= maxExempt {
			by := map[string]runbook.Text{byConfiguration: runbook.T("by the configuration", "設定による"), byCall: runbook.T("as this call says", "今回の指定による")}[s.ExemptBy]
			signs := strings.Join(s.Brief[1:], " ")
			en, ja = append(en, e.Name+" ("+by.EN+"; "+signs+")"), append(ja, e.Name+" ("+by.JA+"。"+signs+")")
		}
	}
	if n == 0 {
		return list, nil
	}
	if more := n - maxExempt; more > 0 {
		en, ja = append(en, desk.Number(int64(more))+" more"), append(ja, "ほか "+desk.Number(int64(more))+" 件")
	}
	number := desk.Number(int64(n))
	return list, []runbook.Finding{{Level: runbook.Info, Text: runbook.T(number+" exempted would be suspects: "+strings.Join(en, ", "), "対象外にしたもののうち "+number+" 件は、本来なら疑いに当たる: "+strings.Join(ja, "、"))}}
}

// exemptBy says by what an account or a peer is exempt; the call goes first.
func exemptBy(r *desk.Reading, e *signals.Entry) string {
	local, _, _ := strings.Cut(e.Name, "@")
	if !e.Place.IsValid() {
		for _, name := range r.Params.ExemptAccounts {
			if name = strings.ToLower(name); name == e.Name || name == local {
				return byCall
			}
		}
		return byConfiguration
	}
	given, _ := ask.Prefixes("exempt_sources", r.Params.ExemptSources) // they were read before
	for _, p := range given {
		if p.Overlaps(e.Place) {
			return byCall
		}
	}
	return byConfiguration
}
