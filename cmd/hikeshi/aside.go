package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/queue"
	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
)

// asideRow is one set of folders that were set aside.
type asideRow struct {
	Incident string     `json:"incident"`
	Stamp    string     `json:"stamp"`
	Since    *time.Time `json:"since"`
	Folders  []string   `json:"folders"` // paths
	Missing  []string   `json:"missing"`
	Messages int64      `json:"messages"`
	Files    int64      `json:"files"`
	Bytes    int64      `json:"bytes"`
	Sampled  int        `json:"sampled"`
	Recorded bool       `json:"recorded"` // an incident of this state folder made it
	Purge    *int64     `json:"purge"`    // messages of the incident that purge would remove; null if there is no record of it
	Ways     []string   `json:"ways"`     // command lines that bring it back or remove it

	nothing string // says that no message is left
}

type asideDocument struct {
	Version int        `json:"hikeshi"`
	Kind    string     `json:"kind"`
	Sets    []asideRow `json:"sets"`
	Warning string     `json:"warning,omitempty"`
}

// asideRows lists what is set aside beside the queue folders.
func (a *app) asideRows(cmd *cobra.Command, w *world) ([]asideRow, error) {
	sets, err := queue.List(cmd.Context(), w.host.Queue)
	if err != nil {
		return nil, err
	}
	rows := []asideRow{}
	for _, s := range sets {
		r := asideRow{Incident: s.Incident, Stamp: s.Stamp, Folders: []string{}, Missing: []string{}, Messages: s.Messages, Files: s.Files, Bytes: s.Bytes, Sampled: s.Sampled, Ways: []string{}}
		r.Missing = append(r.Missing, s.Missing...)
		if !s.Since.IsZero() {
			t := s.Since.UTC()
			r.Since = &t
		}
		for _, f := range s.Folders {
			r.Folders = append(r.Folders, f.Path)
		}
		if r.Recorded = s.Stock != nil; r.Recorded {
			r.Purge = &s.Stock.Messages
		}
		for _, way := range setaside.Ways(s) {
			r.Ways = append(r.Ways, way.In(a.lang()))
		}
		r.nothing = setaside.Nothing(s).In(a.lang())
		rows = append(rows, r)
	}
	return rows, nil
}

func (a *app) spoolList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "what is set aside, since when, by which incident, and how to bring it back", Args: cobra.NoArgs, Example: "  hikeshi spool list",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			rows, err := a.asideRows(cmd, w)
			if err != nil {
				return err
			}
			doc := asideDocument{Version: 1, Kind: "set-aside", Sets: rows}
			if len(rows) > 0 {
				doc.Warning = setaside.RestoreWarning().In(a.lang())
			}
			if a.isJSON() {
				return a.json(doc)
			}
			a.printAside(doc)
			return nil
		},
	}
}

func (a *app) printAside(doc asideDocument) {
	if len(doc.Sets) == 0 {
		fmt.Fprintln(a.stdout, a.word("nothing is set aside", "退避中のものはない"))
		return
	}
	for _, r := range doc.Sets {
		who := ""
		if !r.Recorded {
			who = a.word("  (not made by an incident of this state folder)", "  (この状態フォルダの事案によるものではない)")
		}
		s := a.screenOn(a.stdout)
		s.hang(2, fmt.Sprintf(a.word("incident %s%s", "事案 %s%s"), r.Incident, who))
		s.hang(2, runbook.T(
			fmt.Sprintf("  since %s  %s, %s, %s", a.when(r.Since), runbook.Count(r.Messages, "message"), runbook.Count(r.Files, "file"), bytesWord(r.Bytes)),
			fmt.Sprintf("  %s から  %s 通、%s ファイル、%s", a.when(r.Since), thousands(r.Messages), thousands(r.Files), bytesWord(r.Bytes))).In(a.lang()))
		if r.nothing != "" {
			s.hang(2, "  "+r.nothing)
		}
		for _, f := range r.Folders {
			fmt.Fprintf(a.stdout, "  %s\n", line(f))
		}
		for _, way := range r.Ways {
			command, does, _ := strings.Cut(way, "  ")
			s.hang(6, "  "+pad(command, 48)+"  "+strings.TrimSpace(does))
		}
	}
	a.screen().row("[!]", doc.Warning)
}

