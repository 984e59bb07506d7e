// Package files finds the files of a log of E-Post Mail Server V.
//
// A log is a folder of files named by local date, YYMMDD.log, or with the hour, YYMMDD_HH.log; they lie in it or in folders named
// after the computers that write them (FAQ bsd/05-03, bsd/05-04). Who keeps them longer may have compressed and numbered them:
//
//	/var/spool/epms/acceptlog/261121.log
//	/var/spool/epms/acceptlog/mail1/261120.log.gz
//	/var/spool/epms/senderlog/mail1/261119_03.log.1.zst
//
// No symbolic link below the folder is followed. What is named like a file of the log and is none is told apart, and so are links that may
// be folders of computers. A copy that somebody made has lines of a file that is read already, and would double every figure: files and
// folders that are copies by their names, such as 261121.log.bak or mail1.old, are told apart too, and so is what has a day and the word
// log in a name of another form.
package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Bounds of looking for files.
const (
	maxNames     = 50_000 // entries of a folder that are looked at
	maxComputers = 64
	maxErrors    = 5 // that are told
	maxOdd       = 1000
)

// List returns the files of the log in dir, oldest first, and what lies among them and is left out. There are none in a folder that is not
// there. The error says what could not be looked at; the files are then all others.
func List(ctx context.Context, dir string) ([]spool.LogFile, []spool.OddFile, error) {
	l := list{}
	folders := l.look(dir)
	if len(folders) > maxComputers {
		l.problem(fmt.Errorf("%s: only %d of %d folders were looked at", dir, maxComputers, len(folders)))
		folders = folders[:maxComputers]
	}
	for _, name := range folders {
		if copied(name) {
			l.leave(spool.LogFile{Path: filepath.Join(dir, name)}, spool.Words{EN: "a copy by its name: no folder of a computer", JA: "名前から見てコピーで、サーバー名のフォルダではない"})
			continue
		}
		if err := ctx.Err(); err != nil {
			l.problem(err)
			break
		}
		l.look(filepath.Join(dir, name))
	}
	l.once()
	slices.SortFunc(l.files, func(a, b spool.LogFile) int {
		return cmp.Or(cmp.Compare(a.From, b.From), a.Modified.Compare(b.Modified), strings.Compare(a.Path, b.Path))
	})
	if l.more > 0 {
		l.errs = append(l.errs, fmt.Errorf("and %d more", l.more))
	}
	if err := errors.Join(l.errs...); err != nil {
		return l.files, l.odd, fmt.Errorf("looking for log files: %w", err)
	}
	return l.files, l.odd, nil
}

type list struct {
	files []spool.LogFile
	odd   []spool.OddFile
	errs  []error
	more  int // errors that are not told
}

// once leaves out a compressed file whose text still lies beside it, which has the same lines and may have more.
func (l *list) once() {
	plain := map[string]bool{}
	for _, f := range l.files {
		plain[f.Path] = f.Compressed == ""
	}
	l.files = slices.DeleteFunc(l.files, func(f spool.LogFile) bool {
		return f.Compressed != "" && plain[strings.TrimSuffix(f.Path, "."+f.Compressed)]
	})
}

func (l *list) problem(err error) {
	if len(l.errs) < maxErrors {
		l.errs = append(l.errs, err)
	} else {
		l.more++
	}
}

// look takes the log files in one folder, and returns its folders.
func (l *list) look(dir string) (folders []string) {
	d, err := openBelow(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		l.problem(err)
		return nil
	}
	defer d.Close()
	names, err := d.File().Readdirnames(maxNames)
	if err != nil && err != io.EOF {
		l.problem(err)
	}
	if len(names) == maxNames {
		l.problem(fmt.Errorf("%s: only %d entries were looked at", dir, maxNames))
	}
	slices.Sort(names)
	for _, name := range names {
		e, err := d.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist): // taken away meanwhile
		case err != nil:
			l.problem(err)
		case e.Type == fs.ModeDir:
			folders = append(folders, name)
		default:
			l.take(dir, name, e)
		}
	}
	return folders
}

// take takes an entry, if it is a file of the log.
func (l *list) take(dir, name string, e disk.Entry) {
	f, ok := Name(name)
	f.Path, f.Size, f.Modified = filepath.Join(dir, name), e.Size, time.Unix(e.Sec, 0)
	known := f.Compressed == "" || f.Compressed == "gz" || f.Compressed == "zst"
	switch {
	case ok && e.Type == 0 && known:
		l.files = append(l.files, f)
	case ok && e.Type == 0:
		l.leave(f, spool.Words{EN: "compressed in a way that is not read: only gz and zst are", JA: "対応していない圧縮形式(読めるのは gz と zst)"})
	case ok, e.Type == fs.ModeSymlink: // a folder of a computer may be a link
		l.leave(f, kindOf(e.Type))
	case e.Type == 0:
		if day, why, ok := strange(name); ok {
			day.Path = f.Path
			l.leave(day, why)
		}
	}
}

// leave notes what is left out.
func (l *list) leave(f spool.LogFile, why spool.Words) {
	if len(l.odd) < maxOdd {
		l.odd = append(l.odd, spool.OddFile{Path: f.Path, From: f.From, To: f.To, Why: why})
	} else {
		l.more++
	}
}

// kindOf says what an entry is that is no regular file.
func kindOf(t fs.FileMode) spool.Words {
	switch {
	case t&fs.ModeSymlink != 0:
		return spool.Words{EN: "a symbolic link, which is not followed", JA: "シンボリックリンクのため、たどらない"}
	case t&fs.ModeNamedPipe != 0:
		return spool.Words{EN: "a named pipe", JA: "名前付きパイプ"}
	case t&fs.ModeSocket != 0:
		return spool.Words{EN: "a socket", JA: "ソケット"}
	case t&fs.ModeDevice != 0:
		return spool.Words{EN: "a device", JA: "デバイスファイル"}
	}
	return spool.Words{EN: "not a regular file", JA: "通常のファイルではない"}
}

// openBelow opens a folder that must be no symbolic link itself.
func openBelow(dir string) (*disk.Dir, error) {
	parent, err := disk.Open(filepath.Dir(dir))
	if err != nil {
		return nil, err
	}
	defer parent.Close()
	return parent.Sub(filepath.Base(dir))
}
