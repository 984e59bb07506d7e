package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

func (a *app) verifyVerb() *cobra.Command {
	var head string
	cmd := &cobra.Command{
		Use: "verify INCIDENT", Short: "check the hash chain and the evidence of an incident", Args: cobra.ExactArgs(1),
		Long:    "Verify walks the chain of hashes and compares every kept file with its hash. With\n--head it also proves that the head noted earlier is in the chain.\n\nExit codes: 0 all is as it was written, 3 something was changed, or a crash has left\nthe last line unfinished.",
		Example: "  hikeshi verify 20261121-0312\n  hikeshi verify 20261121-0312 --head $(cat head.txt)",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.storeOnly()
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("head") && !isHash(head) {
				return usagef("the whole head, as a run or the report prints it", "--head %q: 64 hexadecimal digits are wanted", head)
			}
			r, err := journal.Verify(s, args[0], head)
			if errors.Is(err, fs.ErrNotExist) {
				return usagef("`hikeshi incidents` lists them", "%w", err)
			}
			if err != nil {
				return err
			}
			return a.showVerified(r)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	cmd.Flags().StringVar(&head, "head", "", "a head `HASH` that was noted earlier")
	return cmd
}

// isHash says whether s is a SHA-256 in hexadecimal digits.
func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == sha256.Size
}

type verifyDocument struct {
	Version  int      `json:"hikeshi"`
	Kind     string   `json:"kind"`
	Incident string   `json:"incident"`
	Records  int      `json:"records"`
	Files    int      `json:"files"`
	Head     string   `json:"head"`
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`
	Torn     int64    `json:"torn"`  // bytes of a last line that a crash left unfinished
	Extra    []string `json:"extra"` // files that no record names
}

func (a *app) showVerified(r journal.Report) error {
	doc := verifyDocument{Version: 1, Kind: "verify", Incident: r.Incident, Records: r.Records, Files: r.Files, Head: r.Head, OK: len(r.Problems) == 0 && r.Torn == 0, Problems: []string{}, Torn: r.Torn, Extra: append([]string{}, r.Extra...)}
	for _, p := range r.Problems {
		text := p.Text.In(a.lang())
		if p.Record >= 0 {
			text = fmt.Sprintf(a.word("record %d: %s", "記録 %d: %s"), p.Record, text)
		}
		doc.Problems = append(doc.Problems, text)
	}
	if r.Torn > 0 {
		doc.Problems = append(doc.Problems, fmt.Sprintf(a.word("the last line is unfinished after a crash (%d bytes): %s", "最後の行は異常終了のため書きかけ (%d バイト): %s"), r.Torn, a.translated(tornHint(r.Incident))))
	}
	if a.isJSON() {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		for _, p := range doc.Problems {
			a.screenOn(a.stdout).hang(4, "[!] "+line(p))
		}
		fmt.Fprintf(a.stdout, a.word("incident %s: %s, %s compared: %[5]s\nhead:    %[4]s\n", "事案 %[1]s: 記録 %[6]d 件、ファイル %[7]d 件を照合: %[5]s\nhead:    %[4]s\n"),
			r.Incident, runbook.Count(int64(r.Records), "record"), runbook.Count(int64(r.Files), "file"), r.Head, map[bool]string{true: a.word("all as written", "すべて記録どおり"), false: a.word("NOT as written", "記録と一致しない")}[len(r.Problems) == 0], r.Records, r.Files)
	}
	if len(r.Extra) > 0 && !a.isJSON() {
		a.screen().row("", a.word("files that no record names (a crash while copying leaves such): ", "記録にないファイル(コピー中の異常終了で残ることがある): ")+line(strings.Join(r.Extra, ", ")))
	}
	if !doc.OK {
		return silent(exitFound)
	}
	if r.HeadAt < 0 && !a.isJSON() {
		a.screen().row("", a.word("without --head nothing proves that records at the end are not missing", "--head を指定しないと、末尾の記録が欠けていないことまでは証明できない"))
	}
	return nil
}
