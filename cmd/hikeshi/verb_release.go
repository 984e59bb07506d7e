package main

import (
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/runbook"
)

const releaseLong = `Release puts messages of an incident's set-aside folders back: all, or those that
fit every filter given. Retries go back through incoming, body before envelope;
a name that is taken is never overwritten and is listed. What an --except names
always stays. --clean takes mail to the outside that is no bounce, no older than a
day and not excluded; what the incident named as abused stays too. With --lot it
goes in lots, with a pause between them.

While an incident stands at a shut gate, and for mail of those whom an incident has
named as abused, only mail for own domains and a single message go without
--accept-risk reopening.`

func (a *app) spoolRelease() *cobra.Command {
	var c changeFlags
	var all, own, clean bool
	var senders, rcpts, clients, ids, notSenders, notClients []string
	var since, until, notSince, notUntil string
	var lot int
	var every time.Duration
	cmd := &cobra.Command{
		Use: "release INCIDENT", Short: "put set-aside mail back into the queue", Args: cobra.ExactArgs(1),
		Long:    releaseLong,
		Example: "  hikeshi spool release 20261121-0312 --own-domains\n  hikeshi spool release 20261121-0312 --recipient boss@example.com\n  hikeshi spool release 20261121-0312 --clean --except-sender taro --except-client 203.0.113.0/24 --lot 200 --every 2m",
		RunE: func(cmd *cobra.Command, args []string) error {
			if chosen := own || clean || since+until != "" || len(senders)+len(rcpts)+len(clients)+len(ids) > 0; all == chosen {
				return usagef("--all, or some of --own-domains, --clean, --sender, --recipient, --client, --id, --since and --until", "say which messages go back: all of them or a choice, not both")
			}
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			id, err := a.asideID(cmd, w, args[0])
			if err != nil {
				return err
			}
			if clean {
				who, from := a.suspects(w, id)
				notSenders, notClients = append(notSenders, who...), append(notClients, from...)
			}
			gate, left := "", []string(nil) // not for what goes to our own mailboxes only, nor for one message that somebody has looked at
			if one := len(ids) == 1 && len(senders)+len(rcpts)+len(clients) == 0 && since+until == ""; clean || !own && !one {
				if gate, err = a.anyShutGate(w); err != nil {
					return err
				}
				left = a.notExcluded(w, append(slices.Clone(notSenders), notClients...))
			}
			return a.direct(cmd.Context(), w, directStep{ID: "release", Phase: runbook.Recover, Uses: "queue.release", Title: runbook.T("put set-aside mail back", "退避したメールを戻す"),
				With: map[string]any{"incident": id, "all": all, "own_domains": own, "senders": senders, "recipients": rcpts, "clients": clients, "ids": ids, "since": since, "until": until, "clean": clean,
					"except_senders": notSenders, "except_clients": notClients, "except_since": notSince, "except_until": notUntil, "lot": lot, "every": pauseWord(every), "past_gate": gate, "suspects": left}}, c)
		},
		ValidArgsFunction: a.completeIncidents,
	}
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "everything")
	f.BoolVar(&own, "own-domains", false, "mail for own domains only")
	f.StringArrayVar(&senders, "sender", nil, "envelope `SENDER` (repeatable)")
	f.StringArrayVar(&rcpts, "recipient", nil, "`RECIPIENT` (repeatable)")
	f.StringArrayVar(&clients, "client", nil, "client `ADDRESS` (repeatable)")
	f.StringArrayVar(&ids, "id", nil, "message `ID` (repeatable)")
	f.StringVar(&since, "since", "", "from this `TIME` on, local time of the server")
	f.StringVar(&until, "until", "", "up to this `TIME`")
	f.BoolVar(&clean, "clean", false, "mail to the outside that is no bounce, no older than a day and not excluded")
	f.StringArrayVar(&notSenders, "except-sender", nil, "never mail of this `SENDER` or account (repeatable)")
	f.StringArrayVar(&notClients, "except-client", nil, "never mail from this client `ADDRESS` or network (repeatable)")
	f.StringVar(&notSince, "except-since", "", "never mail that arrived from this `TIME` on ...")
	f.StringVar(&notUntil, "except-until", "", "... up to this `TIME`")
	f.IntVar(&lot, "lot", 0, "put back so many messages, wait, and go on (default: all at once)")
	f.DurationVar(&every, "every", 0, "the wait between two lots (default 2m)")
	c.add(cmd)
	return cmd
}

// anyShutGate is an incident with a gate that has not opened, as INCIDENT (GATE), or "". It does not matter which incident set the mail
// aside: the hole is the same. An incident that was undone holds nothing back.
func (a *app) anyShutGate(w *world) (string, error) {
	all, _, err := a.histories(w.state)
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].State == runbook.IncidentUndone {
			continue
		}
		for _, s := range all[id].Steps {
			if s.Head.Gate && s.Result == runbook.ResultPending {
				return id + " (" + s.Head.ID + ")", nil
			}
		}
	}
	return "", err
}

// notExcluded are those whom incidents have named as abused, and whose mail is not excluded.
func (a *app) notExcluded(w *world, excluded []string) (left []string) {
	all, _, err := a.histories(w.state)
	if err != nil {
		return nil
	}
	for _, id := range slices.Sorted(maps.Keys(all)) {
		if all[id].State == runbook.IncidentUndone {
			continue
		}
		who, from := a.suspects(w, id)
		for _, name := range append(who, from...) {
			if !slices.Contains(excluded, name) && !slices.Contains(left, name) {
				left = append(left, name)
			}
		}
	}
	return left
}

// pauseWord is a duration as a runbook has it; "" for none.
func pauseWord(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}
