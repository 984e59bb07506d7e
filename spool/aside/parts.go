package aside

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

// A Part is one folder of the set.
type Part struct {
	Name string  `json:"name"`
	ID   disk.ID `json:"id"`             // of the folder with the mail
	Tree bool    `json:"tree,omitempty"` // holds sub-folders with messages
}

// ErrFolder says that a folder cannot be set aside as it stands.
var ErrFolder = errors.New("this folder cannot be renamed")

// Parts looks at the folders of a set and returns the folder in which they lie. Those that are missing are left out. The error
// wraps ErrFolder if one of them is a symbolic link or a mount point.
func Parts(folders []spool.Folder) (base string, parts []Part, err error) {
	base, err = Base(folders)
	if err != nil {
		return "", nil, err
	}
	d, err := disk.Open(base)
	if err != nil {
		return "", nil, err
	}
	defer d.Close()
	for _, f := range folders {
		name := filepath.Base(f.Path)
		e, err := d.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = fit(d, name, e)
		}
		if err != nil {
			return "", nil, err
		}
		parts = append(parts, Part{Name: name, ID: e.ID, Tree: f.Tree})
	}
	return base, parts, nil
}

// fit says why a folder cannot be renamed beside itself.
func fit(d *disk.Dir, name string, e disk.Entry) error {
	path := filepath.Join(d.Path(), name)
	if e.Type != fs.ModeDir {
		return fmt.Errorf("%w: %s is not a folder but %s; put a real folder in its place", ErrFolder, path, typeName(e.Type))
	}
	root, err := mountPoint(d, name, e)
	if err != nil {
		return err
	}
	if root {
		return fmt.Errorf("%w: %s is a filesystem of its own; mount it at %s by hand and make an empty folder of the same owner and mode in its place", ErrFolder, path, path+mark+"INCIDENT")
	}
	return nil
}

func typeName(t fs.FileMode) string {
	if t == fs.ModeSymlink {
		return "a symbolic link"
	}
	return "something else"
}
