package entries

import (
	"context"
	"encoding/binary"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// block is what one getdents64 gave.
type block struct {
	buf  []byte
	n    int
	fail error
}

const (
	bigBlock = 1 << 20 // with fewer and larger calls a folder of a million names is read in 0.9 of the time
	blocks   = 3
)

// SmallBlock is the size of the buffer for ListSmall.
const SmallBlock = 32 << 10

// List calls visit for every entry of d. The kernel fills one block while the names of another are looked at, on two cores.
func List(ctx context.Context, d *disk.Dir, visit func(name string, k Kind)) error {
	full, free, stop := make(chan block, blocks), make(chan []byte, blocks), make(chan struct{})
	for range blocks {
		free <- nil
	}
	fd := int(d.File().Fd())
	go func() {
		defer close(full)
		for {
			select {
			case <-stop:
				return
			case buf := <-free:
				if buf == nil {
					buf = make([]byte, bigBlock)
				}
				n, err := getdents(fd, buf)
				full <- block{buf, n, err} // never blocks: there are no more blocks than places
				if n <= 0 || err != nil {
					return
				}
			}
		}
	}()
	err := take(ctx, full, free, visit)
	close(stop)
	for range full { // the descriptor is in use until the other side has ended
	}
	return err
}

func take(ctx context.Context, full chan block, free chan []byte, visit func(string, Kind)) error {
	for b := range full {
		if err := ctx.Err(); err != nil {
			return err
		}
		if b.fail != nil {
			return b.fail
		}
		parse(b.buf[:b.n], visit)
		free <- b.buf
	}
	return nil
}

// ListSmall is List for the many small sub-folders: one buffer, which is in use until it returns, and no second core.
func ListSmall(ctx context.Context, d *disk.Dir, buf []byte, visit func(name string, k Kind)) error {
	fd := int(d.File().Fd())
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := getdents(fd, buf)
		if err != nil || n <= 0 {
			return err
		}
		parse(buf[:n], visit)
	}
}

func getdents(fd int, buf []byte) (int, error) {
	for {
		n, err := unix.Getdents(fd, buf)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// parse goes through the entries of one block, which getdents64(2) describes: inode and offset of 8 bytes each, the length of the
// entry in 2, its type in 1, and the name up to a NUL. The names share one copy of the block.
func parse(b []byte, visit func(name string, k Kind)) {
	const typeAt, nameAt = 18, 19
	all := string(b)
	for len(b) > nameAt {
		size := int(binary.NativeEndian.Uint16(b[16:]))
		if size <= nameAt || size > len(b) {
			return
		}
		ino, typ, name := binary.NativeEndian.Uint64(b), b[typeAt], all[nameAt:size]
		b, all = b[size:], all[size:]
		name = ended(name)
		if ino != 0 && name != "." && name != ".." {
			visit(name, kindOf(typ))
		}
	}
}

// ended cuts name at its NUL, which stands within the last eight bytes: entries are padded to a multiple of eight.
func ended(name string) string {
	end := len(name)
	for i := len(name) - 1; i >= 0 && i >= len(name)-8; i-- {
		if name[i] == 0 {
			end = i
		}
	}
	return name[:end]
}

func kindOf(typ byte) Kind {
	switch typ {
	case unix.DT_REG:
		return File
	case unix.DT_DIR:
		return Folder
	case unix.DT_UNKNOWN:
		return Unknown
	}
	return Other
}
