//go:build unix && !linux

package main

import "golang.org/x/sys/unix"

const (
	getTermios      = unix.TIOCGETA
	setTermios      = unix.TIOCSETA
	setTermiosFlush = unix.TIOCSETAF
)

// freadFlag is FREAD of the system's fcntl.h: flush what was typed.
const freadFlag = 1

func flushInput(fd int) error { return unix.IoctlSetPointerInt(fd, unix.TIOCFLUSH, freadFlag) }
