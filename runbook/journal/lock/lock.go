// Package lock lets one responder at a time change a mail server.
//
// The lock is a flock(2) on the open spool root itself: it leaves no file there, excludes every process whatever its state folder,
// and goes away with the process, however that ends. [Take] takes it and writes down who holds it, so that the next responder is
// told: [HeldError] says who, since when, in which incident and at which step.
//
// The holder is written, as one line of JSON (a [Holder]), to the file lock-<device>-<inode>.json (of the spool root, hexadecimal) in
// each folder that Take is given, in practice /run/hikeshi and the state folder. That file is for people only: it may be missing or
// left by a process that died, and never decides anything.
//
// It does not keep out programs that do not ask for it, the mail server among them, and it works within one machine.
package lock

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/runbook"
	"hikeshi/spool/disk"
)

// A Holder is who holds the lock.
type Holder struct {
	runbook.Actor
	Start    string    `json:"start,omitempty"` // of the process, as the system counts it: tells a number that is used again
	Since    time.Time `json:"since"`           // UTC
	State    string    `json:"state"`           // the state folder
	Incident string    `json:"incident,omitempty"`
	Step     string    `json:"step,omitempty"`
}

// A HeldError says that another process holds the lock.
type HeldError struct {
	Root   string
	Holder *Holder // nil when it left no record
}

func (e *HeldError) Error() string {
	if e.Holder == nil {
		return fmt.Sprintf("locking %s: another responder holds the lock and left no record of who it is", e.Root)
	}
	h := e.Holder
	who := fmt.Sprintf("%q", h.User)
	if h.Sudo != "" {
		who = fmt.Sprintf("%q (as %q)", h.Sudo, h.User)
	}
	text := fmt.Sprintf("locking %s: %s on %q holds the lock since %s", e.Root, who, h.Host, h.Since.UTC().Format(time.RFC3339))
	if h.TTY != "" {
		text += fmt.Sprintf(", terminal %q", h.TTY)
	}
	if h.Incident != "" {
		text += fmt.Sprintf(", incident %q", h.Incident)
	}
	if h.Step != "" {
		text += fmt.Sprintf(", step %q", h.Step)
	}
	return fmt.Sprintf("%s (process %d)", text, h.PID)
}

// A Lock is held until Unlock or the end of the process.
type Lock struct {
	root   *disk.Dir
	name   string // of the holder's file
	dirs   []string
	holder Holder
}

// Take takes the lock on the folder root and writes h, whose actor, Start and Since it fills in, to dirs. The error is a *HeldError when
// another process holds it. A lock whose holder can be written nowhere is held all the same; Set tells. dead, unless nil, is called with
// what a holder left behind that died; its error gives the lock back and leaves that record where it is.
func Take(root string, dirs []string, h Holder, dead func(Holder) error) (*Lock, error) {
	d, err := disk.Open(root)
	if err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	id, err := d.ID()
	if err != nil {
		d.Close()
		return nil, err
	}
	l := &Lock{root: d, dirs: dirs, name: nameOf(id)}
	err = flock(int(d.File().Fd()))
	if last := left(dirs, l.name); err == nil && last != nil && dead != nil {
		if err := dead(*last); err != nil {
			d.Close()
			return nil, err
		}
	}
	if err == nil {
		h.Actor = Me()
		h.Start, h.Since = started(h.PID), time.Now().UTC().Round(0)
		l.holder = h
		_ = l.Set(h.Incident, h.Step) // the caller sets the incident next and hears of it then
		return l, nil
	}
	d.Close()
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("locking %s: %w", root, err)
	}
	return nil, &HeldError{Root: root, Holder: find(dirs, l.name)}
}

// Who returns who holds the lock on the folder root, by what is written in dirs, or nil. It takes nothing and can be asked by any user.
func Who(root string, dirs []string) (*Holder, error) {
	d, err := disk.Open(root)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	id, err := d.ID()
	if err != nil {
		return nil, err
	}
	if h := left(dirs, nameOf(id)); h != nil && h.alive() {
		return h, nil
	}
	return nil, nil
}

// nameOf is the name of the holder's file of the root id.
func nameOf(id disk.ID) string { return fmt.Sprintf("lock-%x-%x.json", id.Dev, id.Ino) }

// Set writes down the incident and the step that the holder is at. An error means that it could be written nowhere, so that another
// responder would not be told who works here; the lock is held all the same.
func (l *Lock) Set(incident, step string) error {
	l.holder.Incident, l.holder.Step = incident, step
	text, err := json.Marshal(l.holder)
	if err != nil {
		return fmt.Errorf("writing down who holds the lock: %w", err)
	}
	var all []error
	for _, dir := range l.dirs {
		if err := put(dir, l.name, append(text, '\n')); err != nil {
			all = append(all, err)
		}
	}
	if len(all) < len(l.dirs) {
		return nil
	}
	return errors.Join(all...)
}

// Unlock takes the holder's files away and gives the lock back.
func (l *Lock) Unlock() error {
	for _, dir := range l.dirs {
		remove(dir, l.name) // a file that stays misleads nobody: its process is gone
	}
	return l.root.Close()
}

// flock is flock(2) without waiting.
func flock(fd int) error {
	for {
		if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != unix.EINTR {
			return err
		}
	}
}
