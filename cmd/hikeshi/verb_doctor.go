package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/spool/epms"
)

type doctorDocument struct {
	Version int        `json:"hikeshi"`
	Kind    string     `json:"kind"`
	Checks  []checkRow `json:"checks"`
}

type checkRow struct {
	Name  string        `json:"name"`
	Level runbook.Level `json:"level"`
	Text  string        `json:"text"`
	Hint  string        `json:"hint,omitempty"`
}

func (a *app) doctorVerb() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "check the configuration against the machine: what would not work", Args: cobra.NoArgs,
		Long: `Doctor looks at paths, owners, units, permissions and tools before they are needed,
and changes nothing. Run it when nothing is wrong.

Exit codes: 0 all would work, 3 something would not.`,
		Example: "  sudo hikeshi doctor",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, missing, err := a.doctorWorld()
			if err != nil {
				return err
			}
			d := &doctor{app: a, w: w}
			d.all(cmd.Context(), missing)
			return a.showDoctor(d.rows)
		},
	}
}

// doctorWorld is the world; where no queue is found, missing says why, and the rest of the server can be looked at.
func (a *app) doctorWorld() (w *world, missing, err error) {
	if w, err = a.machine(""); err != nil {
		return nil, nil, err
	}
	if w.server, missing = a.findServer(w.cfg); missing == nil {
		return w, nil, w.wire(a)
	}
	s, err := epms.Installed(a.placesOf(w.cfg))
	if err != nil || codeOf(missing) == exitUsage {
		return nil, nil, missing
	}
	w.server = s
	w.wireServices(a)
	w.host.Relay.Responder = responders()
	return w, missing, nil
}

func (a *app) showDoctor(rows []checkRow) error {
	bad := false
	for _, r := range rows {
		bad = bad || r.Level == runbook.Bad || r.Level == runbook.Warn
	}
	if a.isJSON() {
		if err := a.json(doctorDocument{Version: 1, Kind: "doctor", Checks: rows}); err != nil {
			return err
		}
	} else {
		s := a.screen()
		for _, r := range rows {
			s.row(s.level(r.Level), pad(r.Name, 12)+" "+line(joined(r.Text)))
			if r.Hint != "" {
				s.row("", "             "+a.word("hint: ", "ヒント: ")+r.Hint)
			}
		}
	}
	if bad {
		return silent(exitFound)
	}
	return nil
}

// doctor collects what it finds.
type doctor struct {
	*app
	w    *world
	rows []checkRow
}

func (d *doctor) add(name string, l runbook.Level, hint, format string, args ...any) {
	d.rows = append(d.rows, checkRow{Name: name, Level: l, Text: fmt.Sprintf(format, args...), Hint: hint})
}

func (d *doctor) all(ctx context.Context, missing error) {
	d.config()
	d.user()
	if missing != nil {
		d.add("spool", runbook.Bad, d.translated(hintOf(missing)), d.word("no queue can be looked at: %v", "キューを調べられない: %v"), missing)
	} else {
		d.folders()
		d.disk()
	}
	d.denyFile()
	d.units(ctx)
	d.guards()
	d.state()
	d.connection()
}

func (d *doctor) config() {
	file := d.flags.config
	if file == "" {
		file = defaultConfig
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		d.add("config", runbook.Info, "", "%s", d.word("no configuration file; the defaults are used", "設定ファイルなし。既定値を使用"))
		return
	}
	d.add("config", runbook.OK, "", "%s", file)
}

func (d *doctor) user() {
	if os.Geteuid() == 0 {
		d.add("user", runbook.OK, "", "root")
		return
	}
	d.add("user", runbook.Warn, "sudo hikeshi ...", "%s", d.word("not root: looking works as far as files can be read; changing needs root", "root ではない: 読める範囲の確認のみ。変更には root が必要"))
}

func (d *doctor) units(ctx context.Context) {
	if d.w.manager == "none" {
		d.add("services", runbook.Info, "", d.word("service manager none: %s; services are not touched", "サービス管理なし: %s。サービスには触れない"), d.w.why)
		return
	}
	said := "" // a manager that does not answer says the same of every unit
	for _, s := range d.w.host.Service.Services {
		u, err := d.w.host.Service.Manager.Look(ctx, s.Unit)
		switch {
		case err != nil && err.Error() == said:
		case err != nil:
			said = err.Error()
			d.add("services", runbook.Bad, "--manager command", "%s: %v", s.Unit, err)
		case u.Load == "not-found" && !s.Queue:
			d.add("services", runbook.Info, "", d.word("%s is not installed", "%s は未導入"), s.Unit)
		case u.Load != "loaded" && u.Load != "":
			d.add("services", runbook.Bad, "services.units", "%s: %s", s.Unit, u.Load)
		default:
			d.add("services", runbook.OK, "", "%s: %s", s.Unit, u.Active)
		}
	}
}

func (d *doctor) guards() {
	holds, err := service.Held(d.w.host.Service)
	if err != nil {
		d.add("guards", runbook.Warn, "", "%v", err)
		return
	}
	for _, h := range holds {
		d.add("guards", runbook.Warn, d.word("`hikeshi service start` lifts it", "`hikeshi service start` で解除"), d.word("%s is barred from starting by incident %s", "%s は事案 %s により起動禁止中"), h.Unit, h.Incident)
	}
}

func (d *doctor) connection() {
	r := d.w.host.Relay.Responder
	if len(r) == 0 {
		d.add("you", runbook.Info, "", "%s", d.word("where you are connected from is unknown (console?); make sure not to deny it", "接続元は不明(コンソール?)。自分の接続元を拒否しないこと"))
		return
	}
	d.add("you", runbook.OK, "", d.word("connected from %v: never denied", "接続元 %v: 拒否対象にしない"), r)
}
