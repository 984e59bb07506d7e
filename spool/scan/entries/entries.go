// Package entries lists what stands in a directory, names and types alone, as fast as the system gives them.
package entries

import (
	"io/fs"

	"hikeshi/spool/disk"
)

// Kind is what a directory entry is.
type Kind uint8

// The kinds.
const (
	Other   Kind = iota // symbolic link, FIFO, socket, device
	File                // regular file
	Folder              // directory
	Unknown             // the filesystem does not say: see Ask
)

// Ask looks at an entry of unknown kind. One that has vanished is Other.
func Ask(d *disk.Dir, name string) Kind {
	e, err := d.Lstat(name)
	switch {
	case err != nil:
		return Other
	case e.Type == 0:
		return File
	case e.Type == fs.ModeDir:
		return Folder
	}
	return Other
}
