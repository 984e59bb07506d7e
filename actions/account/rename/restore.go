package rename

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rename/move"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// RestoreFacts are the facts of account.restore.
type RestoreFacts struct {
	Restored []string `json:"restored" expr:"restored"` // addresses that are there again, or would be
}

type restore struct{ changer }

// Plan makes one change of each account that incidents have renamed.
func (r restore) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	var p struct {
		Accounts []string `json:"accounts"`
		Incident string   `json:"incident"`
	}
	if err := in.Decode(&p); err != nil {
		return runbook.Outcome{}, err
	}
	d, err := pick.Open(r.env.Server)
	if err != nil {
		return runbook.Outcome{}, err
	}
	recorded, err := r.recorded(p.Accounts, p.Incident)
	if err == nil {
		err = unrecorded(p.Accounts, recorded)
	}
	if err != nil {
		return runbook.Outcome{}, err
	}
	plan := planning{env: r.env, desk: d, kind: "account.restore", by: in.Incident}
	facts := RestoreFacts{Restored: []string{}}
	if plan.all, err = d.List(); err != nil {
		return runbook.Outcome{}, err
	}
	for _, old := range recorded {
		if err := plan.back(old, &facts); err != nil {
			return runbook.Outcome{}, err
		}
	}
	if len(recorded) == 0 {
		plan.say(runbook.Warn, "", runbook.T("nothing to restore: no incident here has renamed an account and not given its name back; what was renamed by hand is given back by hand",
			"戻すものがない: この環境の事案の記録に、改名したままのアカウントはない。手で改名したアカウントは手で戻すこと"))
	}
	return runbook.Outcome{Findings: plan.findings, Changes: plan.changes, Facts: facts, ByHand: plan.left()}, nil
}

// unrecorded refuses names that no recorded renaming means with runbook.ErrInput: to pass over them would look as if they were restored.
func unrecorded(names []string, recorded []Renamed) error {
	var errs []error
	for _, n := range names {
		if !slices.ContainsFunc(recorded, func(r Renamed) bool { return meansAny([]string{n}, r) }) {
			errs = append(errs, fmt.Errorf("%w: restoring %q: it was not renamed by an incident here, or has its name back; what was renamed by hand is given back by hand", runbook.ErrInput, n))
		}
	}
	return errors.Join(errs...)
}

// recorded are the renamings that are meant, the newest of each account.
func (r restore) recorded(names []string, incident string) ([]Renamed, error) {
	if r.env.Recorded == nil {
		return nil, nil
	}
	all, err := r.env.Recorded()
	if err != nil {
		return nil, fmt.Errorf("%w: reading the recorded renamings: %w", runbook.ErrUndetermined, err)
	}
	var meant []Renamed
	at := map[string]int{}
	for _, old := range all {
		if incident != "" && old.Incident != incident || len(names) > 0 && !meansAny(names, old) {
			continue
		}
		if i, again := at[old.New]; again {
			meant[i] = old
			continue
		}
		at[old.New] = len(meant)
		meant = append(meant, old)
	}
	return meant, nil
}

// meansAny says whether one of the names is the old or the new one of the account.
func meansAny(names []string, r Renamed) bool {
	for _, address := range []string{r.Account, r.New} {
		user, domain, _ := strings.Cut(address, "@")
		for _, n := range names {
			if pick.Means(n, user, domain) {
				return true
			}
		}
	}
	return false
}

// back plans the way back of one renaming.
func (p *planning) back(old Renamed, facts *RestoreFacts) error {
	var was move.Move
	if err := json.Unmarshal(old.Data, &was); err != nil {
		return fmt.Errorf("%w: reading the renaming of %s in incident %s: %w", runbook.ErrUndetermined, old.Account, old.Incident, err)
	}
	a, ok := p.account(old.New)
	if _, there := p.account(old.Account); there && !ok {
		facts.Restored = append(facts.Restored, old.Account)
		p.say(runbook.OK, was.File, runbook.Tf("%s is there again already", "%s はすでに元の名前に戻っている", old.Account))
		return nil
	}
	if !ok {
		p.leave(old.New)
		p.say(runbook.Bad, was.File, runbook.Tf("neither %s nor %s is there: somebody has renamed or deleted the account", "%s も %s も見つからない: 誰かが改名または削除した", old.New, old.Account))
		return nil
	}
	m, err := p.find(a, was.From)
	if err != nil {
		return err
	}
	m.Incident = old.Incident
	if len(was.Command) > 0 {
		m.Command, m.Back = was.Back, was.Command
	} else if h := pick.Hindrance(a); !h.IsZero() {
		p.leave(a.Address())
		p.say(runbook.Bad, a.File, runbook.T(a.Address()+" cannot be renamed here ("+h.EN+"): give it the name "+was.From+" in the console",
			a.Address()+" はここでは改名できない ("+h.In("ja")+"): コンソールで "+was.From+" に戻すこと"))
		return nil
	}
	if was.ID.Ino != 0 && m.ID.Ino == 0 {
		return fmt.Errorf("%w: the mailbox %s of %s is not there: %w", runbook.ErrUndetermined, filepath.Join(m.Parent, m.Folder), a.Address(), fs.ErrNotExist)
	}
	if m.Folder == was.Becomes {
		m.Becomes = was.Folder // which may differ from the name in letter case
	}
	facts.Restored = append(facts.Restored, old.Account)
	return p.add(a, m, runbook.Reopening, runbook.Disruptive)
}

func (p *planning) account(address string) (spool.Account, bool) {
	for _, a := range p.all.Accounts {
		if strings.EqualFold(a.Address(), address) {
			return a, true
		}
	}
	return spool.Account{}, false
}
