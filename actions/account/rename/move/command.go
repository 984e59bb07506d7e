package move

import (
	"context"
	"fmt"
	"strings"

	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
)

// Words fills the configured command with the names of a move. What stands for a name is one argument or a part of one; no shell reads it.
func Words(argv []string, m Move) []string {
	r := strings.NewReplacer("{old}", m.From, "{new}", m.To, "{domain}", m.Domain, "{address}", m.From+"@"+m.Domain)
	all := make([]string, len(argv))
	for i, w := range argv {
		all[i] = r.Replace(w)
	}
	return all
}

// run has the command of the site rename the account, and believes only what it finds afterwards.
func (t Trip) run(ctx context.Context, rec runbook.Recorder) error {
	state, err := t.State()
	if err != nil || state == runbook.Done {
		return err
	}
	if state != runbook.None {
		return fmt.Errorf("the command left it half done; finish in the console: %w", runbook.ErrDrift)
	}
	if t.Run == nil {
		return fmt.Errorf("%w: no command can be run", runbook.ErrInput)
	}
	now, err := rewrite.Read(t.File)
	if err != nil {
		return err
	}
	if err := rewrite.Keep(rec, t.Random, t.keep(), now); err != nil {
		return err
	}
	output, err := t.Run(ctx, t.Command)
	// What a command prints may hold a password, so it is kept as a backup is, readable by its owner only, and not shown.
	kept := rewrite.Keep(rec, t.Random, t.Change+"-output-"+t.From, output)
	if err != nil {
		return fmt.Errorf("running %s (what it printed is in the backups of the incident): %w", t.Command[0], err)
	}
	if kept != nil {
		return fmt.Errorf("keeping what %s printed: %w", t.Command[0], kept)
	}
	state, err = t.State()
	if err == nil && state != runbook.Done {
		err = fmt.Errorf("%s ended well, but the account file or the mailbox folder does not have the new name; what it printed is in the backups of the incident", t.Command[0])
	}
	return err
}
