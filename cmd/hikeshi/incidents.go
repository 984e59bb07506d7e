package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hikeshi/actions/queue"
	"hikeshi/actions/relay"
	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/journal"
	"hikeshi/spool/disk"
	"hikeshi/templates"
)

// histories folds every incident of the state folder that can be read; the others are left to `incidents` and `verify`.
func histories(s journal.Store) (map[string]*runbook.History, []string, error) {
	entries, err := journal.List(s)
	if err != nil {
		return nil, nil, err
	}
	all := map[string]*runbook.History{}
	var ids []string
	for _, e := range entries {
		if e.Err != nil {
			continue
		}
		jr, err := journal.Open(s, e.ID)
		if err != nil {
			continue
		}
		records, err := jr.Records()
		jr.Close()
		if err != nil {
			continue
		}
		if h, err := runbook.Fold(records); err == nil {
			all[e.ID] = h
			ids = append(ids, e.ID)
		}
	}
	return all, ids, nil
}

// noOpenIntent refuses a changing verb while a change of an incident was begun and not finished: only resume and undo go on then.
func (a *app) noOpenIntent(w *world) error {
	all, ids, err := histories(a.store(w.state))
	if err != nil {
		return err
	}
	for _, id := range ids {
		if p := all[id].Pending(); len(p) > 0 && all[id].Opening.Root == w.root {
			return failf(exitStopped, fmt.Sprintf("`hikeshi resume %s` or `hikeshi undo %s` first", id, id),
				"incident %s was cut off in the middle of %s %s; until that is settled nothing else is changed", id, p[0].Op, p[0].Target)
		}
	}
	return nil
}

// unfinished returns the incident to go on with: the named one, or the newest that was cut off or stopped with something in force, so
// that what was refused before it changed anything is not brought up again; else the newest that stopped.
func (a *app) unfinished(w *world, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	all, ids, err := histories(a.store(w.state))
	if err != nil {
		return "", err
	}
	stopped := ""
	for _, id := range slices.Backward(ids) {
		h := all[id]
		unfinished := h.State == runbook.IncidentOpen || h.State == runbook.IncidentStopped
		if unfinished && h.Opening.Root == w.root && len(h.InForce()) > 0 {
			return id, nil
		}
		if unfinished && h.Opening.Root == w.root && len(h.Steps) > 1 && stopped == "" {
			stopped = id
		}
	}
	if stopped != "" {
		return stopped, nil
	}
	return "", usagef("`hikeshi incidents` lists them", "no incident is waiting to go on")
}

// recordedDenials returns a reader of the denials in force that the incidents of this state folder have recorded.
func (a *app) recordedDenials(w *world) func() ([]relay.Denial, error) {
	return func() ([]relay.Denial, error) {
		all, ids, err := histories(a.store(w.state))
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
		list = slices.DeleteFunc(list, func(d relay.Denial) bool { return lifted[d.Incident+" "+d.Target] })
		return list, nil
	}
}

// denialsOf reads the denials of one change, or notes those that it has lifted.
func denialsOf(id string, c runbook.Change, lifted map[string]bool) ([]relay.Denial, error) {
	switch c.Kind {
	case "relay.deny":
		return relay.Denials(id, c)
	case "relay.allow":
		gone, err := relay.Allowed(c)
		for _, d := range gone {
			lifted[d.Incident+" "+d.Target] = true
		}
		return nil, err
	}
	return nil, nil
}

// recordedAside returns a reader of what an incident has set aside by its record, so that nothing else is ever purged.
func (a *app) recordedAside(w *world) func(string) ([]disk.ID, error) {
	return func(incident string) ([]disk.ID, error) {
		all, _, err := histories(a.store(w.state))
		if err != nil {
			return nil, err
		}
		h, ok := all[incident]
		if !ok {
			return nil, fmt.Errorf("incident %s: %w", incident, fs.ErrNotExist)
		}
		var ids []disk.ID
		for _, c := range h.Changes {
			if c.Kind != "queue.quarantine" {
				continue
			}
			more, err := queue.SetAside(c.Change)
			if err != nil {
				return nil, err
			}
			ids = append(ids, more...)
		}
		return ids, nil
	}
}

// bookSource reads a runbook by its built-in name, or from a file.
func bookSource(name string) (data []byte, file string, err error) {
	if data, err := templates.Runbook(name); err == nil {
		return data, name, nil
	}
	data, err = readFile(name)
	if err != nil {
		return nil, name, usagef("`hikeshi runbooks` lists the built-in ones", "no built-in runbook %q, and as a file: %w", name, err)
	}
	return data, name, nil
}

// loadFrozen reads the runbook that an incident keeps.
func (a *app) loadFrozen(w *world, file string, data []byte) (*runbook.Runbook, error) {
	b, err := book.Load(file, data, w.kinds)
	if err != nil {
		return nil, fmt.Errorf("reading the runbook of the incident: %w", err)
	}
	return b, nil
}

// screen is where steps are shown: standard output, or standard error where standard output is a document.
func (a *app) screen() *screen {
	if a.isJSON() {
		return a.screenOn(a.stderr)
	}
	return a.screenOn(a.stdout)
}

func (a *app) screenOn(out io.Writer) *screen {
	s := &screen{out: out, lang: a.lang(), quiet: a.flags.quiet, verbose: a.flags.verbose, now: a.now}
	f, ok := out.(*os.File)
	s.tty = ok && term.IsTerminal(int(f.Fd()))
	s.color = a.flags.color == "always" || a.flags.color == "auto" && s.tty && a.getenv("NO_COLOR") == "" && !slices.Contains([]string{"", "dumb"}, a.getenv("TERM"))
	return s
}

func (a *app) completeRunbooks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return templates.Runbooks(), cobra.ShellCompDirectiveDefault
}

func (a *app) completeIncidents(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	s, err := a.storeOnly()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	entries, err := journal.List(s)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.ID)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
