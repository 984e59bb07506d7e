package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/spool"
)

func (a *app) serviceVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "service", Short: "the mail services: status, stop, start, restart",
		Long: `Stop also bars every restart, over a reboot too, until a start by hikeshi.
Without UNIT the services that use the queue are meant; on a stop the delivery
goes first, on a start the receiver comes last.
Kinds in runbooks: service.status, service.stop, service.start, service.restart.`,
	}
	cmd.AddCommand(a.serviceStatus(),
		a.serviceChange("stop", runbook.T("stop the mail services", "メールサービスを止める"), runbook.Contain),
		a.serviceChange("start", runbook.T("start the mail services", "メールサービスを起動する"), runbook.Recover),
		a.serviceChange("restart", runbook.T("restart the mail services", "メールサービスを再起動する"), runbook.Recover))
	return cmd
}

func (a *app) serviceChange(verb string, title runbook.Text, phase runbook.Phase) *cobra.Command {
	var c changeFlags
	var timeout string
	cmd := &cobra.Command{
		Use: verb + " [UNIT...]", Short: title.EN, Example: "  hikeshi service " + verb + "\n  hikeshi service " + verb + " epstdd.service --yes --accept-risk disruptive",
		RunE: func(cmd *cobra.Command, args []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			if verb != "stop" && !c.dryRun {
				if err := a.shutGate(w, c); err != nil {
					return err
				}
			}
			return a.direct(cmd.Context(), w, directStep{ID: verb, Phase: phase, Uses: "service." + verb, Title: title, With: map[string]any{"units": args, "timeout": timeout}}, c)
		},
		ValidArgsFunction: a.completeUnits,
	}
	cmd.Flags().StringVar(&timeout, "timeout", "", "how long to wait for each (default 90s)")
	c.add(cmd)
	return cmd
}

func (a *app) completeUnits(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	w, err := a.world(cmd.Context(), "")
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var units []string
	for _, s := range w.host.Service.Services {
		units = append(units, s.Unit)
	}
	return units, cobra.ShellCompDirectiveNoFileComp
}

type servicesDocument struct {
	Version  int          `json:"hikeshi"`
	Kind     string       `json:"kind"`
	Manager  string       `json:"manager"`
	Services []serviceRow `json:"services"`
}

type serviceRow struct {
	Unit      string     `json:"unit"`
	Role      spool.Role `json:"role"`
	Load      string     `json:"load"`
	Active    string     `json:"active"`
	Sub       string     `json:"sub"`
	Enabled   string     `json:"enabled"`
	Since     *time.Time `json:"since"`
	PIDs      []int      `json:"pids"`
	Barred    bool       `json:"barred"`
	Incident  string     `json:"incident,omitempty"` // that barred it
	Error     string     `json:"error,omitempty"`
	attention bool
	deaf      error // systemd could not be asked
}

func (a *app) serviceStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "state of the mail services", Args: cobra.NoArgs,
		Long: "Exit codes: 0 all run, 3 one does not or is barred.", Example: "  hikeshi service status\n  hikeshi service status --output json",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			doc := servicesDocument{Version: 1, Kind: "services", Manager: w.manager, Services: w.services(cmd)}
			bad := false
			for _, r := range doc.Services {
				bad = bad || r.attention
			}
			if a.isJSON() {
				if err := a.json(doc); err != nil {
					return err
				}
			} else {
				a.showServices(doc)
				for _, r := range doc.Services {
					if r.deaf != nil {
						return failf(exitFound, withoutBus, "%w", r.deaf)
					}
				}
			}
			if bad {
				return silent(exitFound)
			}
			return nil
		},
	}
}

