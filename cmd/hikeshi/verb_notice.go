package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/delist"
	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/notice"
	"hikeshi/runbook"
	"hikeshi/runbook/journal"
)

// noticeFlags say how notices are written.
type noticeFlags struct{ in, next, out, audience string }

func (f *noticeFlags) add(a *app, cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.in, "in", "", "en or ja (default: --lang; JPCERT/CC and IPA: ja)")
	cmd.Flags().StringVar(&f.next, "next", "", "`TIME` of the next word: 14:30, or 2026-11-22T14:30:00+09:00 (an hour from now)")
	_ = cmd.RegisterFlagCompletionFunc("in", cobra.FixedCompletions([]string{"en", "ja"}, cobra.ShellCompDirectiveNoFileComp))
}

// ask is what is wanted of the package of letters.
func (f *noticeFlags) ask(names []string) delist.NoticeAsk {
	q := delist.NoticeAsk{About: names, Next: f.next}
	if f.in != "" {
		q.Languages = []string{f.in}
	}
	return q
}

func (a *app) noticeVerb() *cobra.Command {
	var f noticeFlags
	cmd := &cobra.Command{
		Use: "notice [INCIDENT] NAME...", Short: "write notices, and send none: mail is down, it is back, what happened", Args: cobra.MinimumNArgs(1),
		Long: `Notice prints each notice and lays it down in the drafts of the incident (without
INCIDENT: the newest that stopped services or ran a runbook). No gate holds it
back: a first notice can be written while the queue is still dirty. But nothing is
written from a record that was changed (exit code 7).

  first       mail is down: staff, upstream, customers, and words to say
  restored    mail is back: the same
  provider    account of the incident for the owner of the network
  user        for the owner of each account that was abused, on paper
  complaint   answer to a complaint from outside
  jpcert      report to JPCERT/CC        ipa   notification to IPA

A single one goes by its own name, such as first-staff or say-first-upstream. What
neither the record nor contact in the configuration tells is marked in the text:
[[FILL IN: what]]. Messages are .eml files that mail programs open as drafts.
Kind in runbooks: notice.draft.`,
		Example: "  hikeshi notice first --next 05:30\n  hikeshi notice 20261121-0312 provider jpcert\n  hikeshi notice first-customers --in en -o first.eml",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.writeNotices(args, f)
		},
		ValidArgsFunction: a.completeNotices,
	}
	f.add(a, cmd)
	cmd.Flags().StringVarP(&f.out, "out", "o", "", "write the one notice to `FILE` as well, which must not be there yet; - is\nstandard output, for it alone")
	return cmd
}

