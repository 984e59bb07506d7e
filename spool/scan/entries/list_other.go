//go:build unix && !linux

package entries

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"hikeshi/spool/disk"
)

// SmallBlock is the size of the buffer for ListSmall, which needs none here.
const SmallBlock = 0

// List calls visit for every entry of d.
func List(ctx context.Context, d *disk.Dir, visit func(name string, k Kind)) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		entries, err := d.File().ReadDir(4096)
		for _, e := range entries {
			visit(e.Name(), kindOf(e.Type()))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// ListSmall is List.
func ListSmall(ctx context.Context, d *disk.Dir, _ []byte, visit func(name string, k Kind)) error {
	return List(ctx, d, visit)
}

func kindOf(t fs.FileMode) Kind {
	switch {
	case t.IsRegular():
		return File
	case t.IsDir():
		return Folder
	}
	return Other
}
