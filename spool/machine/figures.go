package machine

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ticks is how many clock ticks of proc_pid_stat(5) make a second: on every processor that this program is built for.
const ticks = 100

// Interfaces returns the network interfaces but loopback, with their counters. The error says which lines make no sense.
func (t Tables) Interfaces() ([]Interface, error) {
	b, err := t.read("proc/net/dev")
	if err != nil {
		return nil, err
	}
	all, err := parseDev(b)
	for i := range all {
		if mbit, err := t.number("sys/class/net/" + all[i].Name + "/speed"); err == nil && mbit > 0 {
			all[i].Speed = mbit * 1_000_000
		}
	}
	return all, err
}

// parseDev reads two lines of heading, and then lines such as
//
//	eth0: 1215 9 0 0 0 0 0 0 85413 98 0 0 0 0 0 0
//
// of which the first number is bytes received, the fourth packets dropped, the ninth bytes sent, the twelfth packets dropped.
func parseDev(b []byte) ([]Interface, error) {
	var all []Interface
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxSmall)
	for n := 1; lines.Scan(); n++ {
		if n <= 2 || strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		colon := strings.LastIndexByte(lines.Text(), ':')
		if colon < 0 {
			return all, fmt.Errorf("reading /proc/net/dev: line %d makes no sense", n)
		}
		i := Interface{Name: strings.TrimSpace(lines.Text()[:colon])}
		f := strings.Fields(lines.Text()[colon+1:])
		if len(f) < 12 || i.Name == "" || len(i.Name) > 15 || strings.ContainsAny(i.Name, "/\x00") || i.Name == ".." {
			return all, fmt.Errorf("reading /proc/net/dev: line %d makes no sense", n)
		}
		for at, to := range map[int]*uint64{0: &i.Received, 3: &i.RecvDrop, 8: &i.Sent, 11: &i.SendDrop} {
			v, err := strconv.ParseUint(f[at], 10, 64)
			if err != nil {
				return all, fmt.Errorf("reading /proc/net/dev: line %d: no number: %.40q", n, f[at])
			}
			*to = v
		}
		if i.Name != "lo" {
			all = append(all, i)
		}
	}
	return all, lines.Err()
}

func (t Tables) number(name string) (int64, error) {
	b, err := t.read(name)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(string(bytes.TrimSpace(b)), 10, 64)
}

// Load returns the load averages and the number of processors.
func (t Tables) Load() (Load, error) {
	b, err := t.read("proc/loadavg")
	if err != nil {
		return Load{}, err
	}
	var l Load
	if _, err := fmt.Sscan(string(b), &l.One, &l.Five, &l.Fifteen); err != nil {
		return Load{}, fmt.Errorf("reading /proc/loadavg: no numbers: %.40q", b)
	}
	if cpus, err := t.read("proc/stat"); err == nil {
		for line := range bytes.Lines(cpus) {
			if bytes.HasPrefix(line, []byte("cpu")) && len(line) > 3 && line[3] >= '0' && line[3] <= '9' {
				l.CPUs++
			}
		}
	}
	return l, nil
}

// Process tells of one process. The error wraps fs.ErrNotExist if it has ended.
func (t Tables) Process(pid int) (Process, error) {
	dir := "proc/" + strconv.Itoa(pid)
	stat, err := t.read(dir + "/stat")
	if err != nil {
		return Process{}, err
	}
	p, since, err := parseStat(pid, stat)
	if err != nil {
		return Process{}, err
	}
	boot, err := t.booted()
	if err != nil {
		return Process{}, err
	}
	p.Started = boot.Add(since).UTC()
	p.User = t.user(dir)
	p.Program = t.program(dir)
	return p, nil
}

// parseStat reads `812 (name) S …`; the name, which the process chooses, may hold parentheses and blanks, so that the last
// parenthesis counts. Field 22 is the start in ticks after that of the machine.
func parseStat(pid int, stat []byte) (Process, time.Duration, error) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return Process{}, 0, fmt.Errorf("reading /proc/%d/stat: %w", pid, errors.New("no name in it"))
	}
	f := bytes.Fields(stat[end+1:])
	const start = 22 - 3 // the first field behind the name is the third
	if len(f) <= start {
		return Process{}, 0, fmt.Errorf("reading /proc/%d/stat: only %d fields", pid, len(f)+2)
	}
	n, err := strconv.ParseInt(string(f[start]), 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return Process{}, 0, fmt.Errorf("reading /proc/%d/stat: no start: %.40q", pid, f[start])
	}
	return Process{PID: pid, Name: printable(string(stat[open+1 : end]))}, time.Duration(n) * (time.Second / ticks), nil
}

// booted is when the machine was started.
func (t Tables) booted() (time.Time, error) {
	b, err := t.read("proc/stat")
	if err != nil {
		return time.Time{}, err
	}
	for line := range bytes.Lines(b) {
		if text, ok := bytes.CutPrefix(line, []byte("btime ")); ok {
			n, err := strconv.ParseInt(string(bytes.TrimSpace(text)), 10, 64)
			if err == nil {
				return time.Unix(n, 0).UTC(), nil
			}
		}
	}
	return time.Time{}, errors.New("reading /proc/stat: no btime")
}