// completeNotices offers incidents first, then names.
func (a *app) completeNotices(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	names := slices.Concat(notice.Abouts(), notice.All())
	if len(args) == 0 {
		ids, _ := a.completeIncidents(cmd, args, typed)
		names = append(names, ids...)
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

// writeNotices writes notices down in the incident and prints them.
func (a *app) writeNotices(args []string, f noticeFlags) error {
	incident, names, err := noticeArgs(args)
	if err != nil {
		return err
	}
	d, err := a.letterDesk(incident)
	if err != nil {
		return err
	}
	if d.incident == "" {
		return usagef("`hikeshi say` needs none", "no incident is recorded yet, so there is nothing to write a notice from")
	}
	list, left, err := d.env.Notices(d.c, f.ask(names))
	if err != nil {
		return noticeRefusal(err)
	}
	if f.out != "" && len(list) != 1 {
		return usagef("name a single one, such as first-staff", "--out %s: %d notices would be written", f.out, len(list))
	}
	if f.out == "-" && a.isJSON() {
		return usagef("", "%s", a.word("--out - and --output json: standard output is for one document", "--out - と --output json は併用できない。標準出力に出せる文書は 1 つだけ"))
	}
	if f.out != "" && f.out != "-" {
		if err := createFile(f.out, list[0].Data); err != nil {
			return fmt.Errorf("writing the notice: %w", err)
		}
	}
	files, err := a.layDown(d, list)
	if err != nil {
		return err
	}
	return a.showNotices(notices{d.incident, list, left, files, f.out == "-"})
}

// noticeArgs tells the incident, which may be left out, from the names of notices.
func noticeArgs(args []string) (incident string, names []string, err error) {
	if names = args; len(notice.Names(args[0])) == 0 && strings.ContainsAny(args[0], "0123456789") {
		incident, names = args[0], args[1:]
	}
	for _, name := range names {
		if len(notice.Names(name)) == 0 {
			return "", nil, usagef("`hikeshi notice --help` lists the names", "no notice has the name %q", name)
		}
	}
	if len(names) == 0 {
		return "", nil, usagef("`hikeshi notice --help` lists the names", "which notice of incident %s is to be written?", incident)
	}
	return incident, names, nil
}

// layDown keeps notices in the incident, and says where each lies below its folder.
func (a *app) layDown(d letterDesk, list []notice.Notice) (map[string]string, error) {
	jr, records, err := a.openIncident(d.incident)
	if err != nil {
		return nil, err
	}
	defer jr.Close()
	h, err := runbook.Fold(records)
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		if err := delist.Lay(n, h, jr.Draft); err != nil {
			return nil, unfinishedLine(jr, err)
		}
	}
	if h, err = d.env.History(d.incident); err != nil {
		return nil, err
	}
	files := map[string]string{}
	for _, n := range list {
		if l := h.Letter(n.Letter.ID); l != nil {
			files[n.Letter.ID] = l.Name
		}
	}
	return files, nil
}

// noticeRefusal tells what was asked wrongly from what went wrong.
func noticeRefusal(err error) error {
	if errors.Is(err, runbook.ErrInput) {
		return usagef("`hikeshi notice --help` shows an example", "%w", err)
	}
	return err
}

// A letterDesk is what letters are written with: the configuration, and an incident if there is one.
type letterDesk struct {
	env      delist.Env
	incident string // "" if there is none
	c        casefile.Case
}

// letterDesk needs the state folder and the configuration, no mail server; one that is there tells its name and its addresses. Without a
// name it takes the newest incident that stopped the services or went through a runbook. With an error of code exitUndetermined, a record
// that cannot be read, the desk is there without a case.
func (a *app) letterDesk(name string) (letterDesk, error) {
	cfg, err := readConfig(a.flags.config)
	if err != nil {
		return letterDesk{}, err
	}
	a.configured = cfg.Lang
	state, err := a.stateDir()
	if err != nil {
		return letterDesk{}, err
	}
	w := &world{cfg: cfg, state: state}
	if w.root, err = filepath.Abs(a.flags.root); err != nil {
		return letterDesk{}, usagef("", "--root %s: %w", a.flags.root, err)
	}
	if w.server, err = a.findServer(cfg); codeOf(err) == exitUsage {
		return letterDesk{}, err
	} else if err != nil {
		w.server = nil // the configuration has to do
	}
	d := letterDesk{env: w.delistEnv(a, w.ownKnown())}
	if d.incident, err = a.noticeCase(state, name); err != nil || d.incident == "" {
		return d, err
	}
	h, err := d.env.History(d.incident)
	if err != nil {
		return d, err
	}
	if d.c, err = casefile.Read(h); err != nil {
		a.once("part", a.word("a part of the record of %s cannot be read, so it is a gap here: %v", "事案 %s の記録の一部を読めないため、その部分は空欄にする: %v"), d.incident, err)
	}
	return d, nil
}

// noticeCase is the incident that name stands for, or without a name the newest that stopped services or went through a runbook; "" if
// there is none. One that cannot be read may be that one, so none is taken from before it.
func (a *app) noticeCase(state, name string) (string, error) {
	s := a.store(state)
	if name != "" {
		id, err := s.Find(name)
		if errors.Is(err, fs.ErrNotExist) {
			return "", usagef("`hikeshi incidents` lists them", "%w", err)
		}
		return id, a.unreadable(err)
	}
	entries, err := journal.List(s)
	if err != nil {
		return "", a.unreadable(err)
	}
	for _, e := range slices.Backward(entries) {
		h, err := history(s, e.ID)
		if err != nil {
			return "", failf(exitUndetermined, a.word("name the incident, if it is another one", "別の事案についてなら、事案を指定する"),
				a.word("the newest incident, %s, cannot be read: %v", "最新の事案 %s を読めない: %v"), e.ID, err)
		}
		stops := slices.ContainsFunc(h.Changes, func(c *runbook.ChangeHistory) bool { return c.Kind == "service.stop" })
		if stops || len(h.Steps) > 1 {
			return e.ID, nil
		}
	}
	return "", nil
}

// unreadable is the error of a folder of incidents that cannot be read; nil if err is nil.
func (a *app) unreadable(err error) error {
	if err == nil {
		return nil
	}
	return failf(exitUndetermined, a.word("--state DIR names the folder of the incidents", "事案のあるディレクトリは --state DIR で指定する"), a.word("the incidents cannot be read: %w", "事案の記録を読めない: %w"), err)
}
