package denial

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// maxTable bounds what is read of a table, in bytes.
const maxTable = 16 << 20

// read reads a file that may be missing, which counts as an empty one.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxTable+1))
	if len(b) > maxTable {
		err = fmt.Errorf("reading %s: it has more than %d bytes", path, maxTable)
	}
	return b, err
}

// Reread is the command by which master(8) starts its services anew; each goes when its client has gone.
func (f Files) Reread() []string { return []string{f.Program, "-c", f.Setting, "reload"} }

// Behind says whether Postfix runs and has not been reloaded since the file was written, or perhaps not. The queue manager tells: it lives as long as
// master(8), and a reload replaces it (postfix(1)).
func (f Files) Behind(path string) (bool, error) {
	written, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	master, err := f.master()
	if err != nil || master == 0 {
		return false, err
	}
	start, ok, err := f.eldest(master, "qmgr")
	if err != nil || !ok {
		return false, err // none runs yet, or the old one is just gone: the next reads the file
	}
	up, err := f.Uptime()
	if err != nil {
		return false, fmt.Errorf("reading the time since the boot: %w", err)
	}
	return up-start > time.Since(written.ModTime())-blur, nil
}

// blur is how near the beginning of a process and the writing of a file may be for nobody to know which came first: the kernel gives the one in
// ticks of 10 ms, and the time of a file by a clock that may be as coarse. Who may be behind is told to be.
const blur = 30 * time.Millisecond

// master is the process id of master(8); 0 if it does not run or cannot be seen.
func (f Files) master() (int, error) {
	if f.Proc == "" || f.Uptime == nil {
		return 0, nil
	}
	b, err := read(filepath.Join(f.Queue, "pid", "master.pid"))
	if err != nil {
		return 0, fmt.Errorf("looking whether Postfix runs: %w", err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 1 {
		return 0, nil
	}
	if p, err := f.process(pid); err != nil || p.name != "master" {
		return 0, nil
	}
	return pid, nil
}

// process is what /proc says of one process (proc_pid_stat(5)).
type process struct {
	name   string
	parent int
	start  time.Duration // after the boot
}

// ticks is USER_HZ, which is 100 on every architecture that Linux still runs on.
const ticks = 100

func (f Files) process(pid int) (p process, err error) {
	b, err := read(filepath.Join(f.Proc, strconv.Itoa(pid), "stat"))
	if err != nil {
		return p, err
	}
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return p, fmt.Errorf("process %d: %w", pid, fs.ErrNotExist)
	}
	p.name = string(b[open+1 : end])
	fields := strings.Fields(string(b[end+1:])) // the third field is the first here
	if len(fields) < 20 {
		return p, fmt.Errorf("process %d: its stat has %d fields", pid, len(fields)+2)
	}
	start, err1 := strconv.ParseInt(fields[19], 10, 64)
	p.parent, err = strconv.Atoi(fields[1])
	p.start = time.Duration(start) * time.Second / ticks
	return p, errors.Join(err, err1)
}

// eldest is when the eldest child of master with this name began, after the boot.
func (f Files) eldest(master int, name string) (start time.Duration, ok bool, err error) {
	dir, err := os.Open(f.Proc)
	if err != nil {
		return 0, false, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		return 0, false, err
	}
	for _, n := range names {
		pid, err := strconv.Atoi(n)
		if err != nil {
			continue
		}
		p, err := f.process(pid)
		if err == nil && p.parent == master && p.name == name && (!ok || p.start < start) {
			start, ok = p.start, true
		}
	}
	return start, ok, nil
}
