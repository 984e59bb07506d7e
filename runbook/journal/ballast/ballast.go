// Package ballast keeps a file whose only use is to be given up, so that a little can still be written when the disk is full.
//
// [Dir.Fill] makes the file as large as it should be; [Dir.Room] tries a write and gives up ballast for as long as the disk is full. On a filesystem with
// snapshots, what is given up may not become free.
package ballast

import (
	"crypto/rand"
	"errors"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// Size is the size of the whole ballast in bytes.
const Size = 1 << 20

const (
	fileName = "ballast"
	piece    = 64 << 10
)

// A Dir is the path of the folder that holds the ballast, on the filesystem of what is to be written.
type Dir string

// Fill makes the ballast whole if there is room for that; else it stays as it is.
func (b Dir) Fill() {
	d, err := disk.Open(string(b))
	if err != nil {
		return
	}
	defer d.Close()
	log, err := d.OpenLog(fileName)
	if err != nil {
		return
	}
	defer log.Close()
	fi, err := log.File().Stat()
	if err != nil || fi.Size() >= Size {
		return
	}
	more := make([]byte, Size-fi.Size())
	rand.Read(more) // a filesystem that compresses would keep no room for zeros
	_ = log.Append(more)
}

// Room calls f, and calls it again for every piece of ballast that it can give up while the disk is full. The ballast goes in
// pieces because what filled the disk is still at work and takes whatever becomes free.
func (b Dir) Room(f func() error) error {
	for {
		err := f()
		if err == nil || !full(err) || !b.lighten() {
			return err
		}
	}
}

func full(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }

// lighten gives up one piece of the ballast and says whether there was one.
func (b Dir) lighten() bool {
	d, err := disk.Open(string(b))
	if err != nil {
		return false
	}
	defer d.Close()
	e, err := d.Lstat(fileName)
	if err != nil || e.Type != 0 || e.Size == 0 {
		return false
	}
	log, err := d.OpenLog(fileName)
	if err != nil {
		return false
	}
	defer log.Close()
	return log.Truncate(max(0, e.Size-piece)) == nil
}
