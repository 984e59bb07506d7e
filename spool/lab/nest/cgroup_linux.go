package nest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// makeGroup makes a control group for one boot below that of the calling process. Two nests, or a nest and the machine, must not
// share one, since a manager ends a service by ending the processes of its group.
func makeGroup() (string, error) {
	b, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return "", fmt.Errorf("reading the control group: %w", err)
	}
	// cgroups(7): the line of version 2 is "0::PATH", the last one. systemd mounts version 2 in one of two places.
	_, own, _ := strings.Cut("\n"+string(b), "\n0::")
	for _, point := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		var st unix.Statfs_t
		if unix.Statfs(point, &st) == nil && st.Type == unix.CGROUP2_SUPER_MAGIC {
			group, err := os.MkdirTemp(filepath.Join(point, strings.TrimSpace(own)), fmt.Sprintf("hikeshi-nest-%d-", os.Getpid()))
			if err != nil {
				return "", fmt.Errorf("making a control group: %w", err)
			}
			return group, nil
		}
	}
	return "", errors.New("making a control group: no cgroup2 is mounted")
}

// removeGroup removes a control group and those below it. The kernel may call a group busy for a moment after its last process
// is gone.
func removeGroup(group string) error {
	var dirs []string
	err := filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the control group: %w", err)
	}
	deadline := time.Now().Add(2 * time.Second)
	for _, dir := range slices.Backward(dirs) {
		err := unix.Rmdir(dir)
		for err == unix.EBUSY && time.Now().Before(deadline) {
			time.Sleep(5 * time.Millisecond)
			err = unix.Rmdir(dir)
		}
		if err != nil {
			return fmt.Errorf("removing control group %s: %w", dir, err)
		}
	}
	return nil
}
