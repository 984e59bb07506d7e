package queue

import (
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/queue/words"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/scan"
)

// backlogFindings tells what was found, the most important first.
func backlogFindings(b spool.Backlog, env Env) []runbook.Finding {
	all := []runbook.Finding{totalFinding(b, env.Server.Root())}
	for i, f := range env.Server.Folders() {
		all = append(all, folderFindings(b.Folders[i], f.Info, b.Time, env.Thresholds.limits())...)
	}
	all = append(all, sumFindings(b, env)...)
	return append(all, whoFindings(b.Total)...)
}

// sumFindings tells which limits all folders together pass though no single one does.
func sumFindings(b spool.Backlog, env Env) []runbook.Finding {
	limits, told := env.Thresholds.limits(), map[scan.What]bool{}
	for i, f := range env.Server.Folders() {
		for _, p := range limits.Check(b.Folders[i], b.Time) {
			told[p.What] = told[p.What] || !f.Info
		}
	}
	var all []runbook.Finding
	for _, p := range limits.Check(b.Total, b.Time) {
		if !told[p.What] {
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: overText("all folders", "全フォルダ", p)})
		}
	}
	return all
}

func totalFinding(b spool.Backlog, root string) runbook.Finding {
	t := b.Total
	en := fmt.Sprintf("%s in the queue (%s, %s)", runbook.Count(t.Messages, "message"), runbook.Count(t.Files, "file"), size(t))
	ja := fmt.Sprintf("キューに %s 通 (%s ファイル、%s)", words.Number(t.Messages), words.Number(t.Files), size(t))
	if !t.Oldest.IsZero() {
		age := b.Time.Sub(t.Oldest).Truncate(time.Second)
		en += fmt.Sprintf(", the oldest file %s old", age)
		ja += fmt.Sprintf("、最も古いファイルは %s 前", age)
	}
	if t.GrowthPerMinute != nil {
		en += fmt.Sprintf(", growth %+.0f a minute", *t.GrowthPerMinute)
		ja += fmt.Sprintf("、増加 %+.0f 通/分", *t.GrowthPerMinute)
	}
	level := runbook.OK
	if t.Over {
		level = runbook.Warn
	}
	return runbook.Finding{Level: level, Text: runbook.T(en, ja), Evidence: root}
}

// folderFindings tells what of one folder needs attention.
func folderFindings(f spool.FolderBacklog, info bool, at time.Time, l scan.Limits) []runbook.Finding {
	var all []runbook.Finding
	add := func(level runbook.Level, t runbook.Text) {
		all = append(all, runbook.Finding{Level: level, Text: t, Evidence: f.Path})
	}
	if f.Missing && !info {
		add(runbook.Warn, runbook.Tf("%s: there is no such folder", "%s: フォルダがない", f.Name))
	}
	if f.Incomplete {
		add(runbook.Bad, runbook.Tf("%s: cannot be counted: %s", "%s: 数えられない: %s", f.Name, f.Unreadable))
	} else if f.Unreadable != "" {
		add(runbook.Warn, runbook.Tf("%s: not all could be read: %s", "%s: 読めないものがある: %s", f.Name, f.Unreadable))
	}
	if f.Files > 0 {
		add(runbook.Info, runbook.T(fmt.Sprintf("%s: %s (%s, %s)", f.Name, runbook.Count(f.Messages, "message"), runbook.Count(f.Files, "file"), size(f)),
			fmt.Sprintf("%s: %s 通 (%s ファイル、%s)", f.Name, words.Number(f.Messages), words.Number(f.Files), size(f))))
	}
	if f.Odd > 0 {
		add(runbook.Warn, runbook.Tf("%s: not queue files (links, odd names, foreign files): %s, not opened", "%s: キューのファイルではないもの %s 件 (リンク、規則外の名前、無関係なファイル)。開いていない", f.Name, words.Number(f.Odd)))
	}
	if info {
		return all
	}
	for _, p := range l.Check(f, at) {
		add(runbook.Warn, overText(f.Name, f.Name, p))
	}
	return all
}

func overText(en, ja string, p scan.Passed) runbook.Text {
	value, limit := p.Japanese()
	switch p.What {
	case scan.TooMany:
		return runbook.Tf("%[1]s: %[3]s messages, more than %[4]s", "%[2]s: %[3]s 通。しきい値 %[4]s を超過", en, ja, p.Value, p.Limit)
	case scan.TooOld:
		return runbook.Tf("%[1]s: the oldest file is %[3]s old, more than %[4]s", "%[2]s: 最も古いファイルは %[3]s 前。しきい値 %[4]s を超過", en, ja, p.Value, p.Limit)
	}
	return runbook.Tf("%[1]s: grows by %[3]s, more than %[4]s", "%[2]s: 増加 %[5]s。しきい値 %[6]s を超過", en, ja, p.Value, p.Limit, value, limit)
}

// whoFindings tells whose mail it is.
func whoFindings(t spool.FolderBacklog) []runbook.Finding {
	var all []runbook.Finding
	add := func(en, ja string, args ...any) {
		all = append(all, runbook.Finding{Level: runbook.Info, Text: runbook.Tf(en, ja, args...)})
	}
	if t.Messages == 0 {
		return nil
	}
	if t.Sampled > 0 {
		add("what follows, and sizes and times, come from a sample of %s", "以下の内訳とサイズ・時刻は %s 件の標本による", words.Number(int64(t.Sampled)))
	}
	add("to outside %s, to own domains %s, from the null sender %s, list mail %s", "外部あて %s、自社あて %s、差出人空 %s、メーリングリスト %s",
		words.Number(t.Outside), words.Number(t.Own), words.Number(t.NullSender), words.Number(t.List))
	if len(t.Senders) > 0 {
		add("top senders: %s", "多い差出人: %s", names(t.Senders))
	}
	if len(t.Domains) > 0 {
		add("top recipient domains: %s", "多いあて先ドメイン: %s", names(t.Domains))
	}
	if len(t.Clients) > 0 {
		add("top clients: %s", "多い接続元: %s", names(t.Clients))
	}
	return all
}

// names writes the first names of a list; they are safe to show, package scan sees to that.
func names(all []spool.Count) string {
	var parts []string
	for _, c := range all[:min(5, len(all))] {
		parts = append(parts, fmt.Sprintf("%s (%s)", c.Name, words.Number(c.N)))
	}
	return strings.Join(parts, ", ")
}

// size is the size of a folder's files; a tilde marks an estimate.
func size(f spool.FolderBacklog) string {
	mark := ""
	if f.Sampled > 0 {
		mark = "~"
	}
	units := []string{"B", "kB", "MB", "GB", "TB"}
	v, u := float64(f.Bytes), 0
	for v >= 1000 && u < len(units)-1 {
		v, u = v/1000, u+1
	}
	if u == 0 {
		return fmt.Sprintf("%s%d B", mark, f.Bytes)
	}
	return fmt.Sprintf("%s%.1f %s", mark, v, units[u])
}
