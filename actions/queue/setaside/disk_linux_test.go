package setaside

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// A full disk, and one that is read-only: a clear error, nothing lost, nothing half done, whatever the strategy.
func TestBadDisk(t *testing.T) {
	if !trial.OwnMounts(t) {
		return
	}
	fill := func(t *testing.T, s trial.Server) {
		for n := 0; ; n++ {
			err := os.WriteFile(filepath.Join(s.Base, fmt.Sprint("fill", n)), nil, 0o600)
			if errors.Is(err, unix.ENOSPC) {
				trial.Must(t, os.Remove(filepath.Join(s.Base, "fill0"))) // room for one folder of four
				return
			}
			trial.Must(t, err)
		}
	}
	lock := func(t *testing.T, s trial.Server) { trial.Lock(t, s.Base) }
	for _, strategy := range []string{"rename", "move"} {
		for name, test := range map[string]struct {
			spoil func(*testing.T, trial.Server)
			want  error
		}{"full": {fill, unix.ENOSPC}, "read-only": {lock, unix.EROFS}} {
			t.Run(strategy+", "+name, func(t *testing.T) {
				s := trial.Server{Base: t.TempDir()}
				trial.Mount(t, s.Base, "nr_inodes=100")
				s.Incoming(t, "B0000000001", "taro@example.jp", "a@example.com")
				s.Retry(t, "B0000000003-R0001", "taro@example.jp", "c@example.net")
				trial.Must(t, os.Mkdir(filepath.Join(s.Base, "lists"), 0o700))
				q := Quarantine{Env{Server: s, InUse: idle}}
				c := planned(t, q, map[string]any{"strategy": strategy}).Changes[0]
				test.spoil(t, s)
				before := s.Tree(t)
				if err := q.Apply(context.Background(), c, kept{}); !errors.Is(err, test.want) {
					t.Errorf("got %v, want %v", err, test.want)
				}
				if st, err := q.Verify(context.Background(), c, kept{}); err != nil || st != runbook.None {
					t.Errorf("state is %s (%v)", st, err)
				}
				trial.Must(t, q.Undo(context.Background(), c, kept{}))
				if d := cmp.Diff(before, s.Tree(t)); d != "" {
					t.Errorf("something was left changed:\n%s", d)
				}
			})
		}
	}
}
