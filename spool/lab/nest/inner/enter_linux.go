package inner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Enter runs argv in the namespaces of process target as its own child, waits, and exits with its status (128 and the number of the
// signal that ended it). Signals typed at a terminal are for argv, which gets them too. SIGTERM kills it. A parent of its own
// that collects it matters: a pid namespace ends only when each of its dead has been collected, and not every init does that soon.
func Enter(target string, argv []string) error {
	runtime.LockOSThread()
	if err := join(target); err != nil {
		return fmt.Errorf("entering the nest: %w", err)
	}
	signal.Notify(make(chan os.Signal, 1), unix.SIGINT, unix.SIGQUIT, unix.SIGHUP)
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM)
	defer stop()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return fmt.Errorf("running %s: %w", argv[0], err)
	}
	status := cmd.ProcessState.ExitCode()
	if w := cmd.ProcessState.Sys().(syscall.WaitStatus); w.Signaled() {
		status = 128 + int(w.Signal())
	}
	unix.Exit(status) // os.Exit takes a second in a program built with -race
	return nil
}

// join moves the calling thread, and what it starts, into the namespaces of process target.
func join(target string) error {
	pid, err := strconv.Atoi(target)
	if err != nil {
		return err
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// Threads that share their root folder cannot change it.
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	return unix.Setns(fd, Namespaces|unix.CLONE_NEWCGROUP|unix.CLONE_NEWNET)
}
