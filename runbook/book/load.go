package book

import (
	"hikeshi/runbook"
	"hikeshi/runbook/book/check"
	"hikeshi/runbook/strictyaml"
)

// Mistakes is the error of Load: everything that is wrong in a file.
type Mistakes = strictyaml.Mistakes

// Load reads the runbook in data and checks it against kinds. name is what mistakes call the file: its path. The error is a
// *Mistakes with all that is wrong.
func Load(name string, data []byte, kinds map[string]runbook.Kind) (*runbook.Runbook, error) {
	return check.Load(name, data, kinds)
}
