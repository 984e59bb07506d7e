package settings

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// SetFacts are the facts of settings.set.
type SetFacts struct {
	Set      []string `json:"set" expr:"set"`           // NAME=VALUE of what is changed
	Already  []string `json:"already" expr:"already"`   // names of what has the value already
	Without  int      `json:"without" expr:"without"`   // accounts that have no auth file; 0 unless SMTPAUTHOnly is set to 2, -1 if nobody can tell
	Restarts []string `json:"restarts" expr:"restarts"` // units that have to be restarted for it
}

type set struct{ env Env }

// maxNames bounds the accounts that are named.
const maxNames = 20

// Plan checks the values and plans a change for each that differs.
func (s set) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Values  []string `json:"values"`
		Profile string   `json:"profile"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	t, err := s.env.tuner()
	if err != nil {
		return runbook.Outcome{}, err
	}
	pl := planning{env: s.env, tuner: t, facts: SetFacts{Set: []string{}, Already: []string{}, Restarts: []string{}}}
	if err := pl.values(p.Profile, p.Values); err != nil {
		return runbook.Outcome{}, err
	}
	if err := pl.stopped(ctx, in); err != nil {
		return runbook.Outcome{}, err
	}
	for _, tune := range pl.tunes {
		if err := pl.change(tune); err != nil {
			return runbook.Outcome{}, err
		}
	}
	pl.told()
	pl.out.Facts = pl.facts
	return pl.out, nil
}

// planning makes the changes of one plan.
type planning struct {
	env   Env
	tuner spool.Tuner
	tunes []spool.Tuning // that differ from what stands
	login bool           // of the accounts that have an auth file, a login will be demanded
	facts SetFacts
	out   runbook.Outcome
}

func (pl *planning) find(l runbook.Level, text runbook.Text, evidence string) {
	pl.out.Findings = append(pl.out.Findings, runbook.Finding{Level: l, Text: text, Evidence: evidence})
}

// values reads the values, all mistakes at once. What is named later replaces what stands before it.
func (pl *planning) values(profile string, values []string) error {
	if profile == "" && len(values) == 0 {
		return fmt.Errorf("%w: neither values nor a profile are named", runbook.ErrInput)
	}
	if profile != "" {
		p, err := pl.tuner.Profile(profile)
		if err != nil {
			return fmt.Errorf("%w: %w", runbook.ErrInput, err)
		}
		pl.find(runbook.Info, runbook.T(p.Text, p.TextJA), "")
		values = append(p.Values, values...)
	}
	var order []string
	by := map[string]spool.Tuning{}
	var errs []error
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok {
			errs = append(errs, fmt.Errorf("%w: %.60q is not NAME=VALUE", runbook.ErrInput, v))
			continue
		}
		t, err := pl.tuner.Tune(name, value)
		if err != nil {
			errs = append(errs, input(err))
			continue
		}
		if _, twice := by[t.Name]; !twice {
			order = append(order, t.Name)
		}
		by[t.Name] = t
	}
	for _, name := range order {
		pl.sort(by[name])
	}
	return errors.Join(errs...)
}

// input marks the refusal of a value.
func input(err error) error {
	if refusal := (*spool.Refusal)(nil); errors.As(err, &refusal) {
		return fmt.Errorf("%w: %w", runbook.ErrInput, err)
	}
	return fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
}

// sort keeps what differs.
func (pl *planning) sort(t spool.Tuning) {
	pl.login = pl.login || t.Login
	if t.Set && t.Value == t.New {
		pl.facts.Already = append(pl.facts.Already, t.Name)
		return
	}
	if t.Care != nil {
		pl.find(runbook.Warn, runbook.T(t.Care.EN, t.Care.JA), t.Path)
	}
	pl.tunes = append(pl.tunes, t)
}

// stopped says that no service reads the values now, or that an earlier step of this plan sees to it.
func (pl *planning) stopped(ctx context.Context, in runbook.Input) error {
	var all []spool.Service
	for _, t := range pl.tunes {
		all = append(all, t.Reader)
	}
	if len(readers(all...)) == 0 {
		return nil
	}
	if pl.env.InUse == nil {
		pl.find(runbook.Warn, runbook.T("whether a service that reads these settings runs cannot be told here; make sure that none does",
			"設定を読むサービスが動いているか、ここでは確かめられない。動いていないことを確認すること"), "")
		return nil
	}
	must, other, err := pl.env.running(ctx, readers(all...))
	if err != nil {
		return err
	}
	if len(other) > 0 {
		pl.find(runbook.Info, runbook.Tf("%s runs on and takes the new values at its next start", "%s は動作を続ける。新しい値は次の起動から有効", strings.Join(other, ", ")), "")
	}
	switch {
	case len(must) == 0:
		return nil
	case !planned(in):
		return inUse(must)
	}
	pl.find(runbook.Info, runbook.Tf("%s runs now; it is stopped by an earlier step", "%s は動作中。前の手順で停止する", strings.Join(must, ", ")), "")
	return nil
}

// change plans one value.
func (pl *planning) change(t spool.Tuning) error {
	d := setData{Name: t.Name, Value: t.New, Lock: t.Lock, Base: t.Base, Reader: t.Reader}
	if err := d.free(); err != nil {
		return err
	}
	if err := d.makeFolders(t); err != nil {
		return err
	}
	if t.After != nil {
		f, err := edit.Below(t.Base, t.Path)
		if err != nil {
			return err
		}
		e := edit.New(f, t.After)
		if e.Created {
			if e.Attrs, err = fileAttrs(t); err != nil {
				return err
			}
		}
		d.Edit, d.Was, d.Content = &e, f.Data, t.After
	}
	c, err := runbook.NewChange("settings.set", "set", t.Path, d)
	if err != nil {
		return err
	}
	if t.Opens {
		c.Risk = runbook.Reopening
	}
	if t.Closes {
		c.UndoRisk = runbook.Reopening
	}
	c.Describe(describe(t.Name, t.Value, t.Set, spool.Words{EN: t.Text, JA: t.TextJA}), describe(t.Name, t.New, true, t.Means))
	pl.out.Changes = append(pl.out.Changes, c)
	pl.facts.Set = append(pl.facts.Set, t.Name+"="+t.New)
	return nil
}

func describe(name, value string, isSet bool, means spool.Words) runbook.Text {
	if !isSet {
		return runbook.T(name+" is not set: "+means.EN, name+" 未設定: "+means.JA)
	}
	return runbook.T(name+" "+value+": "+means.EN, name+" "+value+": "+means.JA)
}

// told says what goes with the changes: restarts, and who need not log in.
func (pl *planning) told() {
	for _, t := range pl.tunes {
		if u := t.Reader.Unit; u != "" && !slices.Contains(pl.facts.Restarts, u) {
			pl.facts.Restarts = append(pl.facts.Restarts, u)
		}
	}
	if len(pl.facts.Restarts) > 0 {
		names := strings.Join(pl.facts.Restarts, ", ")
		pl.find(runbook.Info, runbook.Tf("read at the start of %s: without a restart nothing changes", "%s の起動時に読まれる。再起動するまで変わらない", names), "")
	}
	if len(pl.facts.Already) > 0 {
		pl.find(runbook.OK, runbook.Tf("set already: %s", "設定済み: %s", strings.Join(pl.facts.Already, ", ")), "")
	}
	if pl.login {
		pl.without()
	}
}

// without lists the accounts from which anyone can send without a login all the same.
func (pl *planning) without() {
	var names []string
	err := errors.New("the accounts cannot be read here")
	if pl.env.Without != nil {
		names, err = pl.env.Without()
	}
	switch {
	case err != nil:
		pl.facts.Without = -1
		pl.find(runbook.Warn, runbook.Tf("which accounts have no auth file cannot be told (%v): anyone can still send under their names without a login",
			"認証ファイルのないアカウントが分からない (%v)。そのアカウント名では、認証なしで誰でも送信できる", err), "")
		return
	case len(names) == 0:
		pl.find(runbook.OK, runbook.T("every account has an auth file", "すべてのアカウントに認証ファイルがある"), "")
		return
	}
	pl.facts.Without = len(names)
	shown := strings.Join(names[:min(len(names), maxNames)], ", ")
	if len(names) > maxNames {
		shown += ", ..."
	}
	pl.find(runbook.Warn, runbook.T(fmt.Sprintf("without an auth file: %s; anyone can still send under such a name without a login; set a password for SMTP AUTH in the console: %s", runbook.Count(int64(len(names)), "account"), shown),
		fmt.Sprintf("%d アカウントに認証ファイルがなく、その名前では認証なしで誰でも送信できる。管理画面で SMTP 認証のパスワードを設定すること: %s", len(names), shown)), "")
}
