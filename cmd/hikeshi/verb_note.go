package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

func (a *app) noteVerb() *cobra.Command {
	return &cobra.Command{
		Use: "note INCIDENT TEXT...", Short: "add a note to the record", Args: cobra.MinimumNArgs(2), Example: `  hikeshi note 20261121-0312 "told the customer by telephone, 03:40"`,
		RunE: func(_ *cobra.Command, args []string) error {
			text := strings.Join(args[1:], " ")
			if strings.TrimSpace(text) == "" {
				return usagef("`hikeshi note --help` shows an example", "a note without text records nothing")
			}
			jr, _, err := a.openIncident(args[0])
			if err != nil {
				return err
			}
			defer jr.Close()
			if err := jr.Append(runbook.Record{Event: runbook.Noted, Text: text}); err != nil {
				return unfinishedLine(jr, err)
			}
			return a.recorded(jr)
		},
		ValidArgsFunction: a.completeIncidents,
	}
}

func (a *app) attachVerb() *cobra.Command {
	return &cobra.Command{
		Use: "attach INCIDENT FILE", Short: "keep a file with the record", Args: cobra.ExactArgs(2), Example: "  hikeshi attach 20261121-0312 console-screenshot.png",
		RunE: func(_ *cobra.Command, args []string) error {
			fi, err := os.Stat(args[1]) // opening a FIFO would wait for a writer
			if err != nil {
				return usagef("", "attaching: %w", err)
			}
			if !fi.Mode().IsRegular() {
				return usagef("attach one file at a time", "attaching %s: it is no regular file", args[1])
			}
			f, err := os.Open(args[1])
			if err != nil {
				return usagef("", "attaching: %w", err)
			}
			defer f.Close()
			jr, _, err := a.openIncident(args[0])
			if err != nil {
				return err
			}
			defer jr.Close()
			if err := jr.Keep("", filepath.Base(args[1]), f, false); err != nil {
				return unfinishedLine(jr, err)
			}
			return a.recorded(jr)
		},
	}
}

// unfinishedLine says what to do where a crash has left the last line of the journal unfinished.
func unfinishedLine(jr *journal.Journal, err error) error {
	if !errors.Is(err, journal.ErrTorn) {
		return err
	}
	return failf(exitError, tornHint(jr.ID()), "%w", err)
}

func tornHint(id string) string {
	return "`hikeshi resume " + id + "` or `hikeshi undo " + id + "` repairs it; its bytes are kept"
}

type recordedDocument struct {
	Version  int    `json:"hikeshi"`
	Kind     string `json:"kind"`
	Incident string `json:"incident"`
	Head     string `json:"head"`
}

// recorded says that something was added to the record, and the new head.
func (a *app) recorded(jr *journal.Journal) error {
	head, err := jr.Head()
	if err != nil {
		return err
	}
	if a.isJSON() {
		return a.json(recordedDocument{Version: 1, Kind: "recorded", Incident: jr.ID(), Head: head})
	}
	fmt.Fprintf(a.stdout, a.word("recorded in incident %s\nhead:    %s\n", "事案 %s に記録した\nhead:    %s\n"), jr.ID(), head)
	return nil
}
