package main

import (
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// printStatus prints the status in 80 columns. What cannot be known is said to be unknown.
func (a *app) printStatus(d statusDocument) {
	s := a.screen()
	row := func(label, text string) { s.row(pad(label, 8), strings.TrimSpace(text)) }
	local := d.Time.Local()
	clock := a.word("clock: sync unknown", "時刻同期 不明")
	if d.Synced != nil {
		clock = map[bool]string{true: a.word("clock synced", "時刻同期 OK"), false: a.word("clock NOT synced", "時刻同期 なし")}[*d.Synced]
	}
	day := local.Format("Mon 01-02")
	if a.lang() == "ja" {
		day = local.Format("01/02") + "(" + string([]rune("日月火水木金土")[local.Weekday()]) + ")"
	}
	s.hang(2, fmt.Sprintf("%s %s [%s]  %s %s (%s)  %s", a.word("HIKESHI", "火消し"), line(d.Host), d.Server, day, local.Format("15:04 MST"), d.Time.Format("15:04Z"), clock))
	level := map[runbook.Level]string{runbook.OK: a.word("OK", "正常"), runbook.Warn: a.word("WATCH", "注意"), runbook.Bad: a.word("DANGER", "危険")}[d.Level]
	if d.Undetermined {
		level = a.word("NOT KNOWN", "不明")
	}
	incident := a.word("none", "なし")
	if d.Incident != nil {
		incident = d.Incident.ID + " (" + a.stateWord(d.Incident.State) + ")"
	}
	code := map[runbook.Level]string{runbook.OK: "32", runbook.Warn: "33", runbook.Bad: "31"}[d.Level]
	if d.Undetermined {
		code = "33"
	}
	fmt.Fprintf(a.stdout, "%s   %s %s\n", s.paint(code, "["+level+"]"), a.word("incident:", "事案:"), incident)
	if !a.flags.quiet {
		a.statusFigures(d, row)
	}
	for _, x := range d.Attention {
		row(s.level(x.Level), x.Text)
	}
	row(a.word("not seen", "未確認"), strings.Join(d.NotSeen, "  "))
	if d.Next != "" {
		row(a.word("next:", "次に打つ:"), d.Next+map[bool]string{true: a.word("    (the first y stops delivery and receipt)", "    (最初の y で配送と受信が止まる)")}[strings.HasPrefix(d.Next, "hikeshi run")])
		row(a.word("not us?", "違うかも"), a.word("newsletter, forwards, forged sender: hikeshi help not-us", "一斉送信,転送,なりすまし -> hikeshi help not-us"))
	}
}

// statusFigures are the rows of what was measured; with -q only what needs attention is shown.
func (a *app) statusFigures(d statusDocument, row func(label, text string)) {
	rows := func(label string, texts []string) {
		for i, text := range texts {
			row(map[bool]string{true: label}[i == 0], text)
		}
	}
	row(a.word("services", "サービス"), a.serviceWords(d))
	row(a.word("backlog", "滞留"), a.backlogWords(d))
	row("", a.rateWords(d))
	who, from := a.suspectWords(d.Suspects)
	rows(a.word("who", "だれ"), append(who, a.topWords(d.Total.Senders, d.Total)))
	rows(a.word("from", "接続元"), append(from, a.topWords(d.Total.Clients, d.Total)))
	row(a.word("disk", "ディスク"), a.diskWords(d.Disk))
	row(a.word("logs", "ログ"), a.logWords(d.Logs))
	aside := int64(0)
	for _, x := range d.SetAside {
		aside += x.Messages
	}
	partly := ""
	if d.unread() {
		partly = a.word("  (without what cannot be read)", "  (読めないフォルダを除く)")
	}
	row(a.word("good?", "正当か"), fmt.Sprintf(a.word("own domains %d  outside %d  lists %d  null sender %d%s  set aside %d", "自社あて %d  外部あて %d  ML %d  差出人空 %d%s  退避中 %d"),
		d.Total.Own, d.Total.Outside, d.Total.List, d.Total.NullSender, a.sampleWords(d.Total), aside)+partly)
	row(a.word("due", "期限"), fmt.Sprintf(a.word("denials %d  renamed %d  looks %d  requests %d  services barred %d", "拒否の見直し %d  改名中 %d  再確認 %d  解除申請 %d  起動禁止中のサービス %d"),
		len(d.Due), len(d.Renamed), len(d.Later), len(d.Requests), barredCount(d.Services)))
}

// unread says whether a folder of the queue could not be read, so that the totals are too low.
func (d statusDocument) unread() bool {
	return slices.ContainsFunc(d.Backlog, func(f folderRow) bool { return f.Unreadable != "" })
}

func (a *app) backlogWords(d statusDocument) string {
	text := ""
	for _, f := range d.Backlog {
		switch {
		case f.Unreadable != "":
			text += fmt.Sprintf("%s %s  ", f.Name, a.word("unknown", "不明"))
		case !f.Missing:
			text += fmt.Sprintf("%s %s  ", f.Name, thousands(f.Messages))
		}
	}
	if d.Total.Oldest != nil {
		text += a.word("oldest ", "最古 ") + d.Total.Oldest.Local().Format("01-02 15:04")
	}
	return text
}

func (a *app) rateWords(d statusDocument) string {
	unknown := a.word("unknown", "不明")
	accepted, growth := unknown, unknown
	if d.Accepted != nil {
		accepted = fmt.Sprintf(a.word("%.0f/min", "%.0f 通/分"), *d.Accepted)
	}
	if d.Total.Growth != nil {
		growth = fmt.Sprintf(a.word("%+.0f/min", "%+.0f 通/分"), *d.Total.Growth)
	}
	return fmt.Sprintf(a.word("accepted %s  growth %s", "受理 %s  増加 %s"), accepted, growth)
}

func (a *app) sampleWords(t folderRow) string {
	if t.Sampled == 0 {
		return ""
	}
	return fmt.Sprintf(a.word(" (sample of %d)", " (標本 %d)"), t.Sampled)
}

// topWords is the head of a list, with its share of what was read.
func (a *app) topWords(list []spool.Count, total folderRow) string {
	if len(list) == 0 {
		return a.word("unknown (nothing in the queue tells)", "不明(キューからは分からない)")
	}
	sum := total.Outside + total.Own + total.NullSender + total.List
	text := ""
	for i, c := range list {
		if i == 3 {
			text += fmt.Sprintf(a.word("%d+ others  ", "ほか %d 件以上  "), len(list)-3)
			break
		}
		name := c.Name
		if name == "" {
			name = "<>"
		}
		share := ""
		if sum > 0 {
			share = fmt.Sprintf(" %d%%", c.N*100/sum)
		}
		text += line(name) + share + "  "
	}
	return text + a.word("(of the queue)", "(キューによる)")
}

func (a *app) diskWords(d *diskRow) string {
	if d == nil {
		return a.word("unknown", "不明")
	}
	return fmt.Sprintf(a.word("%.1f GB left (%.0f%%)  inodes %.0f%% free", "残り %.1f GB (%.0f%%)  inode 残り %.0f%%"), float64(d.Free)/1e9, d.FreePercent, d.InodesFreePercent)
}

func (a *app) logWords(rows []logRow) string {
	text := ""
	for _, r := range rows {
		state := a.word("unknown", "不明")
		if r.On != nil {
			state = map[bool]string{true: a.word("on", "入"), false: a.word("OFF", "切")}[*r.On]
		}
		if r.Barred {
			state += a.word(" not readable as this user: read as root", " このユーザーでは読めない(root で実行)")
		} else if r.Bytes != nil && *r.Bytes > 0 {
			state += " " + bytesWord(*r.Bytes)
		}
		text += r.Name + " " + state + "  "
	}
	return text
}

// bytesWord writes a size with a decimal unit.
func bytesWord(n int64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}} {
		if float64(n) >= u.size {
			return fmt.Sprintf("%.1f %s", float64(n)/u.size, u.name)
		}
	}
	return fmt.Sprintf("%d B", n)
}

func barredCount(rows []serviceRow) int {
	n := 0
	for _, r := range rows {
		if r.Barred {
			n++
		}
	}
	return n
}

// thousands writes a number with commas.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// diskRow is the filesystem of the spool.
type diskRow struct {
	Free              uint64  `json:"free"` // bytes for ordinary users
	FreePercent       float64 `json:"free_percent"`
	InodesFreePercent float64 `json:"inodes_free_percent"`
	ReadOnly          bool    `json:"read_only"`
}
