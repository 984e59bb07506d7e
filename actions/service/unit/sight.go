package unit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"hikeshi/spool"
)

// A Sight is what was seen of one service.
type Sight struct {
	spool.UnitState
	Service spool.Service
	Procs   []spool.Process // of its name, whether the manager knows them or not
}

// Up says whether the manager runs it or is about to.
func (s Sight) Up() bool {
	return slices.Contains([]string{"active", "activating", "reloading"}, s.Active)
}

// Down says that nothing of it is left, by the manager and by the process table.
func (s Sight) Down() bool { return !s.Running() && len(s.Procs) == 0 }

// Missing says that the manager knows no such unit.
func (s Sight) Missing() bool { return s.Load == "not-found" }

// All are all its processes.
func (s Sight) All() []int {
	all := slices.Clone(s.PIDs)
	for _, p := range s.Procs {
		all = append(all, p.PID)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Found is what a change remembers of a unit that it was planned for, in plain data.
type Found struct {
	Unit   string `json:"unit"`
	Active string `json:"active"`
	Sub    string `json:"sub"`
	PIDs   []int  `json:"pids,omitempty"`
	Up     bool   `json:"up"` // the manager ran it
}

// Found returns what a change remembers.
func (s Sight) Found() Found {
	return Found{Unit: s.Unit, Active: s.Active, Sub: s.Sub, PIDs: s.All(), Up: s.Up()}
}

// String says the state in the manager's words.
func (s Sight) String() string {
	words := s.Active
	if s.Sub != "" {
		words += " (" + s.Sub + ")"
	}
	if s.Result != "" && s.Result != "success" {
		words += ", result " + s.Result
	}
	if p := s.All(); len(p) > 0 {
		words += ", processes " + List(p)
	}
	return words
}

// List names at most eight numbers.
func List(pids []int) string {
	var words []string
	for _, p := range pids[:min(len(pids), 8)] {
		words = append(words, strconv.Itoa(p))
	}
	if more := len(pids) - len(words); more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}