// services looks at every service of the server.
func (w *world) services(cmd *cobra.Command) []serviceRow {
	barred := map[string]service.Hold{}
	if holds, err := service.Held(w.host.Service); err == nil {
		for _, h := range holds {
			barred[h.Unit] = h
		}
	}
	rows := []serviceRow{}
	for _, s := range w.host.Service.Services {
		r := serviceRow{Unit: s.Unit, Role: s.Role, Active: "unknown", PIDs: []int{}}
		if h, ok := barred[s.Unit]; ok {
			r.Barred, r.Incident, r.attention = true, h.Incident, true
		}
		if w.manager == "none" {
			rows = append(rows, r)
			continue
		}
		u, err := w.host.Service.Manager.Look(cmd.Context(), s.Unit)
		if err != nil {
			r.Error, r.attention = err.Error(), true
			if errors.Is(err, service.ErrUnreachable) {
				r.deaf = err
			}
			rows = append(rows, r)
			continue
		}
		r.Load, r.Active, r.Sub, r.Enabled = u.Load, u.Active, u.Sub, u.Enabled
		r.PIDs = append(r.PIDs, u.PIDs...)
		if !u.Since.IsZero() {
			t := u.Since.UTC()
			r.Since = &t
		}
		r.attention = r.Barred || u.Active != "active" && (u.Load == "loaded" || s.Queue)
		rows = append(rows, r)
	}
	return rows
}

func (a *app) showServices(doc servicesDocument) {
	if doc.Manager == "none" {
		fmt.Fprintln(a.stdout, a.word("service manager: none; services are not looked at", "サービス管理: なし(サービスの状態は見ない)"))
	}
	for _, r := range doc.Services {
		s := a.screenOn(a.stdout)
		s.hang(23, fmt.Sprintf("%-22s %s %-9s %-10s %s", r.Unit, pad(a.role(r.Role), 8), a.activeWord(r.Active), r.Load, a.when(r.Since)))
		if r.Barred {
			s.row(pad("", 18)+"[!]", fmt.Sprintf(a.word("barred by incident %s", "事案 %s により起動禁止"), r.Incident))
		}
		if r.Error != "" && r.deaf == nil {
			s.row(pad("", 18)+"[!]", line(joined(r.Error)))
		}
	}
}

// role is what a service does, in one word.
func (a *app) role(r spool.Role) string {
	ja := map[spool.Role]string{spool.Receiver: "受信", spool.Delivery: "配送", spool.Mailbox: "受信箱"}
	return a.word(string(r), ja[r])
}

// activeWord is a state of systemd as it is, and the word for a state that nobody knows.
func (a *app) activeWord(state string) string {
	if state == "unknown" {
		return a.word("unknown", "不明")
	}
	return state
}

// shutGate speaks up where services are to be started past the gate of an incident that has stopped at it: off a terminal the risk
// reopening has to be named, at one it is told before the question.
func (a *app) shutGate(w *world, c changeFlags) error {
	accept, err := riskNames(c.accept)
	if err != nil {
		return err
	}
	id, err := a.unfinished(w, nil)
	if err != nil {
		return nil // none is waiting
	}
	all, _, err := a.histories(w.state)
	if err != nil {
		return err
	}
	for _, s := range all[id].Steps {
		if !s.Head.Gate || s.Result != runbook.ResultPending || s.Plan == nil || slices.Contains(accept, string(runbook.Reopening)) {
			continue
		}
		if c.yes {
			return failf(exitUnconfirmed, fmt.Sprintf("`hikeshi resume %s` starts them once the gate opens; to start them all the same add --accept-risk reopening", id),
				"aborted, no changes made: incident %s has stopped at its gate %s", id, s.Head.ID)
		}
		a.screenOn(a.stderr).row("[!]", fmt.Sprintf(a.word("incident %s has stopped at its gate %s: started now, the spam may leave again. `hikeshi resume %[1]s` starts them once the gate opens.",
			"事案 %s は関門 %s で止まっている。いま起動すると再び流出しうる。関門が開けば `hikeshi resume %[1]s` が起動する。"), id, s.Head.ID))
	}
	return nil
}