func (a *app) spoolPurge() *cobra.Command {
	var c changeFlags
	var count int
	cmd := &cobra.Command{
		Use: "purge INCIDENT", Short: "remove set-aside mail for good", Args: cobra.ExactArgs(1),
		Long: `Purge removes what this incident set aside, and nothing else. It cannot be undone.
The exact number of messages has to be given with --count (spool list shows it);
at a terminal it is asked.`,
		Example: "  hikeshi spool purge 20261121-0312 --count 48210 --accept-risk irreversible --yes",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			id, err := a.store(w.state).Find(args[0])
			if err != nil {
				return usagef("`hikeshi incidents` lists them", "%w", err)
			}
			return a.purge(cmd, w, id, count, c)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	cmd.Flags().IntVar(&count, "count", -1, "how many messages will be removed")
	c.add(cmd)
	return cmd
}

// purge removes what an incident set aside. Off a terminal the exact count has to be given; at one it is asked.
func (a *app) purge(cmd *cobra.Command, w *world, id string, count int, c changeFlags) error {
	stock, err := queue.Removable(cmd.Context(), w.host.Queue, id)
	if err != nil {
		return refusal(err)
	}
	if stock == nil {
		fmt.Fprintf(a.stderr, a.word("hikeshi: incident %s has nothing set aside\n", "hikeshi: 事案 %s に退避中のものはない\n"), id)
		return nil
	}
	messages := stock.Messages
	switch {
	case count < 0 && c.dryRun:
		count = int(messages)
	case count < 0:
		if count, err = a.askCount(cmd.Context(), messages); err != nil {
			return err
		}
	}
	if int64(count) != messages {
		return failf(exitUnconfirmed, "`hikeshi spool list` shows how many there are", "aborted, no changes made: --count %d, but %d messages are set aside by incident %s", count, messages, id)
	}
	return a.direct(cmd.Context(), w, directStep{ID: "purge", Phase: runbook.Learn, Uses: "queue.purge", Title: runbook.T("remove set-aside mail for good", "退避したメールを完全に削除する"),
		With: map[string]any{"incident": id, "count": count}}, c)
}

// askCount lets the responder type how many messages will be gone.
func (a *app) askCount(ctx context.Context, messages int64) (int, error) {
	p := a.prompter()
	if p == nil {
		return 0, failf(exitUnconfirmed, fmt.Sprintf("--count %d", messages), "aborted, no changes made: off a terminal purge needs --count")
	}
	for {
		text, err := p.ask(ctx, fmt.Sprintf(a.word("%d messages will be gone for good. Type that number:", "%d 通が完全に削除される。この数を入力:"), messages))
		switch {
		case errors.Is(err, errInterrupted):
			return 0, failf(exitInterrupted, "", "aborted, no changes made: %w", err)
		case err != nil || plainKey(text) == "q":
			return 0, failf(exitUnconfirmed, "", "aborted, no changes made")
		}
		if n, err := strconv.Atoi(strings.ReplaceAll(plainKey(text), ",", "")); err == nil && n >= 0 {
			return n, nil
		}
		a.screenOn(a.stderr).row("[?]", a.word("type the number, or q; Enter alone does nothing", "数か q を入力する。Enter だけでは何もしない"))
	}
}

// denier returns the server's way of denying; with a named file no server has to be there, only its rules.
func (a *app) denier(cmd *cobra.Command, file string) (spool.Denier, error) {
	if file == "" {
		w, err := a.world(cmd.Context(), "")
		if err != nil {
			return nil, err
		}
		d, ok := w.server.(spool.Denier)
		if !ok {
			return nil, failf(exitError, "", "this server has no deny file")
		}
		return d, nil
	}
	cfg, err := readConfig(a.flags.config)
	if err != nil {
		return nil, err
	}
	a.configured = cfg.Lang
	return epms.Rules(epms.Config{Own: spool.Own{Addresses: cfg.own, Domains: cfg.Own.Domains, Hostname: cfg.Own.Hostname}}), nil
}

// asideID returns the incident that name stands for: one of this state folder, or one that has something set aside on disk.
func (a *app) asideID(cmd *cobra.Command, w *world, name string) (string, error) {
	id, err := a.store(w.state).Find(name)
	if err == nil {
		return id, nil
	}
	rows, rerr := a.asideRows(cmd, w)
	if rerr != nil {
		return "", rerr
	}
	for _, r := range rows {
		if r.Incident == name {
			return name, nil
		}
	}
	return "", usagef("`hikeshi spool list` shows what is set aside", "%w", err)
}
