package rename

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"hikeshi/spool/aside/trial"
)

// BenchmarkQuarantineRename applies the renaming of a whole set, every time to the folders as they were. The time does not depend
// on how many files they hold. With -short the million is left out.
func BenchmarkQuarantineRename(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		if n > 100_000 && testing.Short() {
			continue
		}
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			s := trial.New(b)
			many(b, filepath.Join(s.Base, "incoming"), n)
			unix.Sync()
			set := plan(b, s)
			for b.Loop() {
				trial.Must(b, set.Apply(context.Background()))
				b.StopTimer()
				trial.Must(b, set.Undo(context.Background(), s, quiet))
				b.StartTimer()
			}
		})
	}
}

// many makes n empty files.
func many(b *testing.B, dir string, n int) {
	d, err := unix.Open(dir, unix.O_DIRECTORY, 0)
	trial.Must(b, err)
	defer unix.Close(d)
	for i := range n {
		f, err := unix.Openat(d, fmt.Sprintf("B%010d.MSG", i), unix.O_CREAT|unix.O_WRONLY, 0o600)
		trial.Must(b, err)
		unix.Close(f)
	}
}
