package setaside

import (
	"context"
	"fmt"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
)

// List returns everything that is set aside beside the queue folders, oldest incident first, with exact numbers of files and messages;
// bytes are an estimate above 5,000 files.
func List(ctx context.Context, env Env) ([]aside.Set, error) {
	sets, err := aside.Find(env.Set())
	if err != nil {
		return nil, fmt.Errorf("looking for what is set aside: %w", err)
	}
	for i := range sets {
		s := &sets[i]
		var folders []spool.Folder
		for _, f := range s.Folders {
			folders = append(folders, spool.Folder{Name: f.Name, Path: f.Path, Tree: f.Of.Tree, Set: true})
		}
		b, err := look(ctx, env.Server, folders, 0)
		if err != nil {
			return nil, err
		}
		s.Files, s.Messages, s.Bytes, s.Sampled = b.Total.Files, b.Total.Messages, b.Total.Bytes, b.Total.Sampled
	}
	return sets, stocks(ctx, env, sets)
}

// Nothing says in words that no message is left in a set, and what is; it is empty as long as there is one.
func Nothing(s aside.Set) runbook.Text {
	switch {
	case s.Messages > 0:
		return runbook.Text{}
	case s.Files == 0:
		return runbook.T("nothing left", "残りなし")
	}
	return runbook.T("no message left, but "+runbook.Count(s.Files, "other file"), fmt.Sprintf("メールの残りなし、ほかに %s ファイル", words.Number(s.Files)))
}

// Ways are the command lines that bring a set back, or remove it, with what each of them does. Where there is no record of the incident
// nothing but a release is possible; where no message is left there is none to release.
func Ways(s aside.Set) []runbook.Text {
	way := func(command, en, ja string) runbook.Text {
		return runbook.T(fmt.Sprintf("%-54s %s", command, en), fmt.Sprintf("%-54s %s", command, ja))
	}
	var all []runbook.Text
	if s.Stock != nil {
		all = append(all, way("hikeshi undo "+s.Incident, "all that the incident changed, this mail too (services stopped)", "事案の変更をすべて、退避も含めて元に戻す(サービス停止中に)"))
	}
	if s.Messages > 0 {
		all = append(all,
			way("hikeshi spool release "+s.Incident+" --own-domains", "mail for own domains only", "自社あてだけ"),
			way("hikeshi spool release "+s.Incident+" --all", "everything, retries through incoming", "すべて(再送待ちは incoming を通して)"))
	}
	if s.Stock != nil && (s.Stock.Files > 0 || s.Stock.Foreign == 0) {
		en, ja := "remove it for good", "完全に削除する"
		if s.Stock.Messages == 0 {
			en, ja = "remove what is left: no message, "+runbook.Count(s.Stock.Files, "file"), fmt.Sprintf("残り(メールなし、%s ファイル)を削除する", words.Number(s.Stock.Files))
		}
		all = append(all, way(fmt.Sprintf("hikeshi spool purge %s --count %d", s.Incident, s.Stock.Messages), en, ja))
	}
	return all
}

// RestoreWarning says what would remove set-aside mail without asking.
func RestoreWarning() runbook.Text {
	return runbook.T("the vendor's restore (rsync --delete) removes folders below the spool root: copy what is set aside elsewhere before using it",
		"ベンダーのリストア(rsync --delete)はスプール直下の退避フォルダを消す。使う前に別の場所へ写すこと")
}
