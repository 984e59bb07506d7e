package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/spool"
)

func (a *app) relayFix() *cobra.Command {
	var c changeFlags
	var lines []string
	var catchAll bool
	cmd := &cobra.Command{
		Use: "fix", Short: "change lines that open the server to `default`, and demand a login for mail to the outside", Args: cobra.NoArgs,
		Long: `Fix changes the lines that open the server (own domain with true or no action, wide
true; see relay lint) to PATTERN default, all of them or those of --line, and shows
whose decisions change. --catch-all adds *.*.*.* norelay,2 as the last line, and the
lines become norelay,2 as well: mail to the outside then needs a login.
Without it default asks for no login where the settings demand none: what a
stranger could still do is told as BAD, with what closes it.

Exit codes: 0 done or nothing to mend, 3 nothing to mend but the door is open.`,
		Example: "  hikeshi relay fix --dry-run\n  hikeshi relay fix --line 3 --line 7\n  hikeshi relay fix --catch-all --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			if len(lines) == 0 {
				lines = []string{"all"}
			}
			return a.direct(cmd.Context(), w, directStep{ID: "fix", Phase: runbook.Eradicate, Uses: "relay.fix", Title: runbook.T("close the lines that open the server", "中継を許す行をふさぐ"),
				With: map[string]any{"lines": lines, "add_catch_all": catchAll}}, c)
		},
	}
	cmd.Flags().StringArrayVar(&lines, "line", nil, "only this `LINE` (repeatable; default: all that open the server)")
	cmd.Flags().BoolVar(&catchAll, "catch-all", false, "add the last line that demands a login for mail to the outside")
	c.add(cmd)
	return cmd
}

type settingsDocument struct {
	Version  int          `json:"hikeshi"`
	Kind     string       `json:"kind"`
	Settings []settingRow `json:"settings"`
}

type settingRow struct {
	Name    string `json:"name"`
	Value   string `json:"value"` // "" when it is not set
	Default string `json:"default"`
	Level   string `json:"level"`
	Text    string `json:"text"`
	Path    string `json:"path"`
}

func (a *app) relaySettings() *cobra.Command {
	var c changeFlags
	var values []string
	var profile string
	cmd := &cobra.Command{
		Use: "settings", Short: "the settings that matter in an incident; --set and --profile change them", Args: cobra.NoArgs,
		Long: `Settings shows who has to log in, lock-outs, log switches and what each value means.
--set NAME=VALUE and --profile change values of the settings tree, while the service
that reads them is stopped. Profiles: auth (local senders have to log in), logs (all
logs on), lockouts (refuse after failed logins). Undo puts the old values back.

Exit codes without a change: 0 nothing to mend, 3 a value opens the server.`,
		Example: "  hikeshi relay settings\n  hikeshi relay settings --profile logs --dry-run\n  hikeshi relay settings --set SMTPAUTHOnly=2 --yes",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			if len(values) == 0 && profile == "" {
				return a.showSettings(w)
			}
			return a.direct(cmd.Context(), w, directStep{ID: "set", Phase: runbook.Eradicate, Uses: "settings.set", Title: runbook.T("change settings of the server", "サーバーの設定を変える"),
				With: map[string]any{"values": values, "profile": profile}}, c)
		},
	}
	cmd.Flags().StringArrayVar(&values, "set", nil, "set `NAME=VALUE` (repeatable)")
	cmd.Flags().StringVar(&profile, "profile", "", "values that belong together: auth, logs or lockouts")
	_ = cmd.RegisterFlagCompletionFunc("profile", cobra.FixedCompletions([]string{"auth", "logs", "lockouts"}, cobra.ShellCompDirectiveNoFileComp))
	c.add(cmd)
	return cmd
}

// showSettings lists the settings with what their values mean.
func (a *app) showSettings(w *world) error {
	t, ok := w.server.(spool.Tuner)
	if !ok {
		return failf(exitError, "", "this server has no settings that are known")
	}
	all, err := t.Settings()
	if err != nil {
		return refusal(err)
	}
	doc, bad := settingsDocument{Version: 1, Kind: "settings", Settings: []settingRow{}}, false
	for _, s := range all {
		doc.Settings = append(doc.Settings, settingRow{s.Name, line(s.Value), s.Default, s.Level, runbook.T(s.Text, s.TextJA).In(a.lang()), s.Path})
		bad = bad || s.Level == "bad"
	}
	if a.isJSON() {
		err = a.json(doc)
	} else {
		a.printSettings(doc)
	}
	if err == nil && bad {
		return silent(exitFound)
	}
	return err
}

func (a *app) printSettings(doc settingsDocument) {
	s := a.screenOn(a.stdout)
	for _, r := range doc.Settings {
		value := r.Value
		if value == "" {
			value = fmt.Sprintf(a.word("not set (%s)", "未設定 (%s)"), r.Default)
		}
		s.row(s.level(runbook.Level(r.Level)), line(r.Name)+" = "+value+": "+line(r.Text))
	}
}
