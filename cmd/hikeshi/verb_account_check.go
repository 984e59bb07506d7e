package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/spf13/cobra"

	"hikeshi/actions/account"
	"hikeshi/runbook"
	"hikeshi/runbook/engine/planner"
	"hikeshi/runbook/journal"
)

type checkDocument struct {
	Version  int                 `json:"hikeshi"`
	Kind     string              `json:"kind"`
	Result   string              `json:"result"` // closed, open or unknown
	Findings []findingRow        `json:"findings"`
	Facts    *account.CheckFacts `json:"facts"` // null if unknown
	Error    string              `json:"error,omitempty"`
}

func (a *app) accountCheck() *cobra.Command {
	var cause, incident string
	cmd := &cobra.Command{
		Use: "check ACCOUNT...", Short: "whether accounts are closed: locked, renamed, or open still", Args: cobra.MinimumNArgs(1),
		Long: `Check looks whether a thief is still let in. An account is closed if its name
and the auth file under it are gone, or if both passwords are others than those
kept by account.audit, and nothing is planted in its mailbox. With --cause b
(named without a login) a new password does not count: the name has to be gone.
The copies are those of --incident, or of the newest incident that looked at the
account; no password is shown.

Exit codes: 0 all are closed, 3 one is open, 7 it cannot be told.`,
		Example: "  hikeshi account check taro@example.jp\n  hikeshi account check taro --cause b --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cause != "" && !slices.Contains([]string{"a", "b"}, cause) {
				return usagef(a.word("a is a stolen password, b an account named without a login", "a はパスワードの盗用、b は認証なしで名乗られたアカウント"),
					a.word("--cause %q: a or b is wanted", "--cause %q: a か b を指定する"), cause)
			}
			w, err := a.accountWorld(cmd, "")
			if err != nil {
				return err
			}
			copies, err := a.copies(w, incident)
			if err != nil {
				return err
			}
			return a.checkAccounts(cmd.Context(), w, map[string]any{"accounts": args, "cause": cause}, copies)
		},
	}
	cmd.Flags().StringVar(&cause, "cause", "", "closed against `CAUSE` a (stolen password, the default) or b (no login)")
	cmd.Flags().StringVar(&incident, "incident", "", "compare with the copies of this incident")
	_ = cmd.RegisterFlagCompletionFunc("cause", cobra.FixedCompletions([]string{"a", "b"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// checkAccounts plans account.check and prints what it found.
func (a *app) checkAccounts(ctx context.Context, w *world, params map[string]any, copies runbook.Recorder) error {
	with, err := json.Marshal(params)
	if err != nil {
		return err
	}
	out, err := w.kinds["account.check"].Action.Plan(ctx, runbook.Input{Step: "check", With: with, Planned: []runbook.Change{}, Rec: copies})
	if err != nil && len(out.Findings) == 0 {
		return refusal(err)
	}
	doc, code := checkDocument{Version: 1, Kind: "account-check", Result: "unknown", Findings: findingRows(out.Findings, a.lang())}, exitUndetermined
	if facts, ok := out.Facts.(account.CheckFacts); ok {
		doc.Facts, doc.Result, code = &facts, "open", exitFound
		if facts.Closed {
			doc.Result, code = "closed", exitOK
		}
	}
	if err != nil {
		doc.Error = err.Error()
	}
	if a.isJSON() {
		err = a.json(doc)
	} else {
		err = nil
		a.screenOn(a.stdout).findings(out.Findings)
		words := map[string]string{"closed": a.word("closed", "閉じている"), "open": a.word("OPEN", "閉じていない"), "unknown": a.word("UNKNOWN", "判定できない")}
		fmt.Fprintln(a.stdout, words[doc.Result])
	}
	if err == nil && code != exitOK {
		return silent(code)
	}
	return err
}

// keptCopies gives back what incidents have kept, and keeps nothing.
type keptCopies struct {
	planner.Recorder
	store     journal.Store
	incidents []string // that are asked, in this order
}

// copies are those of one incident, or of all of this server, the newest first.
func (a *app) copies(w *world, incident string) (runbook.Recorder, error) {
	k := keptCopies{Recorder: planner.Recorder{Told: func(string, int64, int64) {}}, store: a.store(w.state)}
	if incident != "" {
		id, err := k.store.Find(incident)
		if err != nil {
			return nil, usagef("`hikeshi incidents` lists them", "%w", err)
		}
		k.incidents = []string{id}
		return k, nil
	}
	all, ids, err := a.histories(w.state)
	if err != nil {
		return nil, err
	}
	for _, id := range slices.Backward(ids) {
		if all[id].Opening.Root == w.root {
			k.incidents = append(k.incidents, id)
		}
	}
	return k, nil
}

// Kept returns the first copy of that name.
func (k keptCopies) Kept(name string) ([]byte, error) {
	for _, id := range k.incidents {
		data, err := keptIn(k.store, id, name)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
	}
	return nil, fmt.Errorf("reading the kept copy %s: %w", name, fs.ErrNotExist)
}

func keptIn(s journal.Store, id, name string) ([]byte, error) {
	jr, err := journal.Open(s, id)
	if err != nil {
		return nil, err
	}
	defer jr.Close()
	return jr.Kept(name)
}
