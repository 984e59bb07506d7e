// Package hook has the settings of a mail server name its deny files, where they count only then, and takes that back.
package hook

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/edit"
	relay "hikeshi/actions/relay/edit"
	"hikeshi/actions/relay/reread"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Hooker plans, makes and undoes such changes. A server that needs none of them has none.
type Hooker struct {
	Server   spool.Server
	Services reread.Services
}

// op tells these changes from the others of relay.deny.
const op = "hook"

// Is says whether a change is one of this package.
func Is(c runbook.Change) bool { return c.Op == op }

type data struct {
	edit.Edit
	Back    json.RawMessage `json:"back"`    // for spool.DenyHooker.Unhook
	Targets []string        `json:"targets"` // that the denial with it is of
}

const dataV = 1

// Missing are the settings files that do not name the deny files.
func (h Hooker) Missing() ([]string, error) {
	var all []string
	err := h.each(func(f edit.File, e spool.DenyEdit) error {
		all = append(all, f.Path)
		return nil
	})
	return all, err
}

// Files are the deny files and the settings files that name them; only the former where none has to.
func (h Hooker) Files(parts []relay.Part) []string {
	var all []string
	for _, p := range parts {
		all = append(all, p.Path)
	}
	if s, ok := h.Server.(spool.DenyHooker); ok {
		all = append(all, s.HookFiles()...)
	}
	return all
}

// each calls do for every settings file that has to be changed.
func (h Hooker) each(do func(edit.File, spool.DenyEdit) error) error {
	s, ok := h.Server.(spool.DenyHooker)
	if !ok {
		return nil
	}
	for _, path := range s.HookFiles() {
		f, err := edit.Read(path)
		if err != nil {
			return err
		}
		e, err := s.Hook(path, f.Data)
		if err != nil {
			return fmt.Errorf("%w: planning that %s names the deny files: %w", runbook.ErrUndetermined, path, err)
		}
		if len(e.Added) == 0 {
			continue
		}
		if err := do(f, e); err != nil {
			return err
		}
	}
	return nil
}

// Plan makes a change of each settings file that does not name the deny files. They come behind the denials of the targets: a file has to be
// there before it is named.
func (h Hooker) Plan(targets []string) ([]runbook.Change, error) {
	var all []runbook.Change
	err := h.each(func(f edit.File, e spool.DenyEdit) error {
		c, err := runbook.NewChange("relay.deny", op, f.Path, data{edit.New(f, e.After), e.Undo, targets})
		if err != nil {
			return err
		}
		c.UndoRisk, c.After = runbook.Reopening, f.Diff(e.After)
		all = append(all, c)
		return nil
	})
	return all, err
}

func (h Hooker) load(c runbook.Change) (d data, s spool.DenyHooker, f edit.File, err error) {
	if err = c.Decode(dataV, &d); err != nil {
		return
	}
	s, ok := h.Server.(spool.DenyHooker)
	if !ok || !slices.Contains(s.HookFiles(), d.File) {
		return d, s, f, fmt.Errorf("the change is of %s, which is no settings file of this server", d.File)
	}
	f, err = edit.Read(d.File)
	return
}

// Apply writes the file that was planned and has the services read it.
func (h Hooker) Apply(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, s, f, err := h.load(c)
	if err != nil {
		return err
	}
	err = d.Apply(f, rec, func(now []byte) ([]byte, error) {
		e, err := s.Hook(d.File, now)
		return e.After, err
	})
	if err != nil {
		return err
	}
	return h.Services.Settle(ctx, d.File)
}

// Verify looks at the file that stands there now, and whether the services have read it.
func (h Hooker) Verify(_ context.Context, c runbook.Change) (runbook.State, error) {
	d, s, f, err := h.load(c)
	if err != nil {
		return "", err
	}
	state, err := d.State(f, func(now []byte) bool {
		e, err := s.Hook(d.File, now)
		return err == nil && len(e.Added) == 0
	})
	if err != nil {
		return "", err
	}
	return h.Services.State(d.File, state)
}

// Undo takes out what was put in, unless the deny files refuse others than the targets of this denial: for them the settings have to stay.
func (h Hooker) Undo(ctx context.Context, c runbook.Change, rec runbook.Recorder) error {
	d, s, f, err := h.load(c)
	if err != nil {
		return err
	}
	others, err := s.Others(d.Targets)
	if err != nil {
		return fmt.Errorf("looking whom else the deny files refuse: %w", err)
	}
	if others {
		runbook.Say(rec, runbook.Tf("%s goes on naming the deny files: they refuse others than %s", "拒否ファイルには %[2]s 以外の拒否もあるため、%[1]s の設定は残す", d.File, strings.Join(d.Targets, ", ")))
		return d.Clear(f)
	}
	err = d.Undo(f, rec, func(now []byte) ([]byte, error) {
		e, err := s.Unhook(d.File, now, d.Back)
		return e.After, err
	})
	if err != nil {
		return err
	}
	return h.Services.Settle(ctx, d.File)
}
