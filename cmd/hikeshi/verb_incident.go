package main

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
	"hikeshi/runbook/report"
)

// storeOnly is for verbs that read incidents and need no mail server.
func (a *app) storeOnly() (journal.Store, error) {
	cfg, err := readConfig(a.flags.config)
	if err != nil {
		return journal.Store{}, err
	}
	a.configured = cfg.Lang
	state, err := a.stateDir()
	return a.store(state), err
}

type incidentsDocument struct {
	Version   int           `json:"hikeshi"`
	Kind      string        `json:"kind"`
	Incidents []incidentRow `json:"incidents"`
}

type incidentRow struct {
	ID      string                `json:"id"`
	Runbook string                `json:"runbook"`
	State   runbook.IncidentState `json:"state"`
	Opened  *time.Time            `json:"opened"`
	Closed  *time.Time            `json:"closed"`
	Error   string                `json:"error,omitempty"`
}

func (a *app) incidentsVerb() *cobra.Command {
	return &cobra.Command{
		Use: "incidents", Short: "list the incidents, oldest first", Args: cobra.NoArgs, Example: "  hikeshi incidents\n  hikeshi incidents --output json",
		RunE: func(*cobra.Command, []string) error {
			s, err := a.storeOnly()
			if err != nil {
				return err
			}
			entries, err := journal.List(s)
			if err != nil {
				return err
			}
			doc := incidentsDocument{Version: 1, Kind: "incidents", Incidents: []incidentRow{}}
			for _, e := range entries {
				doc.Incidents = append(doc.Incidents, rowOf(e))
			}
			if a.isJSON() {
				return a.json(doc)
			}
			if len(entries) == 0 {
				fmt.Fprintln(a.stdout, a.word("no incidents in ", "事案はない: ")+s.State)
			}
			for _, r := range doc.Incidents {
				a.printIncident(r)
			}
			return nil
		},
	}
}

func (a *app) printIncident(r incidentRow) {
	state := string(r.State)
	if r.State != "" {
		state = a.stateWord(r.State)
	}
	text := fmt.Sprintf("%-16s %s %-16s %s", r.ID, pad(state, 12), r.Runbook, a.when(r.Opened))
	if r.Error != "" {
		text += " " + line(joined(r.Error))
	}
	a.screenOn(a.stdout).hang(17, text)
}

func rowOf(e journal.Entry) incidentRow {
	r := incidentRow{ID: e.ID, Runbook: e.Opening.Runbook, State: e.State}
	if !e.Opened.IsZero() {
		t := e.Opened.UTC()
		r.Opened = &t
	}
	if !e.Closed.IsZero() {
		t := e.Closed.UTC()
		r.Closed = &t
	}
	if e.Err != nil {
		r.Error = e.Err.Error()
	}
	return r
}

// when writes a time for people, with its zone.
func (a *app) when(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04 MST") + " (" + t.UTC().Format("15:04Z") + ")"
}

// openIncident reads one incident, by name.
func (a *app) openIncident(name string) (*journal.Journal, []runbook.Record, error) {
	s, err := a.storeOnly()
	if err != nil {
		return nil, nil, err
	}
	jr, err := journal.Open(s, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, usagef("`hikeshi incidents` lists them", "%w", err)
	}
	if err != nil {
		return nil, nil, err
	}
	records, err := jr.Records()
	if errors.Is(err, journal.ErrBroken) && len(records) > 0 {
		a.once("broken", "%s: %v; showing what can be read", jr.ID(), err)
		err = nil
	}
	return jr, records, err
}

