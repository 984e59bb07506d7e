//go:build !linux

package nest

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
)

var errSystem = fmt.Errorf("a private systemd needs Linux: %w", errors.ErrUnsupported)

// Nest is a running private systemd.
type Nest struct{}

// Available says why there can be no nest here.
func Available() error { return errSystem }

// Boot says why there can be no nest here.
func Boot(context.Context, Config) (*Nest, error) { return nil, errSystem }

// Init says why there can be no nest here.
func Init([]string) error { return errSystem }

// Inside reports that the calling program does not run in a nest.
func Inside() (dir string, ok bool) { return "", false }

// Command returns a command whose Start says why there can be no nest here.
func (n *Nest) Command(ctx context.Context, argv ...string) *exec.Cmd {
	return &exec.Cmd{Args: argv, Err: errSystem}
}

// Kill says why there can be no nest here.
func (n *Nest) Kill() error { return errSystem }

// Log is empty.
func (n *Nest) Log() string { return "" }
