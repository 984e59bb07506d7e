package main

import (
	"encoding/json"
	"net/netip"

	"hikeshi/actions/dnsbl"
	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
	"hikeshi/spool/lab/names"
	"hikeshi/templates"
)

// serveNames starts the DNS of the lab, with the built-in lists.
func (r *rehearsal) serveNames() error {
	t, err := dnsbl.Env{Builtin: templates.DNSBL()}.Table()
	if err == nil {
		r.names, err = r.lab.Names(zones(t))
	}
	return err
}

// end ends the stage and the DNS of the lab.
func (r *rehearsal) end() {
	r.stage.close()
	if err := r.names.Close(); err != nil {
		r.once("names", "%v", err)
	}
}

// zones are the lists that can be asked, as the world has them. Those that keep no test entries have none here either; those that want
// a key do not exist without it.
func zones(t table.Table) []names.Zone {
	var all []names.Zone
	for _, l := range t.Lists {
		zone, ok := l.Query()
		if !ok {
			continue
		}
		z := names.Zone{Name: zone}
		if l.Test != table.Lacking {
			z.IP4, z.IP6, z.Domain, z.Entries = l.Serves(table.IP4), l.Serves(table.IP6), l.Serves(table.Domain), l.Listed
		}
		all = append(all, z)
	}
	return all
}

// listings are the entries of blocklists that the last look of a run has found, as its record says; nil if no look could test anything.
func listings(records []runbook.Record) []names.Listing {
	h, err := runbook.Fold(records)
	if err != nil {
		return nil
	}
	var all []names.Listing
	for _, step := range h.Steps {
		var f dnsbl.Facts
		if step.Head.Uses != "dnsbl.check" || step.Result != runbook.ResultDone || json.Unmarshal(step.Facts, &f) != nil || f.Tested == 0 {
			continue
		}
		all = []names.Listing{}
		for _, l := range f.Listings {
			for _, text := range l.Answers {
				answer, _ := netip.ParseAddr(text) // what is no address is the answer of no list
				all = append(all, names.Listing{Zone: l.Zone, Subject: l.Subject, Answer: answer, Text: l.Text})
			}
		}
	}
	return all
}
