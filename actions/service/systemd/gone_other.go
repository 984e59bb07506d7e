//go:build !linux

package systemd

import "io/fs"

// errGone: there are no control groups here.
var errGone = fs.ErrNotExist
