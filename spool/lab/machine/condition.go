package machine

import (
	"bufio"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// A condition asks whether there is something at path.
type condition struct {
	path string
	not  bool
}

// readConditions adds the conditions of one drop-in to those read before.
func readConditions(path string, before []condition) ([]condition, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	section := ""
	lines := bufio.NewScanner(io.LimitReader(f, 64<<10))
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if strings.HasPrefix(line, "[") {
			section = line
		}
		value, ok := strings.CutPrefix(line, "ConditionPathExists=")
		switch {
		case section != "[Unit]" || !ok:
		case value == "":
			before = nil
		default:
			c := condition{}
			c.path, c.not = strings.CutPrefix(value, "!")
			before = append(before, c)
		}
	}
	return before, lines.Err()
}

// hold says whether all conditions hold now.
func (m *Machine) hold(conditions []condition) bool {
	for _, c := range conditions {
		_, err := os.Stat(m.place(c.path))
		if (err == nil) == c.not {
			return false
		}
	}
	return true
}

// place is where a path of a condition lies: as it stands if it is beside the lab (the record of a rehearsal, with its hold files),
// else below the lab's root, as for a program that takes the lab for the whole machine.
func (m *Machine) place(path string) string {
	if strings.HasPrefix(path, filepath.Dir(m.root)+string(filepath.Separator)) {
		return path
	}
	return m.inside(path)
}
