// Package proof shows whether an incident is as it was written: the chain of its records, and the hash of everything it kept.
package proof

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/chain"
	"hikeshi/runbook/journal/vault"
	"hikeshi/spool/disk"
)

// The names of what lies beside a journal.
const (
	BookName   = "runbook.yaml"
	TornPrefix = "journal.torn-" // and a number: bytes of a torn line
)

// A Report is what Check found.
type Report struct {
	Incident string
	Records  int       // whole lines
	Files    int       // kept files compared with their hash
	Head     string    // hash of the last record
	HeadAt   int       // number of the record whose hash the given head is; -1: none was given, or none is
	Torn     int64     // length of a torn last line in bytes, 0: none
	Extra    []string  // files that no record names; a crash while copying can leave one
	Problems []Problem // empty: everything is as it was written
}

// A Problem is one thing that is not as it was written.
type Problem struct {
	Record int // -1: the journal as a whole
	Text   runbook.Text
}

// Check walks the chain of the incident in dir and the hashes of everything kept. head, unless empty, is any head noted earlier: it
// must be in the chain. Without one, a change of the very last record cannot be seen. The error is for what cannot be read.
func Check(dir *disk.Dir, head string) (Report, error) {
	rep := Report{HeadAt: -1}
	lines, torn, err := chain.ReadDir(dir)
	if errors.Is(err, chain.ErrBroken) {
		rep.problem(len(lines), "cannot be read: %v", "読み取れません: %v", err)
	} else if err != nil {
		return rep, err
	}
	rep.Records, rep.Torn = len(lines), torn
	rep.chain(lines)
	rep.head(lines, strings.ToLower(strings.TrimSpace(head)))
	return rep, rep.files(vault.Dir{Dir: dir}, lines)
}

func (rep *Report) problem(record int, en, ja string, args ...any) {
	rep.Problems = append(rep.Problems, Problem{record, runbook.Tf(en, ja, args...)})
}

// chain finds the records that were changed. One is vouched for by the record after it, whose own change makes that void.
func (rep *Report) chain(lines []chain.Line) {
	if len(lines) == 0 {
		rep.problem(-1, "the journal holds no record", "記録が一つもありません")
	}
	changed := make([]bool, len(lines)+1)
	for i := len(lines) - 2; i >= 0; i-- {
		changed[i] = lines[i+1].Err == nil && lines[i].Hash != lines[i+1].Record.Prev && !changed[i+1]
	}
	for i, l := range lines {
		before := chain.Line{Hash: disk.Hash(nil)}
		if i > 0 {
			before = lines[i-1]
		}
		switch {
		case changed[i]:
			rep.problem(i, "is not as it was written: record %d holds another hash of it", "書き込まれた時のままではありません(記録 %d が別のハッシュ値を保持)", i+1)
		case l.Err != nil:
			rep.problem(i, "is no record: %v", "記録として読めません: %v", l.Err)
		case l.Record.Seq != i:
			rep.problem(i, "calls itself record %d: records are missing or were moved", "番号が %d になっています(記録の欠落または入れ替え)", l.Record.Seq)
		case l.Record.Prev != before.Hash && (i == 0 || !changed[i-1]):
			rep.problem(i, "does not follow the record before it", "直前の記録とつながっていません")
		case l.Check(i, before) != nil && (i == 0 || l.Record.Event == runbook.Opened):
			rep.problem(i, "is not the opening of an incident that this version can read", "この版で読める事案の開始記録ではありません")
		}
	}
}

// head looks for the given head among all that the chain ever had.
func (rep *Report) head(lines []chain.Line, head string) {
	if len(lines) > 0 {
		rep.Head = lines[len(lines)-1].Hash
	}
	if head == "" {
		return
	}
	rep.HeadAt = slices.IndexFunc(lines, func(l chain.Line) bool { return l.Hash == head })
	if rep.HeadAt < 0 {
		rep.problem(-1, "the given head %.64q is not in the chain: a record up to it was changed or removed",
			"指定されたハッシュ値 %.64q は記録の中にありません。それ以前の記録が変更または削除されています", head)
	}
}

// files compares every kept file with its record.
func (rep *Report) files(v vault.Dir, lines []chain.Line) error {
	known := map[string]bool{}
	for i, l := range lines {
		if o := l.Record.Opening; o != nil && o.BookHash != "" {
			rep.file(v, i, runbook.EvidenceRef{Name: BookName, Size: -1, SHA256: o.BookHash})
		}
		if e := l.Record.Evidence; e != nil && e.SHA256 != "" {
			known[e.Name] = true
			rep.file(v, i, *e)
		}
	}
	for _, folder := range []string{vault.Evidence, vault.Backup, ""} {
		names, err := namesIn(v.Dir, folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, name := range names {
			if p := path.Join(folder, name); !known[p] && (folder != "" || strings.HasPrefix(name, TornPrefix)) {
				rep.Extra = append(rep.Extra, p)
			}
		}
	}
	return nil
}

func (rep *Report) file(v vault.Dir, record int, e runbook.EvidenceRef) {
	rep.Files++
	size, sum, err := v.Hash(e.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		rep.problem(record, "%q, which it names, is missing", "保存したはずの %q がありません", e.Name)
	case err != nil:
		rep.problem(record, "%q, which it names, cannot be read: %v", "保存した %q を読み取れません: %v", e.Name, err)
	case sum != e.SHA256 || (e.Size >= 0 && size != e.Size):
		rep.problem(record, "%q, which it names, is not as it was kept", "保存した %q は保存時のままではありません", e.Name)
	}
}

func namesIn(dir *disk.Dir, folder string) ([]string, error) {
	if folder != "" {
		d, err := dir.Sub(folder)
		if err != nil {
			return nil, err
		}
		defer d.Close()
		dir = d
	}
	names, err := dir.Names()
	slices.Sort(names)
	return names, err
}
