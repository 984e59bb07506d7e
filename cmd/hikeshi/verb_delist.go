package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/delist"
	"hikeshi/actions/delist/request"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/journal"
)

func (a *app) delistVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "delist", Short: "requests to get off blocklists: drafts, what was sent, when to ask again",
		Long: "Requests are written from the record of an incident and laid down as drafts for\nyou to send. Nothing is ever sent, and nothing is ever paid.\nKind in runbooks: delist.draft.",
	}
	cmd.AddCommand(a.delistDraft(), a.delistList(), a.delistSent(), a.delistProgrammes())
	return cmd
}

type delistFlags struct {
	delist.Wish
	noLook bool
}

func (a *app) delistDraft() *cobra.Command {
	var f delistFlags
	cmd := &cobra.Command{
		Use: "draft [INCIDENT|ADDR|DOMAIN]", Short: "write the requests, once the server may ask", Args: cobra.MaximumNArgs(1),
		Long: `Draft looks again (queue, services, logs, blocklists), writes down in the incident
what it found, and drafts for each list that names the server what its operator
wants: a mail (.eml), values for a form, a letter to the provider, or the word
that nothing is to be written. Every fact comes from the record; what it does not
tell is a marked gap, and the draft is called incomplete.

Nothing is drafted before the gate holds: the queue is clean, the services run,
no spam has left since the stop, the reverse names lead back. --force writes it
all the same and marks it NOT READY. Without an argument it is the newest
incident. An address or domain opens an incident of its own, whose record proves
nothing yet.

Exit codes: 0 written, or nothing to ask; 6 the gate is shut; 7 a list of tier 1
or 2 could not be asked, so whether it lists the server is unknown.`,
		Example: "  hikeshi delist draft\n  hikeshi delist draft 20261121-0312 --only spamhaus-zen --in en\n  hikeshi delist draft 20261121-0312 --no-look --output json\n  hikeshi delist draft 203.0.113.25 --force",
		RunE: func(cmd *cobra.Command, args []string) error {
			if f.Language != "" && f.Language != "en" && f.Language != "ja" {
				return usagef("", "--in %q: use en or ja", f.Language)
			}
			return a.draftRequests(cmd.Context(), args, f)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	cmd.Flags().StringSliceVar(&f.Only, "only", nil, "these `ID`s only, or the beginnings of them")
	cmd.Flags().StringSliceVar(&f.Programmes, "programme", nil, "ask this sender programme too, an `ID` of `hikeshi delist programmes`")
	cmd.Flags().StringVar(&f.Language, "in", "", "what is sent is in this `LANGUAGE`, en or ja (default: the operator's)")
	cmd.Flags().BoolVar(&f.Force, "force", false, "write also what is not ready, marked NOT READY")
	cmd.Flags().BoolVar(&f.noLook, "no-look", false, "do not look again: use what the record holds")
	_ = cmd.RegisterFlagCompletionFunc("in", cobra.FixedCompletions([]string{"en", "ja"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// draftRequests looks again, and writes the requests into the incident.
func (a *app) draftRequests(ctx context.Context, args []string, f delistFlags) error {
	w, err := a.serverOrNone()
	if err != nil {
		return err
	}
	if err := w.wireLetters(a); err != nil {
		return err
	}
	jr, subjects, err := a.caseOf(w, args)
	if err != nil {
		return err
	}
	defer jr.Close()
	if !f.noLook {
		h, err := history(a.store(w.state), jr.ID())
		if h == nil {
			return err
		}
		if err := a.lookAgain(ctx, w, jr, glancesFor(w, h, subjects, a.now())); errors.Is(err, context.Canceled) {
			return failf(exitInterrupted, "", "interrupted; what was found so far stands in incident %s, no request was written", jr.ID())
		} else if err != nil {
			return a.dnsblRefusal(err)
		}
	}
	h, err := w.host.Delist.History(jr.ID())
	if err != nil {
		return err
	}
	r, err := w.host.Delist.Draft(h, f.Wish)
	if errors.Is(err, runbook.ErrInput) {
		return usagef(a.word("`hikeshi delist draft` without --only shows the ids, `hikeshi delist programmes` the programmes", "ID は --only なしの `hikeshi delist draft`、事業者は `hikeshi delist programmes` で分かる"), "%w", err)
	} else if err != nil {
		return err
	}
	if err := r.Keep(planner.Recorder{Journal: jr}); err != nil {
		return unfinishedLine(jr, err)
	}
	return a.showDrafts(w, jr, r, f)
}

// caseOf is the incident that letters are about: the named one, the newest, or one of its own for an address or a domain, which are
// the subjects then.
func (a *app) caseOf(w *world, args []string) (*journal.Journal, []string, error) {
	s := a.store(w.state)
	if len(args) == 0 {
		id, err := a.newestCase(w)
		if err != nil {
			return nil, nil, err
		}
		args = []string{id}
	}
	jr, err := journal.Open(s, args[0])
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return jr, nil, err
	}
	if !strings.ContainsAny(args[0], ".:") {
		return nil, nil, usagef("`hikeshi incidents` lists them; an address is 203.0.113.25 or 2001:db8::25, a domain example.jp", "%w", err)
	}
	if err := w.host.DNSBL.CheckSubjects(args); err != nil {
		return nil, nil, a.dnsblRefusal(err)
	}
	o := runbook.Opening{Version: version(), Runbook: "delist-draft", Title: runbook.T("requests for delisting", "掲載の解除申請"), Host: hostname(), Root: w.root, Manager: w.manager, Reason: args[0]}
	o.Server, o.Base = w.serverName(), w.base()
	if jr, err = journal.Create(s, o, []byte("format: 1\nname: delist-draft\n")); err != nil {
		return nil, nil, err
	}
	// It changes nothing, so nothing of it is ever left to be done.
	return jr, args, jr.Append(runbook.Record{Event: runbook.Closed, Text: string(runbook.IncidentDone)})
}

// newestCase is the newest incident of this server that went through a runbook, else the newest that holds letters.
func (a *app) newestCase(w *world) (string, error) {
	all, ids, err := a.histories(w.state)
	if err != nil {
		return "", err
	}
	for _, of := range []func(*runbook.History) bool{
		func(h *runbook.History) bool { return len(h.Steps) > 1 }, func(h *runbook.History) bool { return len(h.Letters) > 0 },
	} {
		for _, id := range slices.Backward(ids) {
			if h := all[id]; h.Opening.Root == w.root && of(h) {
				return id, nil
			}
		}
	}
	return "", usagef("name an address or a domain instead: `hikeshi delist draft 203.0.113.25`", "no incident is recorded in %s", w.state)
}

// glancesFor are what is asked again before requests are written. What needs a mail server is left out where there is none.
func glancesFor(w *world, h *runbook.History, subjects []string, now time.Time) []glance {
	lists := glance{kind: "dnsbl.check", with: map[string]any{}}
	if subjects != nil {
		lists.with["subjects"] = subjects
	}
	if w.server == nil || subjects != nil {
		return []glance{lists}
	}
	all := []glance{{kind: "queue.scan"}, {kind: "service.status"}, {kind: "logs.refusals"}}
	if started := delist.Started(h); !started.IsZero() { // who has begun since?
		since := max(now.Sub(started), 0).Truncate(time.Minute) + time.Minute
		all = append(all, glance{"logs.suspects", map[string]any{"since": since.String()}})
	}
	if accounts := delist.Accounts(h); len(accounts) > 0 {
		all = append(all, glance{"logs.timeline", map[string]any{"since": "72h", "accounts": accounts}})
	}
	return append(all, lists)
}

type draftsDocument struct {
	Version  int        `json:"hikeshi"`
	Kind     string     `json:"kind"`
	Incident string     `json:"incident"`
	Open     bool       `json:"open"` // the gate
	Gate     []gateRow  `json:"gate"`
	Drafts   []draftRow `json:"drafts"`
	Untested []string   `json:"untested"` // lists of tier 1 and 2 that could not be asked
	Head     string     `json:"head"`
}

type draftRow struct {
	ID    string              `json:"id"`
	To    string              `json:"to"`
	Name  string              `json:"name"`
	About string              `json:"about"`
	Tier  int                 `json:"tier"`
	Way   string              `json:"way"`
	State runbook.LetterState `json:"state"` // ready, incomplete, not-ready, none; "" held back
	File  string              `json:"file"`  // "" if nothing was written
	Gaps  []string            `json:"gaps"`
	Gate  []gateRow           `json:"gate"`
}

func (a *app) gateRows(rows []runbook.GateRow) []gateRow {
	all := []gateRow{}
	for _, r := range rows {
		all = append(all, gateRow{r.Title.In(a.lang()), r.Holds, r.Off, r.Reason(a.lang())})
	}
	return all
}

// showDrafts tells what was written, and ends as the gate says.
func (a *app) showDrafts(w *world, jr *journal.Journal, r delist.Result, f delistFlags) error {
	h, err := history(a.store(w.state), jr.ID())
	if h == nil {
		return err
	}
	facts := r.Facts()
	head, err := jr.Head()
	if err != nil {
		return err
	}
	doc := draftsDocument{Version: 1, Kind: "drafts", Incident: jr.ID(), Open: facts.Open, Gate: a.gateRows(r.Server), Drafts: []draftRow{}, Untested: facts.Untested, Head: head}
	for _, d := range r.Drafts {
		row := draftRow{ID: d.ID, To: d.To, Name: d.Name, About: d.Subject, Tier: d.Tier, Way: d.Way, State: d.State, Gaps: runbook.Letter{Gaps: d.Gaps}.Missing(a.lang()), Gate: a.gateRows(d.Rows)}
		if l := h.Letter(d.ID); l != nil && d.State != "" {
			row.File = filepath.Join(jr.Path(), l.Name)
		}
		doc.Drafts = append(doc.Drafts, row)
	}
	if a.isJSON() {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		a.printDrafts(jr, r, doc)
	}
	shut := slices.ContainsFunc(r.Drafts, func(d delist.Draft) bool { return d.State == "" && d.Way != request.Wait && d.Open() })
	switch {
	case !facts.Open && shut && !f.Force:
		return silent(exitStopped)
	case r.Case.Lists == nil || r.Case.Lists.State == "untested" || len(facts.Untested) > 0:
		return silent(exitUndetermined)
	}
	return nil
}

func (a *app) printDrafts(jr *journal.Journal, r delist.Result, doc draftsDocument) {
	s := a.screen()
	s.printf("%s\n", a.word("incident ", "事案 ")+jr.ID())
	s.findings(r.Findings(a.now().Location()))
	if i := slices.IndexFunc(doc.Drafts, func(d draftRow) bool { return d.File != "" }); i >= 0 {
		fmt.Fprintf(a.stdout, "%s%s\n", a.word("drafts in ", "下書き "), filepath.Dir(doc.Drafts[i].File))
	}
	if !doc.Open && len(doc.Drafts) > 0 {
		s.hang(0, a.word("A list that is asked before all of this holds lists again, and hears the next request later.", "これらがそろう前に申請すると再び掲載され、次の申請が通りにくくなる。"))
	}
	s.printf("head:    %s\n", doc.Head)
}
