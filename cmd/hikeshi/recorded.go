package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/account"
	"hikeshi/actions/queue"
	"hikeshi/actions/relay"
	"hikeshi/actions/relay/fix"
	"hikeshi/actions/smtpcheck/hygiene"
	"hikeshi/runbook"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// recordedDenials returns a reader of the denials in force that the incidents of this state folder have recorded.
func (a *app) recordedDenials(w *world) func() ([]relay.Denial, error) {
	return func() ([]relay.Denial, error) {
		all, ids, err := a.histories(w.state)
		if err != nil {
			return nil, err
		}
		var list []relay.Denial
		lifted := map[string]bool{}
		for _, id := range ids {
			if all[id].Opening.Root != w.root {
				continue
			}
			for _, c := range all[id].InForce() {
				d, err := denialsOf(id, c.Change, lifted)
				if err != nil {
					return nil, err
				}
				list = append(list, d...)
			}
		}
		list = slices.DeleteFunc(list, func(d relay.Denial) bool { return lifted[denialKey(d)] })
		return list, nil
	}
}

// demanded returns a reader of the step by which mail to the outside needs a login at this server: the last that is in force, in whichever
// incident. What cannot be read is not claimed.
func (a *app) demanded(w *world) func() hygiene.Demand {
	return func() (last hygiene.Demand) {
		all, ids, err := a.histories(w.state)
		if err != nil {
			return last
		}
		for _, id := range ids {
			if all[id].Opening.Root != w.root {
				continue
			}
			for _, c := range all[id].InForce() {
				if fix.Demands(c.Change) {
					last = hygiene.Demand{Incident: id, Step: c.Step}
				}
			}
		}
		return last
	}
}

// denialKey tells denials apart: an incident may deny the same target in the deny file and in each table of the hard cut.
func denialKey(d relay.Denial) string { return d.Incident + " " + d.Table + " " + d.Target }

// denialsOf reads the denials of one change, or notes those that it has lifted.
func denialsOf(id string, c runbook.Change, lifted map[string]bool) ([]relay.Denial, error) {
	switch c.Kind {
	case "relay.deny":
		return relay.Denials(id, c)
	case "relay.hard":
		return relay.Cuts(id, c)
	case "relay.allow":
		gone, err := relay.Allowed(c)
		for _, d := range gone {
			lifted[denialKey(d)] = true
		}
		return nil, err
	}
	return nil, nil
}

// recordedRenames returns a reader of the accounts that the incidents of this state folder have renamed and not given back.
func (a *app) recordedRenames(w *world) func() ([]account.Renamed, error) {
	return func() ([]account.Renamed, error) {
		all, ids, err := a.histories(w.state)
		if err != nil {
			return nil, err
		}
		var list []account.Renamed
		over := map[string]bool{}
		for _, id := range ids {
			if all[id].Opening.Root != w.root {
				continue
			}
			for _, c := range all[id].InForce() {
				var more, gone []account.Renamed
				switch c.Kind {
				case "account.rename":
					more, err = account.RenamedBy(id, c.Change)
				case "account.restore":
					gone, err = account.RestoredBy(c.Change)
				}
				if err != nil {
					return nil, err
				}
				list = append(list, more...)
				for _, r := range gone {
					over[r.Incident+" "+r.Account] = true
				}
			}
		}
		return slices.DeleteFunc(list, func(r account.Renamed) bool { return over[r.Incident+" "+r.Account] }), nil
	}
}

// renameStands returns what says whether an incident's renaming of an account to an address is not undone.
func (a *app) renameStands(w *world) func(incident, renamed string) (bool, error) {
	return func(incident, renamed string) (bool, error) {
		all, _, err := a.histories(w.state)
		if err != nil {
			return false, err
		}
		h, ok := all[incident]
		if !ok {
			return false, fmt.Errorf("incident %s: %w", incident, fs.ErrNotExist)
		}
		for _, c := range h.InForce() {
			if c.Kind != "account.rename" {
				continue
			}
			made, err := account.RenamedBy(incident, c.Change)
			if err != nil {
				return false, err
			}
			if slices.ContainsFunc(made, func(r account.Renamed) bool { return strings.EqualFold(r.New, renamed) }) {
				return true, nil
			}
		}
		return false, nil
	}
}

// recordedAside returns a reader of what an incident has set aside by its record, so that nothing else is ever purged.
func (a *app) recordedAside(w *world) func(string) ([]disk.ID, error) {
	return func(incident string) ([]disk.ID, error) {
		var ids []disk.ID
		err := a.quarantines(w, incident, func(c *runbook.ChangeHistory) error {
			more, err := queue.SetAside(c.Change)
			ids = append(ids, more...)
			return err
		})
		return ids, err
	}
}

// countedAside returns a reader of how much an incident has set aside by its record and has not taken back.
func (a *app) countedAside(w *world) func(string) (aside.Stock, error) {
	return func(incident string) (sum aside.Stock, err error) {
		err = a.quarantines(w, incident, func(c *runbook.ChangeHistory) error {
			if c.Undone() {
				return nil
			}
			s, err := queue.Counted(c.Change)
			sum.Messages, sum.Files = sum.Messages+s.Messages, sum.Files+s.Files
			return err
		})
		return sum, err
	}
}

// quarantines goes through the changes by which an incident has set mail aside.
func (a *app) quarantines(w *world, incident string, each func(*runbook.ChangeHistory) error) error {
	all, _, err := a.histories(w.state)
	if err != nil {
		return err
	}
	h, ok := all[incident]
	if !ok {
		return fmt.Errorf("incident %s: %w", incident, fs.ErrNotExist)
	}
	for _, c := range h.Changes {
		if c.Kind != "queue.quarantine" {
			continue
		}
		if err := each(c); err != nil {
			return err
		}
	}
	return nil
}

// suspects are the accounts and sources that an incident has named: senders, and addresses of clients.
func (a *app) suspects(w *world, incident string) (senders, clients []string) {
	all, _, err := a.histories(w.state)
	if err != nil || all[incident] == nil {
		return nil, nil
	}
	for _, id := range []string{"name_accounts", "name_sources"} {
		s := all[incident].Step(id)
		var f runbook.ManualFacts
		if s == nil || json.Unmarshal(s.Facts, &f) != nil {
			continue
		}
		for _, name := range strings.Split(f.Answer, ",") {
			name = strings.TrimSpace(name)
			_, perr := netip.ParsePrefix(name)
			_, aerr := netip.ParseAddr(name)
			switch {
			case name == "" || name == "-":
			case perr == nil || aerr == nil:
				clients = append(clients, name)
			default:
				senders = append(senders, name)
			}
		}
	}
	return senders, clients
}
