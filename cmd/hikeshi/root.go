package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook/book"
	"hikeshi/runbook/engine"
	"hikeshi/runbook/report/story"
)

// app is one invocation: its streams, its environment and its global flags.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	now            func() time.Time

	flags globalFlags
	ran   bool // a verb began: errors before that are errors of usage
	wrote bool // standard output holds its one JSON document

	configured string // language of the configuration
	said       map[string]bool
	asker      *prompter // the terminal is tried once
}

type globalFlags struct {
	config, root, state, server, lang, output, color string
	quiet, verbose                                   bool
}

// execute runs the command line and returns the exit code. Errors go to standard error as text, and with --output json also as
// the one document on standard output where the verb has written none. Output that could not be written is an error of its own where
// there is no other; a code that a check ends with stays, and the words are said.
func (a *app) execute(ctx context.Context, args []string) int {
	a.said = map[string]bool{}
	out := &output{to: a.stdout}
	a.stdout = out
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	err := root.ExecuteContext(ctx)
	if lost := out.failed(); lost != nil && (mute(err) || errors.Is(err, lost)) {
		return a.unheard(err, lost)
	}
	if err == nil {
		return exitOK
	}
	if !a.ran {
		err = asUsage(err)
		if slices.Contains(args, "--output=json") || slices.Contains(args, "json") && slices.Contains(args, "--output") {
			a.flags.output = "json" // the flags may not have been read yet
		}
	}
	a.report(err)
	return codeOf(err)
}

// mute says whether an error says nothing, since the output has said it.
func mute(err error) bool {
	var f *failure
	return err == nil || errors.As(err, &f) && f.quiet
}

// unheard ends a verb that went well, or found something, and could not say so.
func (a *app) unheard(err, lost error) int {
	a.complain(clean(joined(a.translated("writing the output: " + lost.Error()))))
	return max(codeOf(err), exitError)
}

func asUsage(err error) error {
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	if strings.Contains(err.Error(), "duration") {
		return &failure{code: exitUsage, err: err, hint: "units are s, m and h, such as 90s, 5m or 2h; 30 days are 720h"}
	}
	return &failure{code: exitUsage, err: err, hint: "`hikeshi help` lists the verbs, `hikeshi VERB --help` the flags"}
}

// report says what went wrong: the error first, the hint on its own line.
func (a *app) report(err error) {
	var f *failure
	quiet := errors.As(err, &f) && f.quiet
	hint := a.translated(hintOf(err))
	text := a.translated(err.Error())
	if errors.Is(err, context.Canceled) && !errors.As(err, new(*engine.Stop)) {
		text = a.word("interrupted; nothing was changed", "中断した。何も変更していない")
	}
	if !quiet {
		if !errors.As(err, new(*book.Mistakes)) { // those are listed, each with its line
			text = joined(text)
		}
		a.complain(clean(text))
		if hint != "" {
			a.complain(a.word("hint", "ヒント") + ": " + hint)
		}
	}
	if a.flags.output == "json" && !a.wrote {
		a.json(errorDocument{Version: 1, Kind: "error", Error: text, Hint: hint})
	}
}

// complain writes to standard error. At a terminal its lines are wrapped; in a log every one stays as it is.
func (a *app) complain(text string) {
	s := a.screenOn(a.stderr)
	if !s.tty {
		fmt.Fprintf(a.stderr, "hikeshi: %s\n", text)
		return
	}
	for l := range strings.SplitSeq("hikeshi: "+text, "\n") {
		s.hang(9, l)
	}
}

type errorDocument struct {
	Version int    `json:"hikeshi"`
	Kind    string `json:"kind"`
	Error   string `json:"error"`
	Hint    string `json:"hint,omitempty"`
}

// json writes the one document of the verb.
func (a *app) json(v any) error {
	a.wrote = true
	return story.WriteJSON(a.stdout, v)
}

func (a *app) isJSON() bool { return a.flags.output == "json" }

const rootLong = `Hikeshi (火消し) answers a mail-relay abuse incident step by step: see what is
wrong, stop the mail services, set the queue aside without losing a message,
deny the source, start again, prove that it holds, report.

Nothing is changed that was not shown and confirmed; everything can be undone;
a crash is not an event: ` + "`hikeshi resume`" + ` goes on where it stopped.`

