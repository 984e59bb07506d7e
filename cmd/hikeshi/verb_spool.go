package main

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"hikeshi/actions/queue/blocks"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/scan"
)

func (a *app) spoolVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use: "spool", Short: "the queue folders: scan, list what is set aside, quarantine, release, purge",
		Long: "People say spool, the field says queue: the kinds in runbooks are queue.scan,\nqueue.quarantine, queue.find, queue.release, queue.purge, queue.check,\nqueue.nodes, queue.blocks.",
	}
	cmd.AddCommand(a.spoolScan(), a.spoolList(), a.spoolQuarantine(), a.spoolFind(), a.spoolRelease(), a.spoolPurge())
	return cmd
}

type backlogDocument struct {
	Version int         `json:"hikeshi"`
	Kind    string      `json:"kind"`
	Time    time.Time   `json:"time"`
	Folders []folderRow `json:"folders"`
	Total   folderRow   `json:"total"`

	Blocks []blocks.Block `json:"blocks,omitzero"` // only with --who
	Who    *whoRow        `json:"who,omitempty"`   // what the blocks were made of
}

type folderRow struct {
	Name       string        `json:"name"`
	Path       string        `json:"path"`
	Missing    bool          `json:"missing,omitempty"`
	Unreadable string        `json:"unreadable,omitempty"`
	Barred     bool          `json:"barred,omitempty"` // this user may not read it, or not all of it
	Files      int64         `json:"files"`
	Messages   int64         `json:"messages"`
	Odd        int64         `json:"odd"`
	Bytes      int64         `json:"bytes"`
	Oldest     *time.Time    `json:"oldest"`
	Newest     *time.Time    `json:"newest"`
	Growth     *float64      `json:"growth_per_minute"`
	Over       bool          `json:"over"`
	Reason     string        `json:"reason,omitempty"`
	Senders    []spool.Count `json:"top_senders"`
	Domains    []spool.Count `json:"top_domains"`
	Clients    []spool.Count `json:"top_clients"`
	Outside    int64         `json:"outside"`
	Own        int64         `json:"own"`
	NullSender int64         `json:"null_sender"`
	List       int64         `json:"list"`
	Sampled    int           `json:"sampled"`
}

func folderRowOf(f spool.FolderBacklog) folderRow {
	r := folderRow{Name: f.Name, Path: f.Path, Missing: f.Missing, Unreadable: f.Unreadable, Files: f.Files, Messages: f.Messages, Odd: f.Odd, Bytes: f.Bytes,
		Growth: f.GrowthPerMinute, Over: f.Over, Reason: f.Reason, Senders: counts(f.Senders), Domains: counts(f.Domains), Clients: counts(f.Clients),
		Outside: f.Outside, Own: f.Own, NullSender: f.NullSender, List: f.List, Sampled: f.Sampled}
	r.Barred = strings.HasSuffix(r.Unreadable, fs.ErrPermission.Error())
	if !f.Oldest.IsZero() {
		oldest, newest := f.Oldest.UTC(), f.Newest.UTC()
		r.Oldest, r.Newest = &oldest, &newest
	}
	return r
}

// counts gives an empty list rather than null.
func counts(c []spool.Count) []spool.Count {
	if c == nil {
		return []spool.Count{}
	}
	return c
}

