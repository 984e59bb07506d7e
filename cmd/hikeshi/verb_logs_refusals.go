package main

import "github.com/spf13/cobra"

func (a *app) logsRefusals() *cobra.Command {
	var f logsFlags
	cmd := &cobra.Command{
		Use: "refusals", Short: "what other servers answer to our mail, and which lists they name", Args: cobra.NoArgs,
		Long: `Refusals groups the replies of other mail servers by domain and by what they say:
how often, since when, an example, lines of the logs (file:offset), the blocklists,
hosts and codes that they name, and which of our addresses. Replies that speak of a
block, a list, a reputation or spam come first; unknown users and full mailboxes are
none. Of other people's addresses only the domain is shown.

Refusals for good stand in faillog, refusals for now (which will be tried again) in
senderlog alone, which is off by default; outlog names no replies. A log that does not
cover the time is named: what it would tell is unknown. Figures are refusals: one for
each recipient and each try. Only replies in English are understood.` + logsTimes + ` Without
--since it is the last 7 days of the logs.

Exit codes: 0 no refusal speaks of a block, 3 some do, 7 none does, but a log is off
or cannot be read.`,
		Example: "  hikeshi logs refusals\n  hikeshi logs refusals --since 48h --top 50\n  hikeshi logs refusals --since 2026-11-21 --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("top") && f.top <= 0 {
				return usagef("how many different replies are shown; without it 20", "--top %d: a number above 0", f.top)
			}
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			return a.readLogs(cmd.Context(), w, "logs.refusals", f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.since, "since", "", "from `TIME` on")
	fl.StringVar(&f.until, "until", "", "until `TIME`")
	fl.IntVar(&f.top, "top", 0, "show at most `N` different replies")
	return cmd
}
