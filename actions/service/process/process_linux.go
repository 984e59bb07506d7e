package process

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"

	"hikeshi/spool"
)

const (
	proc     = "/proc"
	commSize = 15 // what proc_pid_comm(5) keeps of a name
	maxRead  = 4096
)

func byName(name string) ([]spool.Process, error) {
	dir, err := os.Open(proc)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	defer dir.Close()
	entries, err := dir.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var all []spool.Process
	for _, e := range entries {
		pid, err := strconv.Atoi(e)
		if err == nil && len(all) < most && named(e, name) {
			all = append(all, spool.Process{PID: pid, Name: name})
		}
	}
	return all, nil
}

// named says whether a process has the name and runs. One that is gone meanwhile has not.
func named(pid, name string) bool {
	// A name that fills the field may have been longer: only the first argument tells.
	comm := string(bytes.TrimSuffix(read(pid, "comm"), []byte("\n")))
	argv0, _, _ := bytes.Cut(read(pid, "cmdline"), []byte{0})
	if comm == name && len(name) <= commSize {
		return alive(pid)
	}
	return path.Base(string(argv0)) == name && alive(pid)
}

// alive looks at the state, the word after the name in parentheses (proc_pid_stat(5)).
func alive(pid string) bool {
	stat := read(pid, "stat")
	i := bytes.LastIndexByte(stat, ')')
	if i < 0 || i+2 >= len(stat) {
		return false
	}
	return stat[i+2] != 'Z' && stat[i+2] != 'X'
}

func read(pid, file string) []byte {
	f, err := os.Open(path.Join(proc, pid, file))
	if err != nil {
		return nil
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRead))
	if err != nil {
		return nil
	}
	return b
}
