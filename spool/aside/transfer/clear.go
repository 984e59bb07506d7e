package transfer

import (
	"fmt"
	"path"
	"strings"

	"hikeshi/spool/aside/folders"
)

// Clear takes away the sub-folders that Forth made at the other end, as far as nothing lies in them. One whose like does not stand at
// this end is none of them. It can be repeated.
func (t *Transfer) Clear() error {
	tree, err := folders.Open(t.Base)
	if err != nil {
		return err
	}
	defer tree.Close()
	for _, w := range t.Ways {
		for from, to := string(w.From), string(w.To); strings.Contains(from, "/") && strings.Contains(to, "/"); from, to = path.Dir(from), path.Dir(to) {
			_, there, err := tree.Lstat(from)
			if err != nil || !there {
				break
			}
			gone, err := tree.Prune(to)
			if err != nil {
				return fmt.Errorf("taking empty folders away: %w", err)
			}
			if !gone {
				break
			}
		}
	}
	return nil
}
