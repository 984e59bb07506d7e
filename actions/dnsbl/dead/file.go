package dead

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"hikeshi/actions/dnsbl/table"
	"hikeshi/runbook"
)

// ErrIrregular says that a name leads to a folder, a FIFO or a device: no configuration stands there, and reading might never end.
var ErrIrregular = errors.New("it is no regular file")

// Open opens a regular file, to be read. Anything else is ErrIrregular, and is neither waited for nor touched.
func Open(file string) (*os.File, error) {
	if fi, err := os.Stat(file); err != nil || !fi.Mode().IsRegular() {
		return nil, cmp.Or(err, ErrIrregular)
	}
	f, err := os.OpenFile(file, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() { // it was put there just now
		f.Close()
		return nil, cmp.Or(err, ErrIrregular)
	}
	return f, nil
}

// In returns the dead zones that stand in a file. The error says why it cannot be read.
func In(lists []table.Dead, file string) ([]Hit, error) {
	f, err := Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxFile {
		return nil, errTooLarge
	}
	return Find(lists, file, data), nil
}

var errTooLarge = errors.New("the file is too large for a configuration file and was not read")

// Finding tells the dead zone, and what it does.
func (h Hit) Finding() runbook.Finding {
	level, does := runbook.Warn, runbook.T("it answers nothing that is worth asking", "問い合わせても意味のある応答はない")
	switch h.List.Sign {
	case "world":
		level, does = runbook.Bad, runbook.T("it has listed everybody: all mail may be refused", "全アドレスを掲載したことがあり、全メールを拒否する恐れがある")
	case "silent":
		does = runbook.T("it does not answer: every session waits for it", "応答がなく、接続のたびに待たされる")
	case "gone":
		does = runbook.T("whoever gets its name may list everybody", "名前を取得した第三者が全アドレスを掲載できる")
	}
	return runbook.Finding{Level: level, Evidence: fmt.Sprintf("%s:%d", h.File, h.Line),
		Text: runbook.Tf("take out %[1]s (%[2]s, %[3]s): %[5]s", "%[1]s を設定から削除する(%[2]s、%[4]s): %[6]s", h.Zone, h.List.Name, Ended(h.List.Ended, h.List.By).EN, Ended(h.List.Ended, h.List.By).JA, does.EN, does.JA)}
}

// Ended says since when a list is dead.
func Ended(when string, by bool) runbook.Text {
	if by {
		return runbook.Tf("dead by %s", "遅くとも %s に停止", when)
	}
	return runbook.Tf("dead since %s", "%s に停止", when)
}