func (a *app) spoolScan() *cobra.Command {
	var exact bool
	var watch time.Duration
	var who whoFlags
	cmd := &cobra.Command{
		Use: "scan", Short: "what lies in the queue, from whom, for whom, since when", Args: cobra.NoArgs,
		Long: `Files and messages are exact, from the names. Bytes, times, senders, domains and
clients come from a sample of 5,000 above that number, and that is said; --exact
reads every file. --watch takes a second look and gives the growth.

--who groups a sample of the mail into blocks (sender, login, client network, HELO,
size) and looks up the login behind each in the logs. --headers also reads subject
and sender in the header of the sample: personal data, and it is noted in the record
of the open incident that they were read.

Exit codes: 0 below the thresholds, 3 a threshold is passed, 7 a folder cannot
be counted.`,
		Example: "  hikeshi spool scan\n  hikeshi spool scan --watch 10s --output json\n  hikeshi spool scan --who",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notNegative(watch); err != nil {
				return err
			}
			w, err := a.world(cmd.Context(), "")
			if err != nil {
				return err
			}
			b, err := w.look(cmd, scan.Options{Exact: exact, Own: w.host.Queue.Own, Clock: a.now}, watch)
			if err != nil {
				return err
			}
			found, err := who.look(cmd.Context(), a, w)
			if err != nil {
				return err
			}
			return a.showBacklog(b, found)
		},
	}
	cmd.Flags().BoolVar(&exact, "exact", false, "read every file, however many there are")
	cmd.Flags().DurationVar(&watch, "watch", 0, "look again after `DURATION` and give the growth")
	cmd.Flags().BoolVar(&who.who, "who", false, "name the login behind each block of mail, by the logs")
	cmd.Flags().BoolVar(&who.headers, "headers", false, "with the most frequent subjects: personal data; includes --who")
	return cmd
}

// look looks at the queue once, or twice with a pause, and judges it.
func (w *world) look(cmd *cobra.Command, o scan.Options, watch time.Duration) (spool.Backlog, error) {
	b, err := scan.Look(cmd.Context(), w.server, o)
	if err != nil {
		return b, err
	}
	if watch > 0 {
		select {
		case <-time.After(watch):
		case <-cmd.Context().Done():
			return b, cmd.Context().Err()
		}
		later, err := scan.Look(cmd.Context(), w.server, o)
		if err != nil {
			return b, err
		}
		b = scan.Growth(b, later)
	}
	return scan.Judge(b, w.limits(), w.server.Folders()), nil
}

func (w *world) limits() scan.Limits {
	t := w.host.Queue.Thresholds
	return scan.Limits{Messages: t.Messages, Oldest: t.Oldest, GrowthPerMinute: t.GrowthPerMinute}
}

func (a *app) showBacklog(b spool.Backlog, found *blocks.Facts) error {
	row := func(f spool.FolderBacklog) folderRow {
		r := folderRowOf(f)
		r.Reason = runbook.T(f.Reason, f.ReasonJA).In(a.lang())
		return r
	}
	doc := backlogDocument{Version: 1, Kind: "backlog", Time: b.Time.UTC(), Folders: []folderRow{}, Total: row(b.Total)}
	for _, f := range b.Folders {
		doc.Folders = append(doc.Folders, row(f))
	}
	if found != nil {
		doc.Blocks, doc.Who = found.Blocks, whoRowOf(*found)
	}
	if a.isJSON() {
		if err := a.json(doc); err != nil {
			return err
		}
	} else {
		a.printBacklog(doc)
		a.printBlocks(found)
	}
	switch {
	case doc.Total.Over || anyOver(doc.Folders):
		return silent(exitFound)
	case slices.ContainsFunc(b.Folders, func(f spool.FolderBacklog) bool { return f.Incomplete }):
		return silent(exitUndetermined)
	}
	return nil
}

func anyOver(rows []folderRow) bool {
	for _, r := range rows {
		if r.Over {
			return true
		}
	}
	return false
}

