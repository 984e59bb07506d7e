package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"hikeshi/actions/queue"
	"hikeshi/runbook"
)

type foundDocument struct {
	Version int           `json:"hikeshi"`
	Kind    string        `json:"kind"`
	Found   []queue.Found `json:"found"`
}

func (a *app) spoolFind() *cobra.Command {
	var incident string
	cmd := &cobra.Command{
		Use: "find ADDRESS|DOMAIN|ID", Short: "find a message in the set-aside mail", Args: cobra.ExactArgs(1),
		Long: `Find looks through what is set aside for a message by its id, or by an address, an
account or a domain as sender or recipient, and shows how to bring it back. At most
200 are shown.`,
		Example: "  hikeshi spool find boss@example.com\n  hikeshi spool find B0000123123 --output json",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			if incident != "" {
				if incident, err = a.asideID(cmd, w, incident); err != nil {
					return err
				}
			}
			found, err := queue.FindMail(cmd.Context(), w.host.Queue, args[0], incident)
			if err != nil {
				return refusal(err)
			}
			if a.isJSON() {
				err = a.json(foundDocument{1, "found-mail", found})
			} else {
				a.printFound(found)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&incident, "incident", "", "only what this `INCIDENT` set aside")
	return cmd
}

func (a *app) printFound(found []queue.Found) {
	s := a.screenOn(a.stdout)
	for _, f := range found {
		from, to := sender(f.Sender), strings.Join(f.Recipients, ", ")
		if f.Unread {
			from, to = a.word("unknown", "不明"), a.word("unknown", "不明")
		}
		if more := f.Total - len(f.Recipients); more > 0 {
			to += fmt.Sprintf(a.word(" and %d more", " ほか %d 件"), more)
		}
		s.hang(4, fmt.Sprintf(a.word("%s  from %s  to %s  %s  %s", "%s  差出人 %s  あて先 %s  %s  %s"), f.ID, from, to, f.When.Local().Format("01-02 15:04"), bytesWord(f.Size)))
		if why := runbook.T(f.Why, f.WhyJA).In(a.lang()); why != "" {
			s.row("    [!]", why)
		}
		if f.Command != "" {
			fmt.Fprintf(a.stdout, "    %s\n", f.Command)
		}
	}
	if len(found) == 0 {
		fmt.Fprintln(a.stdout, a.word("nothing set aside fits", "該当する退避メールはない"))
	}
}

func sender(s string) string {
	if s == "" {
		return "<>"
	}
	return s
}