const rootExample = `  hikeshi status                     is it us, how bad, what to type
  hikeshi plan mail-abuse            everything the runbook would do, doing nothing
  hikeshi run mail-abuse             go through it, asked at every change
  hikeshi resume                     go on after a stop or a crash
  hikeshi undo 20261121-0312         walk back
  hikeshi rehearse                   practise on an embedded lab`

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use: "hikeshi", Short: "answer a mail-relay abuse incident, step by step",
		Long: rootLong, Example: rootExample,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRunE: func(cmd *cobra.Command, args []string) error { return a.prepare(cmd, args) },
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usagef("`hikeshi help` lists the verbs", "unknown verb %q", args[0])
			}
			if a.isJSON() { // whoever reads documents cannot use help
				return usagef("`hikeshi help` lists the verbs", "a verb is wanted")
			}
			return cmd.Help()
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return asUsage(err) })
	f := root.PersistentFlags()
	f.StringVar(&a.flags.config, "config", "", "configuration `FILE` (default /etc/hikeshi/config.yaml)")
	f.StringVar(&a.flags.root, "root", "/", "take every path of the mail server below `DIR`; no services are touched then")
	f.StringVar(&a.flags.state, "state", "", "where incidents are kept (default /var/lib/hikeshi as root, or $HIKESHI_STATE)")
	f.StringVar(&a.flags.server, "server", "", "mail server: epms (default: configuration, else detected)")
	f.StringVar(&a.flags.lang, "lang", "", "en or ja (default: from the environment)")
	f.StringVar(&a.flags.output, "output", "text", "text or json")
	f.StringVar(&a.flags.color, "color", "auto", "auto, never or always")
	f.BoolVarP(&a.flags.quiet, "quiet", "q", false, "say only what matters")
	f.BoolVarP(&a.flags.verbose, "verbose", "v", false, "say more")
	a.completeValues(root)
	root.AddCommand(a.verbs()...)
	root.AddCommand(a.daemonVerbs()...)
	for _, c := range root.Commands() {
		if c.HasSubCommands() {
			a.group(c)
		}
	}
	fitHelp(root)
	a.helpTopics(root)
	return root
}

// group makes a verb that only has verbs below it refuse what is none of them, and by itself show its help, where no document is wanted.
func (a *app) group(c *cobra.Command) {
	c.RunE = func(cmd *cobra.Command, args []string) error {
		hint := "`hikeshi " + c.Name() + " --help` lists what there is"
		switch {
		case len(args) == 0 && a.isJSON():
			return usagef(hint, "a verb below %s is wanted", c.Name())
		case len(args) == 0:
			return cmd.Help()
		}
		if near := c.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "did you mean `hikeshi " + c.Name() + " " + near[0] + "`?"
		}
		return usagef(hint, "unknown verb %q below %s", args[0], c.Name())
	}
	c.SuggestionsMinimumDistance = 2
}

func (a *app) completeValues(root *cobra.Command) {
	for flag, values := range map[string][]string{"lang": {"en", "ja"}, "output": {"text", "json"}, "color": {"auto", "never", "always"}, "server": {"epms"}} {
		// The error is for a flag that does not exist; these do.
		_ = root.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	for _, flag := range []string{"root", "state"} {
		_ = root.MarkPersistentFlagDirname(flag)
	}
}

// prepare checks the global flags before any verb, and that nothing is given that is empty.
func (a *app) prepare(cmd *cobra.Command, args []string) error {
	if err := notEmpty(cmd, args); err != nil {
		return err
	}
	for flag, v := range map[string]string{"output": a.flags.output, "color": a.flags.color, "lang": a.flags.lang} {
		ok := map[string][]string{"output": {"text", "json"}, "color": {"auto", "never", "always"}, "lang": {"en", "ja", ""}}[flag]
		if !slices.Contains(ok, v) {
			return usagef("", "--%s %q: use one of %s", flag, v, strings.TrimSuffix(strings.Join(ok, ", "), ", "))
		}
	}
	fi, err := os.Stat(a.flags.root)
	if err != nil {
		return usagef("", "--root: %w", err)
	}
	if !fi.IsDir() {
		return usagef("", "--root %s: not a directory", a.flags.root)
	}
	a.ran = true
	return nil
}
