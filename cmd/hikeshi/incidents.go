package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"hikeshi/runbook"
	"hikeshi/runbook/book"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/journal/lock"
	"hikeshi/templates"
)

// histories folds every incident of the state folder, as far as each can be read, and warns of those that cannot.
func (a *app) histories(state string) (map[string]*runbook.History, []string, error) {
	s := a.store(state)
	entries, err := journal.List(s)
	if err != nil {
		return nil, nil, err
	}
	all := map[string]*runbook.History{}
	var ids []string
	for _, e := range entries {
		h, err := history(s, e.ID)
		if err != nil {
			a.once("broken "+e.ID, a.word("incident %s is not wholly readable, so what it changed may be unknown here: %v", "事案 %s の記録を全部は読めないため、その変更内容は一部不明: %v"), e.ID, err)
		}
		if h != nil {
			all[e.ID] = h
			ids = append(ids, e.ID)
		}
	}
	return all, ids, nil
}

// history folds what can be read of one incident; nil if that is nothing.
func history(s journal.Store, id string) (*runbook.History, error) {
	jr, err := journal.Open(s, id)
	if err != nil {
		return nil, err
	}
	defer jr.Close()
	records, err := jr.Records()
	h, ferr := runbook.Fold(records)
	if ferr != nil {
		return nil, errors.Join(err, ferr)
	}
	return h, err
}

// noOpenIntent refuses a changing verb while a change of an incident was begun and not finished: only resume and undo go on then.
func (a *app) noOpenIntent(w *world) error {
	all, ids, err := a.histories(w.state)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if all[id].Opening.Root != w.root {
			continue
		}
		if err := openIntent(id, all[id], ""); err != nil {
			return err
		}
	}
	return nil
}

// openIntent says which change of an incident was begun and not finished. flags are those that the incident is found with.
func openIntent(id string, h *runbook.History, flags string) error {
	p := h.Pending()
	if len(p) == 0 {
		return nil
	}
	return failf(exitStopped, fmt.Sprintf("`hikeshi%s resume %s` or `hikeshi%s undo %s` first", flags, id, flags, id),
		"incident %s was cut off in the middle of %s %s; until that is settled nothing else is changed", id, p[0].Op, p[0].Target)
}

// elsewhere refuses to work on a server that a responder with another state folder died on, in the middle of a change.
func (a *app) elsewhere(w *world) func(lock.Holder) error {
	return func(last lock.Holder) error {
		if last.State == w.state || last.State == "" || last.Incident == "" {
			return nil
		}
		flags := " --state " + last.State
		h, err := history(a.store(last.State), last.Incident)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // that state folder is gone
		}
		if h == nil {
			return failf(exitStopped, fmt.Sprintf("`hikeshi%s verify %s` shows it", flags, last.Incident),
				"another responder died here during incident %s, whose record cannot be read: %w", last.Incident, err)
		}
		return openIntent(last.Incident, h, flags)
	}
}

// unfinished returns the incident to go on with: the named one, or the newest that was cut off or stopped with something in force, so
// that what was refused before it changed anything is not brought up again; else the newest that stopped.
func (a *app) unfinished(w *world, args []string) (string, error) {
	if len(args) > 0 {
		return args[0], nil
	}
	all, ids, err := a.histories(w.state)
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
	f := fileOf(out)
	s.tty = f != nil && term.IsTerminal(int(f.Fd()))
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
