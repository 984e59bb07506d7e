package systemd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	maxPIDs = 10_000
	maxLog  = 256 << 10 // bytes of the journal
)

// processes lists the processes of a control group and those below it, which is how systemd knows what belongs to a unit. No group
// means no process. Depending on the machine, systemd's groups are mounted at one of three places.
func processes(group string) ([]int, error) {
	if group == "" || group == "/" {
		return nil, nil
	}
	var pids []int
	for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd"} {
		if _, err := os.Stat(filepath.Join(mount, "cgroup.procs")); err != nil {
			continue
		}
		err := filepath.WalkDir(filepath.Join(mount, group), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Name() == "cgroup.procs" {
				var more []int
				more, err = readPIDs(path)
				pids = append(pids, more...)
			}
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, errGone) {
				return nil
			}
			if len(pids) > maxPIDs {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(pids)
	return slices.Compact(pids), nil
}

func readPIDs(path string) ([]int, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, word := range strings.Fields(string(b)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Log returns the last lines of the unit's journal, at most 256 KiB, as journalctl prints them.
func (Manager) Log(ctx context.Context, unit string, lines int) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, "journalctl", "-u", unit, "-n", strconv.Itoa(lines), "-o", "short", "--no-pager", "--quiet")
	cmd.Env = []string{"LANG=C", "PATH=/usr/bin:/bin"}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("reading the journal of %s: %w", unit, err)
	}
	out = out[max(0, len(out)-maxLog):]
	return strings.Split(strings.TrimRight(string(out), "\n"), "\n"), nil
}
