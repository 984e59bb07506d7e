package setaside

import (
	"context"
	"fmt"

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
	return sets, nil
}

// Ways are the command lines that bring a set back, or remove it, with what each of them does.
func Ways(s aside.Set) []runbook.Text {
	return []runbook.Text{
		runbook.Tf("hikeshi undo %s                       everything, as it was (services stopped)", "hikeshi undo %s                       すべて元どおりに(サービス停止中に)", s.Incident),
		runbook.Tf("hikeshi spool release %s --own-domains  mail for own domains only", "hikeshi spool release %s --own-domains  自社あてだけ", s.Incident),
		runbook.Tf("hikeshi spool release %s --all        everything, through incoming", "hikeshi spool release %s --all        すべて、incoming を通して", s.Incident),
		runbook.Tf("hikeshi spool purge %s --count %d      remove it for good", "hikeshi spool purge %s --count %d      完全に削除する", s.Incident, s.Messages),
	}
}

// RestoreWarning says what would remove set-aside mail without asking.
func RestoreWarning() runbook.Text {
	return runbook.T("the vendor's restore (rsync --delete) removes folders below the spool root: copy what is set aside elsewhere before using it",
		"ベンダーのリストア(rsync --delete)はスプール直下の退避フォルダを消す。使う前に別の場所へ写すこと")
}
