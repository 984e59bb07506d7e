package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/delist"
	"hikeshi/actions/delist/notice"
	"hikeshi/runbook"
)

func (a *app) sayVerb() *cobra.Command {
	var f noticeFlags
	cmd := &cobra.Command{
		Use: "say [INCIDENT] [first|restored]", Short: "words for the telephone, to be read aloud", Args: cobra.MaximumNArgs(2),
		Long: `Say prints what can be said on the telephone now: that mail is down (first), or
that it is back (restored). By default the record decides: restored once the
services were started and all seen running again. It records nothing and needs
neither a mail server nor an incident; what is not known is marked. Exit code 7:
there are incidents, and they cannot be read.`,
		Example: "  hikeshi say\n  hikeshi say restored --for customers --in ja\n  hikeshi say 20261121-0312 first --next 05:30",
		RunE: func(_ *cobra.Command, args []string) error {
			return a.say(args, f)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
			ids, _ := a.completeIncidents(cmd, args, typed)
			return append([]string{"first", "restored"}, ids...), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f.add(a, cmd)
	cmd.Flags().StringVar(&f.audience, "for", "", "staff, upstream or customers (default: all three)")
	_ = cmd.RegisterFlagCompletionFunc("for", cobra.FixedCompletions(audiences(), cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func audiences() []string { return []string{"staff", "upstream", "customers"} }

// say prints the words.
func (a *app) say(args []string, f noticeFlags) error {
	incident, when := "", ""
	for _, arg := range args {
		switch {
		case arg == "first" || arg == "restored":
			when = arg
		case incident == "" && strings.ContainsAny(arg, "0123456789"):
			incident = arg
		default:
			return usagef("say first, or restored; `hikeshi incidents` lists the incidents", "%q is neither an incident nor what is to be said", arg)
		}
	}
	if f.audience != "" && !slices.Contains(audiences(), f.audience) {
		return usagef("", "--for %q: use one of %s", f.audience, strings.Join(audiences(), ", "))
	}
	d, unread := a.letterDesk(incident)
	if unread != nil && codeOf(unread) != exitUndetermined {
		return unread
	}
	if when == "" {
		when = "first"
		if notice.Restored(d.c) {
			when = "restored"
		}
	}
	var names []string
	for _, who := range audiences() {
		if f.audience == "" || f.audience == who {
			names = append(names, "say-"+when+"-"+who)
		}
	}
	list, left, err := d.env.Notices(d.c, f.ask(names))
	if err != nil {
		return noticeRefusal(err)
	}
	switch {
	case unread != nil:
		left = append(left, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s; what happened and when is to be filled in", "%s。起きたことと時刻は記入が必要", a.translated(joined(unread.Error())))})
	case d.incident == "":
		left = append(left, runbook.Finding{Level: runbook.Warn, Text: runbook.T("no incident is recorded: what happened and when is to be filled in", "事案の記録がない。起きたことと時刻は記入が必要")})
	}
	if err := a.showNotices(notices{incident: d.incident, list: list, left: left}); err != nil {
		return err
	}
	return silent(codeOf(unread))
}

type noticesDocument struct {
	Version  int          `json:"hikeshi"`
	Kind     string       `json:"kind"`
	Incident string       `json:"incident"` // "" if there is none
	Letters  []noticeRow  `json:"letters"`
	Findings []findingRow `json:"findings"`
}

type noticeRow struct {
	ID    string   `json:"id"`
	To    string   `json:"to"`
	Title string   `json:"title"`
	State string   `json:"state"`
	Gaps  []string `json:"gaps"`
	File  string   `json:"file"` // below the folder of the incident; "" where it was not written down
	Text  string   `json:"text"`
}

// notices are what there is to show.
type notices struct {
	incident string // "" if there is none
	list     []notice.Notice
	left     []runbook.Finding
	files    map[string]string // below the folder of the incident, by the id of the letter
	raw      bool              // the one notice as its file, for standard output
}

// showNotices prints notices: their texts on standard output and nothing else, unless there are several; what is missing on standard error.
func (a *app) showNotices(all notices) error {
	list, left, files := all.list, all.left, all.files
	switch {
	case a.isJSON():
		doc := noticesDocument{Version: 1, Kind: "notices", Incident: all.incident, Letters: []noticeRow{}, Findings: findingRows(left, a.lang())}
		for _, n := range list {
			doc.Letters = append(doc.Letters, noticeRow{n.Letter.ID, n.Letter.To, n.Letter.Title.In(a.lang()), string(n.Letter.State), n.Letter.Missing(a.lang()), files[n.Letter.ID], n.Text})
		}
		return a.json(doc)
	case all.raw:
		if _, err := a.stdout.Write(list[0].Data); err != nil {
			return err
		}
	default:
		a.printNotices(list)
	}
	s := a.screenOn(a.stderr)
	for _, n := range list {
		if file := files[n.Letter.ID]; file != "" {
			s.printf("hikeshi: %s\n", fmt.Sprintf(a.word("incident %s, %s", "事案 %s の %s"), all.incident, file))
		}
		if len(n.Letter.Gaps) > 0 {
			left = append(left, delist.NoticeFinding(n))
		}
	}
	s.findings(left)
	return nil
}

// printNotices prints the texts of notices, each with a head where there are several.
func (a *app) printNotices(list []notice.Notice) {
	s := a.screenOn(a.stdout)
	for i, n := range list {
		if len(list) > 1 {
			if i > 0 {
				s.printf("\n")
			}
			s.hang(4, fmt.Sprintf("--- %s: %s", n.Letter.ID, n.Letter.Title.In(a.lang())))
			s.printf("\n")
		}
		s.letter(n.Text)
	}
}

// letter prints a text for others. At a terminal its lines are wrapped; in a file or a pipe every one stays as it is.
func (s *screen) letter(text string) {
	if !s.tty {
		s.printf("%s", clean(text))
		return
	}
	for _, l := range lines(text) {
		s.hang(hanging(l), l)
	}
}

// hanging is how far what does not fit on a line of a letter hangs below it: by its indentation, and below the text of an item.
func hanging(l string) int {
	text := strings.TrimLeft(l, " ")
	n := len(l) - len(text)
	if strings.HasPrefix(text, "- ") || strings.HasPrefix(text, "・") {
		n += 2
	}
	return n
}
