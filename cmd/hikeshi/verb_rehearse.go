package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
	"hikeshi/spool/lab"
	"hikeshi/spool/lab/ways"
)

// rehearseFlags say how to rehearse.
type rehearseFlags struct {
	scenario, open    string
	units, keep, play bool
}

func (a *app) rehearseVerb() *cobra.Command {
	var f rehearseFlags
	cmd := &cobra.Command{
		Use: "rehearse [RUNBOOK]", Short: "practise: flood an embedded lab, run the runbook in it, judge the outcome", Args: cobra.MaximumNArgs(1),
		Long: `Rehearse builds a mail server of stand-ins in a folder of its own, lets a thief
with a stolen password flood it over SMTP while other people go on mailing, runs
the runbook in it, cuts the power in the middle, goes on, and judges the outcome by
facts: what left, what was lost, who is refused. It runs as any user and can not
touch a real server. Nothing is asked; with --play you answer the questions.

With --open the server has another hole, which the runbook mail-abuse has to find.
What it can close it closes, and ends with exit code 0; so it does with names-told,
which lets nobody in and is only told: ` + strings.Join(ways.Ending(false), ", ") + `.
What it cannot close it must not call closed, and stops at a gate, exit code 6:
` + strings.Join(ways.Ending(true), ", ") + `.

Exit codes: 0 judged good, 3 judged bad, 6 stopped at a gate.`,
		Example: "  hikeshi rehearse\n  hikeshi rehearse --play --lang ja\n  sudo hikeshi rehearse --units       real systemd units in a private systemd",
		RunE: func(cmd *cobra.Command, args []string) error {
			name := "mail-abuse"
			if len(args) == 1 {
				name = args[0]
			}
			return a.rehearse(cmd.Context(), name, f)
		},
		ValidArgsFunction: a.completeRunbooks,
	}
	fl := cmd.Flags()
	fl.StringVar(&f.scenario, "scenario", "", "what happens: "+strings.Join(scenarioNames(), ", "))
	fl.StringVar(&f.open, "open", "", "how the server is open besides: "+strings.Join(ways.Names(), ", "))
	fl.BoolVar(&f.units, "units", false, "run the stand-ins as units of a private systemd (root)")
	fl.BoolVar(&f.keep, "keep", false, "keep the lab's folder")
	fl.BoolVar(&f.play, "play", false, "you play the responder")
	_ = cmd.RegisterFlagCompletionFunc("open", cobra.FixedCompletions(ways.Names(), cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("scenario", cobra.FixedCompletions(scenarioNames(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func scenarioNames() []string {
	var names []string
	for _, s := range lab.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

// rehearse prepares the folder of a rehearsal, runs it, and takes the lab away again unless it is to be kept.
func (a *app) rehearse(ctx context.Context, name string, f rehearseFlags) error {
	scenario, ok := lab.Find(f.scenario)
	if !ok {
		return usagef("scenarios: "+strings.Join(scenarioNames(), ", "), "no scenario %q", f.scenario)
	}
	if scenario.Way, ok = ways.Find(f.open); !ok {
		return usagef("ways: "+strings.Join(ways.Names(), ", "), "no way %q to leave a server open", f.open)
	}
	if line := strings.TrimSpace(scenario.Way.Relay); scenario.Opening == "" {
		scenario.Opening = line // may be closed like that of a scenario
	}
	if err := a.readLang(); err != nil {
		return err
	}
	info, _, err := a.runbookInfo(name)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(info.Steps, func(s stepRow) bool { return s.Phase == string(runbook.Contain) }) {
		return usagef("`hikeshi plan "+name+"` shows what it would do", "runbook %s has no step that contains a flood, so a rehearsal has nothing to judge", name)
	}
	if f.play && (f.units || newPrompter(a.stdin, a.stderr, a.getenv("TERM")) == nil) {
		return failf(exitUnconfirmed, "leave --play away to rehearse unattended", "--play needs a terminal, and goes without --units")
	}
	dir, err := a.rehearsalDir()
	if err != nil {
		return err
	}
	r := &rehearsal{app: a, dir: dir, runbook: name, flags: f, scenario: scenario}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	outcome, err := r.play(ctx)
	if !f.keep {
		// The folder was made by this process and holds nothing but the lab.
		if rerr := os.RemoveAll(r.server()); rerr != nil {
			a.once("keep", "removing the lab: %v", rerr)
		}
	}
	if err != nil {
		return err
	}
	return a.judged(r, outcome)
}

// rehearsalDir makes the folder of a rehearsal: below the state folder, or where that cannot be written a temporary one.
func (a *app) rehearsalDir() (string, error) {
	state, err := a.stateDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(state, "rehearsals")
	if err := os.MkdirAll(base, 0o700); err != nil {
		base = ""
	}
	dir, err := os.MkdirTemp(base, a.now().Format("20060102-1504-"))
	if err != nil {
		return "", fmt.Errorf("making a folder for the rehearsal: %w", err)
	}
	return filepath.EvalSymlinks(dir)
}

// labVerb are the hidden verbs that the lab's units and the private systemd run.
func (a *app) labVerb() *cobra.Command {
	cmd := &cobra.Command{Use: "lab", Short: "parts of the rehearsal", Hidden: true}
	cmd.AddCommand(
		&cobra.Command{Use: "run DIR RUNBOOK SCENARIO [cut]", Args: cobra.RangeArgs(3, 4), Hidden: true, RunE: func(cmd *cobra.Command, args []string) error {
			return a.labRun(cmd.Context(), args[0], args[1], args[2], len(args) == 4 && args[3] == cutWord)
		}},
		&cobra.Command{Use: "look", Args: cobra.NoArgs, Hidden: true, RunE: func(cmd *cobra.Command, _ []string) error {
			return a.labLook(cmd.Context())
		}})
	return cmd
}

// daemonVerbs run the stand-in daemons: the names of the processes are those of the real ones, so they are not below `lab`.
func (a *app) daemonVerbs() []*cobra.Command {
	daemon := func(verb string, run func(context.Context, string) error) *cobra.Command {
		return &cobra.Command{Use: verb + " CONFIG", Args: cobra.ExactArgs(1), Hidden: true, RunE: func(cmd *cobra.Command, args []string) error {
			return run(cmd.Context(), args[0])
		}}
	}
	return []*cobra.Command{daemon(lab.VerbReceiver, lab.RunReceiver), daemon(lab.VerbDelivery, lab.RunDelivery)}
}
