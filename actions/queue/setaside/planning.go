package setaside

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/index"
	"hikeshi/spool/aside/pick"
	"hikeshi/spool/aside/rename"
)

// The bounds of moving messages one by one: every file of them stands in the change.
const (
	defaultMoveLimit = 2000
	maxMove          = 20_000  // messages that are moved
	maxIndex         = 200_000 // messages among which those of named senders are looked for
)

// strategy settles auto: above the limit the folders are renamed.
func (q Quarantine) strategy(p quarantineParams, total spool.FolderBacklog) string {
	if p.Strategy != "auto" && p.Strategy != "" {
		return p.Strategy
	}
	if total.Messages > int64(q.env.limit(p)) {
		return "rename"
	}
	return "move"
}

// limit is how many messages are moved one by one.
func (e Env) limit(p quarantineParams) int {
	n := p.Limit
	if n <= 0 {
		n = e.MoveLimit
	}
	if n <= 0 {
		n = defaultMoveLimit
	}
	return min(n, maxMove)
}

// nothing says whether there is nothing to set aside: a rename takes along what is no message.
func nothing(strategy string, total spool.FolderBacklog) bool {
	return total.Messages == 0 && (strategy == "move" || total.Files == 0 && total.Odd == 0)
}

// planning makes the change of one plan.
type planning struct {
	env   Env
	queue spool.Queue
	p     quarantineParams
	count spool.Backlog
	stamp string
	out   *runbook.Outcome
}

func (pl *planning) rename() error {
	set, err := rename.Plan(pl.env.Set(), pl.stamp)
	if err != nil {
		return err
	}
	pl.warnMissing()
	pl.warnPlace(set.Base)
	if len(pl.p.Senders) > 0 {
		pl.find(runbook.Info, "too many messages to pick those of the named senders: everything is set aside; queue.release brings good mail back", "通数が多いため差出人では選ばず、すべて退避する。正当なメールは queue.release で戻す")
	}
	c, err := pl.change("rename", set.Base, quarantineData{Rename: &set, Messages: pl.count.Total.Messages, Files: pl.count.Total.Files})
	if err != nil {
		return err
	}
	files := map[string]int64{}
	for _, f := range pl.count.Folders {
		files[filepath.Base(f.Path)] = f.Files
	}
	c.Describe(pl.renaming(set, files))
	pl.done(c, int(pl.count.Total.Messages), int(pl.count.Total.Files))
	return nil
}

// renaming says for people what each folder holds and becomes.
func (pl *planning) renaming(set rename.Set, files map[string]int64) (before, after runbook.Text) {
	var names, was, wasJA, is, isJA []string
	for _, p := range set.Parts {
		names = append(names, p.Name)
		was, wasJA = append(was, p.Name+" "+runbook.Count(files[p.Name], "file")), append(wasJA, fmt.Sprintf("%s %s ファイル", p.Name, words.Number(files[p.Name])))
	}
	for i, name := range pl.folders(set.Base, names) {
		n := files[names[i]]
		is, isJA = append(is, fmt.Sprintf("%s -> %s", runbook.Count(n, "file"), name)), append(isJA, fmt.Sprintf("%s ファイル -> %s", words.Number(n), name))
	}
	return runbook.T(strings.Join(was, ", "), strings.Join(wasJA, "、")),
		runbook.T(strings.Join(is, ",\n")+";\nempty folders with the same owner and mode in their place", strings.Join(isJA, "、\n")+"。\n元の場所には所有者とモードが同じ空のフォルダを置く")
}

func (pl *planning) move(ctx context.Context) error {
	if pl.count.Total.Messages > maxIndex {
		return fmt.Errorf("setting messages aside one by one: there are %s, at most %s can be looked through; use strategy rename", words.Number(pl.count.Total.Messages), words.Number(maxIndex))
	}
	base, err := aside.Base(pl.env.Set())
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for _, f := range pl.env.Set() {
		names[filepath.Base(f.Path)] = f.Tree
	}
	tree, x, err := index.Read(ctx, base, names, pl.queue)
	if err != nil {
		return err
	}
	defer tree.Close()
	want, n, err := pl.wanted(ctx, pick.Source{Base: base, Tree: tree, Index: x, Queue: pl.queue})
	if err != nil {
		return err
	}
	if n > pl.env.limit(pl.p) {
		return fmt.Errorf("setting messages aside one by one: %s messages are above the limit of %s; use strategy rename, or raise the limit (at most %s)", words.Number(int64(n)), words.Number(int64(pl.env.limit(pl.p))), words.Number(maxMove))
	}
	m, files, odd, err := aside.Selection{Folders: pl.env.Set(), Stamp: pl.stamp, Tree: tree, Index: x, Want: want}.Move()
	if err != nil {
		return err
	}
	pl.warnMissing()
	pl.listOdd(odd)
	if n == 0 {
		pl.find(runbook.OK, "no message of these senders is in the queue", "指定の差出人のメールはキューにない")
		return nil
	}
	c, err := pl.change("move", base, quarantineData{Move: &m, Messages: int64(n), Files: int64(files)})
	if err != nil {
		return err
	}
	total, folders := pl.count.Total.Messages, strings.Join(pl.folders(base, m.Folders), ", ")
	c.Describe(runbook.T(runbook.Count(total, "message")+" in the queue", fmt.Sprintf("キューに %s 通", words.Number(total))),
		runbook.T(fmt.Sprintf("%s of them (%s) in %s", words.Number(int64(n)), runbook.Count(int64(files), "file"), folders),
			fmt.Sprintf("うち %s 通 (%s ファイル) を %s へ移す", words.Number(int64(n)), words.Number(int64(files)), folders)))
	pl.done(c, n, files)
	return nil
}

// wanted says which messages are to be moved, and how many they are.
func (pl *planning) wanted(ctx context.Context, s pick.Source) (func(string) bool, int, error) {
	if len(pl.p.Senders) == 0 {
		return func(string) bool { return true }, s.Index.Messages(), nil
	}
	of, err := s.Senders(ctx, pl.p.Senders)
	return func(base string) bool { return of[base] }, len(of), err
}

func (pl *planning) change(op, base string, data quarantineData) (runbook.Change, error) {
	c, err := runbook.NewChange("queue.quarantine", op, base, data)
	c.UndoRisk = runbook.Reopening
	return c, err
}

// folders are the names under which folders are set aside.
func (pl *planning) folders(base string, names []string) []string {
	facts := pl.out.Facts.(QuarantineFacts)
	var all []string
	for _, name := range names {
		all = append(all, aside.Name(name, pl.stamp))
		facts.Folders = append(facts.Folders, filepath.Join(base, aside.Name(name, pl.stamp)))
	}
	pl.out.Facts = facts
	return all
}

func (pl *planning) done(c runbook.Change, messages, files int) {
	facts := pl.out.Facts.(QuarantineFacts)
	facts.Strategy, facts.Messages, facts.Files = c.Op, messages, files
	pl.out.Facts = facts
	pl.out.Changes = append(pl.out.Changes, c)
}
