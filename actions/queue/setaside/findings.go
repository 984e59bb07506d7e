package setaside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/aside/archive"
)

// A Wiper is the optional ability of a server to name the folders that its services empty when they start: half-received mail,
// failure counters. They are copied as evidence.
type Wiper interface{ Wiped() []spool.Folder }

func (pl *planning) find(l runbook.Level, en, ja string, args ...any) {
	pl.out.Findings = append(pl.out.Findings, runbook.Finding{Level: l, Text: runbook.Tf(en, ja, args...)})
}

// warnMissing tells of folders of the set that are not there: nothing is made in their place.
func (pl *planning) warnMissing() {
	for _, f := range pl.count.Folders {
		switch {
		case f.Missing:
			pl.find(runbook.Warn, "%s is missing; nothing is set aside from it", "%s がない。ここからは何も退避しない", f.Path)
		case f.Unreadable != "":
			pl.find(runbook.Warn, "%s could not be read completely (%s); the figures are too low", "%s を完全には読めなかった(%s)。件数は実際より少ない", f.Path, f.Unreadable)
		}
	}
}

// warnPlace tells what the filesystem cannot do.
func (pl *planning) warnPlace(base string) {
	switch {
	case aside.Layered(base):
		pl.find(runbook.Warn, "%s is on an overlay: a folder of its lower layer cannot be renamed; if so, everything goes back and strategy move is left", "%s はオーバーレイ上にある。下層のフォルダは改名できず、その場合はすべて元に戻る。strategy move を使うこと", base)
	case !aside.CanExchange(base):
		pl.find(runbook.Info, "this filesystem may not exchange two names in one step; then each folder is missing for a moment", "このファイルシステムは名前の交換を一度にできないことがある。その場合、各フォルダが一瞬なくなる")
	}
}

// listOdd tells of what is left in the queue since it is no file of it.
func (pl *planning) listOdd(odd []string) {
	if len(odd) == 0 {
		return
	}
	f := runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%d entries that are no files of the queue stay where they are", "キューのファイルでないもの %d 件はそのまま残す", len(odd)), Evidence: words.Examples(odd)}
	pl.out.Findings = append(pl.out.Findings, f)
}

// keep copies as evidence what a start of the services would wipe. It is done while looking, so that it is done before anything
// is changed; a plan that nobody applies keeps nothing. What cannot be kept is a warning and no more: it must not hold up the rest.
func (e Env) keep(ctx context.Context, rec runbook.Recorder) []runbook.Finding {
	w, ok := e.Server.(Wiper)
	if !ok {
		return nil
	}
	var all []runbook.Finding
	for _, f := range w.Wiped() {
		a, err := archive.Folder(ctx, f.Path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && a.Files+a.Listed == 0 {
			continue
		}
		if err == nil {
			err = rec.Evidence(f.Name+".tar", bytes.NewReader(a.Tar))
		}
		if err != nil {
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s, which a start of the services empties, could not be kept as evidence: %v", "サービス起動時に消える %s を証拠として保存できなかった: %v", f.Path, err)})
			continue
		}
		all = append(all, runbook.Finding{Level: runbook.Info, Evidence: f.Path, Text: runbook.T(
			fmt.Sprintf("%s: %s (%s) copied as evidence, since a start of the services empties it; %d only listed", f.Name, runbook.Count(int64(a.Files), "file"), runbook.Count(a.Bytes, "byte"), a.Listed),
			fmt.Sprintf("%s: サービス起動時に消えるため %d ファイル(%s バイト)を証拠として写す。一覧のみ %d 件", f.Name, a.Files, words.Number(a.Bytes), a.Listed))})
	}
	return all
}
