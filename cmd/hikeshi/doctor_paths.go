package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// folders: there, on one filesystem, and of a kind that can exchange names.
func (d *doctor) folders() {
	d.add("spool", runbook.OK, "", "%s", d.w.server.Root())
	for _, f := range d.w.server.Folders() {
		if !f.Set {
			continue
		}
		fi, err := os.Lstat(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			d.add("folder", runbook.Warn, "", d.word("%s is not there", "%s がない"), f.Path)
		case err != nil:
			d.add("folder", runbook.Bad, "", "%v", err)
		case fi.Mode()&fs.ModeSymlink != 0:
			d.add("folder", runbook.Bad, d.word("point epms.spool at the real place", "epms.spool に実際の場所を指定する"), d.word("%s is a symbolic link; queue folders are never followed", "%s はシンボリックリンク。キューのフォルダではたどらない"), f.Path)
		case !fi.IsDir():
			d.add("folder", runbook.Bad, "", d.word("%s is no directory", "%s はディレクトリではない"), f.Path)
		case !readable(f.Path):
			d.add("folder", runbook.Bad, "sudo hikeshi ...", d.word("%s cannot be read by this user: permission denied", "%s をこのユーザーは読めない (permission denied)"), f.Path)
		}
	}
	if _, err := aside.Base(setFolders(d.w.server)); err != nil {
		d.add("queue", runbook.Bad, "", "%v", err)
	} else if aside.CanExchange(d.w.server.Root()) {
		d.add("queue", runbook.OK, "", "%s", d.word("folders can be exchanged in one step", "フォルダを一度の操作で入れ替えられる"))
	} else {
		d.add("queue", runbook.Info, "", "%s", d.word("this filesystem is not known to exchange folders in one step; three renames are used if it cannot", "一度の操作での入れ替えは未確認のファイルシステム。できない場合は 3 回の改名で行う"))
	}
}

func setFolders(s spool.Server) []spool.Folder {
	var set []spool.Folder
	for _, f := range s.Folders() {
		if f.Set {
			set = append(set, f)
		}
	}
	return set
}

func (d *doctor) denyFile() {
	den, ok := d.w.server.(spool.Denier)
	if !ok {
		return
	}
	path := den.DenyFile()
	dir, err := disk.Open(filepath.Dir(path))
	if err != nil {
		d.add("deny file", runbook.Bad, d.remedy(err, "epms.program"), "%v", err)
		return
	}
	defer dir.Close()
	e, err := dir.Lstat(filepath.Base(path))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		d.add("deny file", runbook.Info, "", d.word("%s is not there: the default rule holds; a denial makes it", "%s はない: 既定の規則。拒否の際に作成する"), path)
	case err != nil:
		d.add("deny file", runbook.Bad, "", "%v", err)
	case e.Type != 0:
		d.add("deny file", runbook.Bad, d.word("hikeshi does not write through links", "リンク越しには書き込まない"), d.word("%s is no regular file", "%s は通常のファイルではない"), path)
	default:
		f, err := dir.Read(filepath.Base(path))
		if err != nil {
			d.add("deny file", runbook.Bad, d.remedy(err, ""), "%v", err)
			return
		}
		f.Close()
		if err := cannotWrite(dir.Path()); err != nil {
			d.add("deny file", levelOf(err), d.remedy(err, ""), d.word("%s cannot be written, so nobody can be denied: %v", "%s に書き込めないため、拒否を加えられない: %v"), dir.Path(), err)
			return
		}
		d.add("deny file", runbook.OK, "", "%s", path)
	}
}

// disk: the filesystem of the spool has room and can be written.
func (d *doctor) disk() {
	root := d.w.server.Root()
	row := diskOf(root)
	switch {
	case row == nil:
		d.add("disk", runbook.Warn, "", d.word("how full the disk of %s is cannot be told", "%s のディスクの空きを判定できない"), root)
	case row.ReadOnly:
		d.add("disk", runbook.Bad, d.remedy(unix.EROFS, ""), d.word("%s lies on a read-only file system, so nothing can be set aside", "%s は読み取り専用のファイルシステムにあるため、退避できない"), root)
	case row.full():
		d.add("disk", runbook.Bad, d.word("make room before anything else", "まず空きを作る"), "%s", d.diskWords(row))
	default:
		d.add("disk", runbook.OK, "", "%s", d.diskWords(row))
	}
}

// levelOf is how much it matters that a folder cannot be written: with more rights a person can, on a read-only file system nobody.
func levelOf(err error) runbook.Level {
	if errors.Is(err, unix.EROFS) {
		return runbook.Bad
	}
	return runbook.Warn
}

// remedy is what helps against an error of a file; otherwise is for an error that is neither.
func (d *doctor) remedy(err error, otherwise string) string {
	switch {
	case errors.Is(err, unix.EROFS):
		return d.word("find out why in the log of the kernel (dmesg), then mount it for writing", "理由をカーネルのログ (dmesg) で確かめ、書き込めるようにマウントし直す")
	case errors.Is(err, fs.ErrPermission):
		return "sudo hikeshi ..."
	}
	return otherwise
}

// state: the state folder can be made and written.
func (d *doctor) state() {
	for dir := d.w.state; ; dir = filepath.Dir(dir) {
		fi, err := os.Stat(dir)
		if err == nil && fi.IsDir() {
			if err := cannotWrite(dir); err != nil {
				d.add("state", runbook.Bad, "--state DIR", d.word("%s cannot be written: %v", "%s に書き込めない: %v"), dir, err)
				return
			}
			d.add("state", runbook.OK, "", "%s", d.w.state)
			return
		}
		if dir == filepath.Dir(dir) {
			d.add("state", runbook.Bad, "--state DIR", "%v", err)
			return
		}
	}
}
