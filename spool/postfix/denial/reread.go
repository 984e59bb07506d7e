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

// Behind says whether Postfix runs and has not been reloaded since the file was written. The queue manager tells: it lives as long as
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
	age, ok, err := f.age(master, "qmgr")
	if err != nil || !ok {
		return false, err // none runs yet, or the old one is just gone: the next reads the file
	}
	return age > time.Since(written.ModTime())-clockTick, nil
}

// clockTick is how exactly the kernel says when a process began.
const clockTick = 10 * time.Millisecond

// master is the process id of master(8); 0 if it does not run or cannot be seen.
func (f Files) master() (int, error) {
	if f.Proc == "" {
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

// age is how old the eldest child of master with this name is.
func (f Files) age(master int, name string) (age time.Duration, ok bool, err error) {
	b, err := read(filepath.Join(f.Proc, "uptime"))
	if err != nil {
		return 0, false, err
	}
	word, _, _ := strings.Cut(string(b), " ")
	up, err := strconv.ParseFloat(word, 64)
	if err != nil {
		return 0, false, fmt.Errorf("reading the time since the boot: %w", err)
	}
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
		if err == nil && p.parent == master && p.name == name {
			ok = true
			age = max(age, time.Duration(up*float64(time.Second))-p.start)
		}
	}
	return age, ok, nil
}
