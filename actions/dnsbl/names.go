package dnsbl

import (
	"slices"

	"hikeshi/actions/dnsbl/host"
	"hikeshi/actions/dnsbl/survey"
	"hikeshi/actions/dnsbl/verdict"
	"hikeshi/runbook"
)

// proven says whether the resolver has shown that it can be believed: a list has passed its self-test through it. Where none was
// tried, nothing speaks against it.
func (r Report) proven() bool {
	tried := false
	for _, z := range r.Zones {
		for _, h := range z.Health {
			tried = true
			if h.State == verdict.Healthy {
				return true
			}
		}
	}
	return !tried
}

// doubt takes back what was seen of names: who hides the test entries of all lists may hide these as well.
func (r *Report) doubt() {
	if len(r.Names) == 0 {
		return
	}
	for i := range r.Hosts {
		r.Hosts[i].State, r.Hosts[i].Names = host.Unknown, nil
	}
	if r.HELO != "" {
		r.HELO = host.Unknown
	}
	r.Names = []runbook.Finding{{Level: runbook.Warn, Text: runbook.Tf("the reverse names and the HELO name are not known: the resolver (%s) cannot be believed, no list passes its self-test through it",
		"逆引きと HELO の名前は不明: どのリストも自己検査に合格せず、リゾルバー (%s) を信用できない", survey.Resolver{Servers: r.Resolver.Alive})}}
}

// states are what is known of the names that were looked at.
func (r Report) states() []host.State {
	all := []host.State{}
	for _, h := range r.Hosts {
		all = append(all, h.State)
	}
	if r.HELO != "" {
		all = append(all, r.HELO)
	}
	return all
}

// Misnamed says whether a reverse name or the HELO name is known to be wrong.
func (r Report) Misnamed() bool {
	return slices.ContainsFunc(r.states(), func(s host.State) bool { return s != host.Fine && s != host.Unknown })
}

// Open says whether something of what was to be looked at is not known, apart from the lists: a name, or what was left out.
func (r Report) Open() bool { return slices.Contains(r.states(), host.Unknown) || r.short() }

// short says whether something was left out that should have been looked up.
func (r Report) short() bool {
	return slices.ContainsFunc(r.Left, func(f runbook.Finding) bool { return f.Level == runbook.Warn })
}
