package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxLinks bounds the symbolic links on one path.
const maxLinks = 40

// Resolve returns the real place of path in the sense of root: an absolute symbolic link, and one that climbs too far, is taken
// below root, as it would be for a program whose root is there. What is missing at the end of path stays as it is.
func Resolve(root, path string) (string, error) {
	done := "/" // in the sense of root, free of links
	todo := strings.Split(filepath.Clean("/"+path), "/")
	for links := 0; len(todo) > 0; {
		name := todo[0]
		todo = todo[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			done = filepath.Dir(done)
			continue
		}
		next := filepath.Join(done, name)
		link, err := os.Readlink(filepath.Join(root, next))
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				return "", fmt.Errorf("resolving %s below %s: %w", path, root, err)
			}
			done = next // not a link, or not there
			continue
		}
		if links++; links > maxLinks {
			return "", fmt.Errorf("resolving %s below %s: more than %d symbolic links", path, root, maxLinks)
		}
		if filepath.IsAbs(link) {
			done = "/"
		}
		todo = append(strings.Split(link, "/"), todo...)
	}
	return filepath.Join(root, done), nil
}