func (a *app) reportVerb() *cobra.Command {
	var format, out string
	var handover bool
	cmd := &cobra.Command{
		Use: "report INCIDENT", Short: "the post-incident report, from the journal alone", Args: cobra.ExactArgs(1),
		Long: `Report tells the whole incident from its journal: summary, timeline, checklist, each
step with its finding, decision and evidence, what was changed and how to undo it.
--handover is the short form for the next responder: where it stands, what is
stopped since when, what comes next, what is open and due.`,
		Example: "  hikeshi report 20261121-0312 --format md -o report.md\n  hikeshi report 20261121-0312 --handover --lang ja",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.writeReport(args[0], format, out, handover)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	cmd.Flags().StringVar(&format, "format", "text", "text, md or json")
	cmd.Flags().StringVarP(&out, "out", "o", "", "write to `FILE`, which must not be there yet; - is standard output")
	cmd.Flags().BoolVar(&handover, "handover", false, "the short form for the next responder (text or md)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions([]string{"text", "md", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// writeReport writes the report of an incident to standard output or to a new file.
func (a *app) writeReport(name, format, out string, handover bool) error {
	jr, records, err := a.openIncident(name)
	if err != nil {
		return err
	}
	defer jr.Close()
	if a.isJSON() {
		format = "json"
	}
	var text []byte
	if handover {
		text, err = a.renderHandover(jr, records, format)
	} else {
		text, err = a.renderReport(jr, records, format)
	}
	if err != nil {
		return err
	}
	if out == "" || out == "-" {
		a.wrote = format == "json"
		_, err = a.stdout.Write(text)
		return err
	}
	if err := createFile(out, text); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	fmt.Fprintln(a.stdout, out)
	a.wrote = true
	return nil
}

// renderHandover is the report for the next responder; its dates are those of the denials and of the later looks.
func (a *app) renderHandover(jr *journal.Journal, records []runbook.Record, format string) ([]byte, error) {
	if format != "text" && format != "md" {
		return nil, usagef("", "--handover with --format %q: use text or md", format)
	}
	r, err := a.buildReport(jr, records)
	if err != nil {
		return nil, err
	}
	h, err := runbook.Fold(records)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	err = r.Handover(&b, format == "md", report.Form{Lang: a.lang(), Loc: time.Local}, a.dueOf(jr.ID(), h))
	return []byte(b.String()), err
}

// dueOf are the dates of one incident, in words.
func (a *app) dueOf(id string, h *runbook.History) []string {
	var due []string
	for _, c := range h.InForce() {
		list, err := denialsOf(id, c.Change, map[string]bool{})
		if err != nil {
			continue // written by a newer version
		}
		for _, d := range list {
			due = append(due, fmt.Sprintf(a.word("denial of %s: review on %s", "%s の拒否: %s に見直し"), d.Target, d.Review.Local().Format("2006-01-02")))
		}
	}
	for _, l := range requestsOf(id, h) {
		due = append(due, a.requestWords(l))
	}
	for _, l := range laterLooks(id, h) {
		if l.Done == nil {
			due = append(due, fmt.Sprintf(a.word("hikeshi verify-later: look again at %s", "hikeshi verify-later: %s に再確認"), l.Due.Local().Format("2006-01-02 15:04")))
		}
	}
	return due
}

func (a *app) renderReport(jr *journal.Journal, records []runbook.Record, format string) ([]byte, error) {
	r, err := a.buildReport(jr, records)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	switch format {
	case "text":
		err = r.Text(&b, a.lang(), time.Local)
	case "md":
		err = r.Markdown(&b, a.lang(), time.Local)
	case "json":
		err = r.JSON(&b, a.lang())
	default:
		return nil, usagef("", "--format %q: use text, md or json", format)
	}
	return []byte(b.String()), err
}

// buildReport makes the report with what only the open journal knows: its head, and what could not be written.
func (a *app) buildReport(jr *journal.Journal, records []runbook.Record) (*report.Report, error) {
	r, err := report.Build(records)
	if err != nil {
		return nil, err
	}
	if head, herr := jr.Head(); herr == nil {
		r.Head = head
	}
	if n, text := jr.Unrecorded(); n > 0 {
		r.Unrecorded = append(r.Unrecorded, text)
	}
	return r, nil
}
