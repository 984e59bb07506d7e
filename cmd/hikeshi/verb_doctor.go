package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"hikeshi/actions/service"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
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
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			d := &doctor{app: a, w: w}
			d.all(cmd.Context())
			return a.showDoctor(d.rows)
		},
	}
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
			s.row(s.level(r.Level), pad(r.Name, 12)+" "+line(r.Text))
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

func (d *doctor) all(ctx context.Context) {
	d.config()
	d.user()
	d.folders()
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

// folders: there, on one filesystem, and of a kind that can exchange names.
func (d *doctor) folders() {
	d.add("spool", runbook.OK, "", "%s", d.w.server.Root())
	for _, f := range d.w.server.Folders() {
		if !f.Set {
			continue
		}
		fi, err := os.Lstat(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			d.add("folder", runbook.Warn, "", d.word("%s is not there", "%s がない"), f.Path)
		case err != nil:
			d.add("folder", runbook.Bad, "", "%v", err)
		case fi.Mode()&fs.ModeSymlink != 0:
			d.add("folder", runbook.Bad, d.word("point epms.spool at the real place", "epms.spool に実際の場所を指定する"), d.word("%s is a symbolic link; queue folders are never followed", "%s はシンボリックリンク。キューのフォルダではたどらない"), f.Path)
		case !fi.IsDir():
			d.add("folder", runbook.Bad, "", d.word("%s is no directory", "%s はディレクトリではない"), f.Path)
		case !readable(f.Path):
			d.add("folder", runbook.Bad, "sudo hikeshi ...", d.word("%s cannot be read by this user: permission denied", "%s をこのユーザーは読めない (permission denied)"), f.Path)
		}
	}
	if _, err := aside.Base(setFolders(d.w.server)); err != nil {
		d.add("queue", runbook.Bad, "", "%v", err)
	} else if aside.CanExchange(d.w.server.Root()) {
		d.add("queue", runbook.OK, "", "%s", d.word("folders can be exchanged in one step", "フォルダを一度の操作で入れ替えられる"))
	} else {
		d.add("queue", runbook.Info, "", "%s", d.word("this filesystem is not known to exchange folders in one step; three renames are used if it cannot", "一度の操作での入れ替えは未確認のファイルシステム。できない場合は 3 回の改名で行う"))
	}
}

func setFolders(s spool.Server) []spool.Folder {
	var set []spool.Folder
	for _, f := range s.Folders() {
		if f.Set {
			set = append(set, f)
		}
	}
	return set
}

func (d *doctor) denyFile() {
	den, ok := d.w.server.(spool.Denier)
	if !ok {
		return
	}
	path := den.DenyFile()
	dir, err := disk.Open(filepath.Dir(path))
	if err != nil {
		d.add("deny file", runbook.Bad, "epms.program", "%v", err)
		return
	}
	defer dir.Close()
	e, err := dir.Lstat(filepath.Base(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.add("deny file", runbook.Info, "", d.word("%s is not there: the default rule holds; a denial makes it", "%s はない: 既定の規則。拒否の際に作成する"), path)
	case err != nil:
		d.add("deny file", runbook.Bad, "", "%v", err)
	case e.Type != 0:
		d.add("deny file", runbook.Bad, d.word("hikeshi does not write through links", "リンク越しには書き込まない"), d.word("%s is no regular file", "%s は通常のファイルではない"), path)
	default:
		f, err := dir.Read(filepath.Base(path))
		if err != nil {
			d.add("deny file", runbook.Bad, "sudo hikeshi ...", "%v", err)
			return
		}
		f.Close()
		if !writable(dir.Path()) {
			d.add("deny file", runbook.Warn, "sudo hikeshi ...", d.word("%s cannot be written by this user, so nobody can be denied", "%s に書き込めないため、拒否を加えられない"), dir.Path())
			return
		}
		d.add("deny file", runbook.OK, "", "%s", path)
	}
}

func (d *doctor) units(ctx context.Context) {
	if d.w.manager == "none" {
		d.add("services", runbook.Info, "", d.word("service manager none: %s; services are not touched", "サービス管理なし: %s。サービスには触れない"), d.w.why)
		return
	}
	for _, s := range d.w.host.Service.Services {
		u, err := d.w.host.Service.Manager.Look(ctx, s.Unit)
		switch {
		case err != nil:
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

// state: the state folder can be made and written.
func (d *doctor) state() {
	for dir := d.w.state; ; dir = filepath.Dir(dir) {
		fi, err := os.Stat(dir)
		if err == nil && fi.IsDir() {
			if !writable(dir) {
				d.add("state", runbook.Bad, "--state DIR", d.word("%s cannot be written by this user", "%s に書き込めない"), dir)
				return
			}
			d.add("state", runbook.OK, "", "%s", d.w.state)
			return
		}
		if dir == filepath.Dir(dir) {
			d.add("state", runbook.Bad, "--state DIR", "%v", err)
			return
		}
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
