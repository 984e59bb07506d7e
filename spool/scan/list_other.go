//go:build unix && !linux

package scan

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"hikeshi/spool/disk"
)

const smallBlock = 0

// list calls visit for every entry of d.
func list(ctx context.Context, d *disk.Dir, visit func(name string, k kind)) error {
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

func listSmall(ctx context.Context, d *disk.Dir, _ []byte, visit func(name string, k kind)) error {
	return list(ctx, d, visit)
}

func kindOf(t fs.FileMode) kind {
	switch {
	case t.IsRegular():
		return file
	case t.IsDir():
		return folder
	}
	return other
}
