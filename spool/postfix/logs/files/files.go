// Package files finds the files of a mail log: the log itself, and what logrotate(8) and `postfix logrotate` have made of it:
//
//	/var/log/mail.log  mail.log.1  mail.log.2.gz            Debian
//	/var/log/maillog   maillog-20261129  maillog-20261122.gz  RHEL (dateext)
//	/var/log/maillog.20261129-031501.gz                     maillog_file (postlogd(8))
//
// The date in a name is the day of the rotation, not of the lines, so it says nothing of From and To.
//
// mail.info, mail.warn and mail.err have lines of mail.log once more: they are read only where it is not there. A symbolic link is not
// followed, but in the folders above.
package files

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// Where the logs are when nobody says otherwise: Debian and RHEL, and what rsyslog of older Debian writes beside.
var (
	Mail    = []string{"/var/log/mail.log", "/var/log/maillog", "/var/log/mail.info", "/var/log/mail.warn", "/var/log/mail.err"}
	Dovecot = []string{"/var/log/dovecot.log", "/var/log/dovecot-info.log"}
)

const maxNames = 50_000 // entries of a folder that are looked at

// Found are the files of a log.
type Found struct {
	Dir     string
	Files   []spool.LogFile // oldest first
	Odd     []spool.OddFile
	Problem error
}

// Find finds the files of the logs at some paths below root.
func Find(ctx context.Context, root string, paths []string) Found {
	var f Found
	seen := map[string]bool{}
	for _, path := range paths {
		if ctx.Err() != nil || path == "" || path == "/dev/stdout" {
			continue
		}
		at, err := disk.Resolve(cmp.Or(root, "/"), filepath.Dir(path))
		if err != nil {
			f.problem(err)
			continue
		}
		if f.Dir == "" {
			f.Dir = at
		}
		if one := filepath.Join(at, filepath.Base(path)); !seen[one] {
			seen[one] = true
			f.look(at, filepath.Base(path))
		}
	}
	f.once()
	slices.SortFunc(f.Files, func(a, b spool.LogFile) int {
		return cmp.Or(a.Modified.Compare(b.Modified), strings.Compare(a.Path, b.Path))
	})
	return f
}

func (f *Found) problem(err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		f.Problem = errors.Join(f.Problem, fmt.Errorf("looking for log files: %w", err))
	}
}

// look takes the files of one log.
func (f *Found) look(dir, base string) {
	d, err := disk.Open(dir)
	if err != nil {
		f.problem(err)
		return
	}
	defer d.Close()
	names, err := d.File().Readdirnames(maxNames)
	if err != nil && len(names) == 0 {
		return // an empty folder
	}
	if len(names) == maxNames {
		f.problem(fmt.Errorf("%s: only %d entries were looked at", dir, maxNames))
	}
	for _, name := range names {
		compressed, ok := rotated(name, base)
		if !ok {
			continue
		}
		e, err := d.Lstat(name)
		if err != nil {
			f.problem(err)
			continue
		}
		one := spool.LogFile{Path: filepath.Join(dir, name), Size: e.Size, Modified: time.Unix(e.Sec, 0), Compressed: compressed}
		switch {
		case e.Type != 0:
			f.leave(one.Path, spool.Words{EN: "no regular file: a link or a device, which is not read", JA: "通常のファイルではない(リンクやデバイスは読まない)"})
		case compressed != "" && compressed != "gz" && compressed != "zst":
			f.leave(one.Path, spool.Words{EN: "compressed in a way that is not read: only gz and zst are", JA: "対応していない圧縮形式(読めるのは gz と zst)"})
		default:
			f.Files = append(f.Files, one)
		}
	}
}

func (f *Found) leave(path string, why spool.Words) {
	f.Odd = append(f.Odd, spool.OddFile{Path: path, Why: why})
}

// once leaves out what would be counted twice: a compressed file whose text is still there, and the copies of parts of a mail log.
func (f *Found) once() {
	plain, whole := map[string]bool{}, false
	for _, one := range f.Files {
		plain[one.Path] = one.Compressed == ""
		whole = whole || part(one.Path) == 0
	}
	least := 4 // of mail.info, mail.warn and mail.err the one with the most lines
	for _, one := range f.Files {
		if n := part(one.Path); n > 0 {
			least = min(least, n)
		}
	}
	f.Files = slices.DeleteFunc(f.Files, func(one spool.LogFile) bool {
		n := part(one.Path)
		switch {
		case one.Compressed != "" && plain[strings.TrimSuffix(one.Path, "."+one.Compressed)]:
			f.leave(one.Path, spool.Words{EN: "its text lies beside it, and is read", JA: "同じ内容の展開済みファイルが隣にあり、そちらを読む"})
		case n > 0 && (whole || n > least):
			f.leave(one.Path, spool.Words{EN: "a copy of part of the mail log, whose lines would be counted twice", JA: "メールログの一部のコピーで、同じ行を二重に数えることになる"})
		default:
			return false
		}
		return true
	})
}

// part is 1 to 3 for a file of mail.info, mail.warn or mail.err, which rsyslog fills from the same lines; else 0.
func part(path string) int {
	name := filepath.Base(path)
	for i, base := range []string{"mail.info", "mail.warn", "mail.err"} {
		if _, ok := rotated(name, base); ok {
			return i + 1
		}
	}
	return 0
}

// rotated says whether a name is that of a log, or what a rotation has made of it, and how it is compressed.
func rotated(name, base string) (compressed string, ok bool) {
	rest, ok := strings.CutPrefix(name, base)
	if !ok {
		return "", false
	}
	for _, end := range []string{"gz", "zst", "xz", "bz2", "lz4"} {
		if cut, ok := strings.CutSuffix(rest, "."+end); ok {
			compressed, rest = end, cut
			break
		}
	}
	if rest == "" {
		return compressed, true
	}
	number := strings.NewReplacer("-", "").Replace(rest[1:])
	return compressed, (rest[0] == '.' || rest[0] == '-') && len(number) > 0 && len(number) <= 14 && strings.Trim(number, "0123456789") == ""
}