func (a *app) printBacklog(doc backlogDocument) {
	fmt.Fprintf(a.stdout, "%s%s%s%s%s  %s\n", pad(a.word("folder", "フォルダ"), 10), right(a.word("files", "ファイル"), 12), right(a.word("messages", "通数"), 12),
		right(a.word("bytes", "バイト"), 14), right(a.word("/min", "増加/分"), 10), a.word("oldest", "最古"))
	for _, r := range append(doc.Folders, doc.Total) {
		a.printFolder(r)
	}
	t := doc.Total
	fmt.Fprintln(a.stdout)
	text := fmt.Sprintf(a.word("outside %d  own domains %d  null sender %d  lists %d", "外部あて %d  自社あて %d  差出人空 %d  ML %d"), t.Outside, t.Own, t.NullSender, t.List)
	if t.Sampled > 0 {
		text += fmt.Sprintf(a.word("  (of a sample of %d; bytes and times are estimates)", "  (標本 %d 件。バイト数と時刻は推定)"), t.Sampled)
	}
	a.screenOn(a.stdout).hang(2, text)
	for _, part := range []struct {
		label string
		list  []spool.Count
	}{{a.word("senders", "差出人"), t.Senders}, {a.word("clients", "接続元"), t.Clients}, {a.word("to", "あて先"), t.Domains}} {
		for i, c := range part.list {
			label := part.label
			if i > 0 {
				label = ""
			}
			if i == 5 {
				break
			}
			name := c.Name
			if name == "" {
				name = "<>"
			}
			a.screenOn(a.stdout).hang(20, fmt.Sprintf("%s%8d  %s", pad(label, 10), c.N, line(name)))
		}
	}
}

func (a *app) printFolder(r folderRow) {
	if r.Missing || r.Unreadable != "" {
		why := a.word("not there", "なし")
		if r.Unreadable != "" {
			why = line(r.Unreadable)
		}
		a.screenOn(a.stdout).hang(12, pad(r.Name, 10)+"  "+why)
		return
	}
	growth, oldest := "-", "-"
	if r.Growth != nil {
		growth = fmt.Sprintf("%+.1f", *r.Growth)
	}
	if r.Oldest != nil {
		oldest = r.Oldest.Local().Format("01-02 15:04")
	}
	fmt.Fprintf(a.stdout, "%s%12d%12d%14d%10s  %s\n", pad(a.folderName(r.Name), 10), r.Files, r.Messages, r.Bytes, growth, oldest)
	if r.Over {
		a.screenOn(a.stdout).row(pad("", 5)+"[!]", r.Reason)
	}
}

// folderName is the name of a folder; the sum of all is none.
func (a *app) folderName(name string) string {
	if name == "total" {
		return a.word("total", "合計")
	}
	return name
}

func right(text string, n int) string { return pad("", n-cells.StringWidth(text)) + text }

func (a *app) spoolQuarantine() *cobra.Command {
	var c changeFlags
	var strategy string
	var senders []string
	var nodes string
	var limit int
	cmd := &cobra.Command{
		Use: "quarantine", Short: "set the queue aside, as one set", Args: cobra.NoArgs,
		Long: `The parts of a message lie in several folders, so incoming, domains, holding and
lists are set aside together, all or none, beside themselves. With many messages
the folders are renamed (milliseconds, however many), with few the files are
moved. The services that use the queue have to be stopped first.`,
		Example: "  hikeshi spool quarantine\n  hikeshi spool quarantine --strategy move --sender taro@example.jp",
		RunE: func(cmd *cobra.Command, _ []string) error {
			w, err := a.world(cmd.Context(), c.manager)
			if err != nil {
				return err
			}
			return a.direct(cmd.Context(), w, directStep{ID: "setaside", Phase: runbook.Contain, Uses: "queue.quarantine", Title: runbook.T("set the queue aside", "キューを退避する"),
				With: map[string]any{"strategy": strategy, "senders": senders, "limit": limit, "nodes": nodes}}, c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&strategy, "strategy", "auto", "auto, move or rename")
	f.StringArrayVar(&senders, "sender", nil, "with move: only messages of this envelope `SENDER` (repeatable)")
	f.StringVar(&nodes, "nodes", "", "where other servers share the spool: stopped (they are all down) or single (there is none)")
	f.IntVar(&limit, "limit", 0, "with auto: move up to so many messages, rename above (default thresholds.move_limit)")
	c.add(cmd)
	return cmd
}
