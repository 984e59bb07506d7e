// Package machine reads what the kernel knows of this machine: living connections, network counters, load, processes, the clock.
//
// Everything comes from the files below /proc (proc(5)) and from adjtimex(2), so it exists on Linux only; elsewhere every look
// returns an error wrapping errors.ErrUnsupported: it cannot be told there. Nothing is asked of the network: addresses stay
// numbers, users are looked up in /etc/passwd alone.
//
// The tables are those of the network namespace of this process. What runs in a container of its own is not in them.
package machine

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Tables are the kernel's tables; the zero value is those of this machine.
type Tables struct {
	Root string // a folder in the place of /, for tests; "" is the machine itself
}

// A Connection is one TCP socket that is not listening.
type Connection struct {
	Local, Remote netip.AddrPort // IPv4 in IPv6 is given as IPv4
	State         State
}

// State is the state of a connection.
type State string

// The states that matter here; others are named by the kernel's number, such as state-0C.
const (
	Established State = "established"
	SynSent     State = "syn-sent"
	SynReceived State = "syn-received"
	FinWait     State = "fin-wait" // both of them
	TimeWait    State = "time-wait"
	Close       State = "close"
	CloseWait   State = "close-wait"
	LastAck     State = "last-ack"
	Closing     State = "closing"
)

// Living says whether somebody is at the other end, or about to be.
func (c Connection) Living() bool {
	return c.State == Established || c.State == SynSent || c.State == SynReceived || c.State == CloseWait
}

// An Interface is a network interface with its counters since the start of the machine.
type Interface struct {
	Name               string
	Received, Sent     uint64 // bytes
	Speed              int64  // bits per second that the line is said to carry; 0: unknown
	RecvDrop, SendDrop uint64 // packets lost in the machine
}

// Load is how busy the machine is.
type Load struct {
	One, Five, Fifteen float64 // average number of processes that run or wait for a disk
	CPUs               int     // processors of the machine; 0: unknown
}

// A Process is one process as the kernel tells of it.
type Process struct {
	PID     int
	Name    string    // up to 15 bytes
	Program string    // path of the program; "" if it may not be seen
	User    string    // name from /etc/passwd, else the number
	Started time.Time // UTC
}

// Clock is what the kernel thinks of its clock (adjtimex(2)).
type Clock struct {
	Synced   bool
	Offset   time.Duration // what the kernel still has to correct; some time services correct without telling it
	MaxError time.Duration // the largest error it believes in
}

// Bounds of reading; a table that is longer is cut, and the error says so.
const (
	maxTable = 64 << 20 // bytes of a table
	maxSmall = 1 << 20  // bytes of every other file
)

// open opens a file below the root. It never waits for the other end of a pipe.
func (t Tables) open(name string) (*os.File, error) {
	if t.Root == "" && !here {
		return nil, fmt.Errorf("reading %s: %w on this system", name, errors.ErrUnsupported)
	}
	path := filepath.Join("/", t.Root, name)
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("reading the kernel's tables: %w", err)
	}
	if fi, err := f.Stat(); err != nil || !fi.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("reading the kernel's tables: %s: not a regular file", path)
	}
	return f, nil
}

// read reads a small file whole.
func (t Tables) read(name string) ([]byte, error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSmall))
	if err != nil {
		return nil, fmt.Errorf("reading the kernel's tables: %w", err)
	}
	return b, nil
}
