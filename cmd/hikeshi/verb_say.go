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
neither a mail server nor an incident; what is not known is marked.`,
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
	d, err := a.letterDesk(incident)
	if err != nil {
		return err
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
	return a.showNotices(d.incident, list, left, nil)
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

// showNotices prints notices: their texts on standard output and nothing else, unless there are several; what is missing on standard error.
func (a *app) showNotices(incident string, list []notice.Notice, left []runbook.Finding, files map[string]string) error {
	if a.isJSON() {
		doc := noticesDocument{Version: 1, Kind: "notices", Incident: incident, Letters: []noticeRow{}, Findings: findingRows(left, a.lang())}
		for _, n := range list {
			doc.Letters = append(doc.Letters, noticeRow{n.Letter.ID, n.Letter.To, n.Letter.Title.In(a.lang()), string(n.Letter.State), n.Letter.Missing(a.lang()), files[n.Letter.ID], n.Text})
		}
		return a.json(doc)
	}
	for i, n := range list {
		if len(list) > 1 {
			if i > 0 {
				fmt.Fprintln(a.stdout)
			}
			fmt.Fprintf(a.stdout, "--- %s: %s\n\n", n.Letter.ID, n.Letter.Title.In(a.lang()))
		}
		fmt.Fprint(a.stdout, clean(n.Text))
	}
	s := a.screenOn(a.stderr)
	for _, n := range list {
		if file := files[n.Letter.ID]; file != "" {
			s.printf("hikeshi: %s\n", fmt.Sprintf(a.word("incident %s, %s", "事案 %s の %s"), incident, file))
		}
		if len(n.Letter.Gaps) > 0 {
			left = append(left, delist.NoticeFinding(n))
		}
	}
	s.findings(left)
	return nil
}
