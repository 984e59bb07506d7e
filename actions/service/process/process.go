// Package process finds processes by name: on Linux in /proc, elsewhere through ps(1). It is how a service is seen that runs beside
// its service manager.
package process

import "hikeshi/spool"

// most bounds how many processes of one name are returned; more tell nothing new.
const most = 1000

// Table is the process table of this machine.
type Table struct{}

// ByName returns the processes whose program, or first argument, has this name; no more than 1000. Processes that have ended and
// only wait to be collected are not among them.
func (Table) ByName(name string) ([]spool.Process, error) { return byName(name) }
