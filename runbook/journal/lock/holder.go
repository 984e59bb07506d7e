package lock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"hikeshi/spool/disk"
)

// maxHolder bounds what is read of a holder's file, in bytes.
const maxHolder = 64 << 10

// put writes a holder's file. One that cannot be written over is made anew: a crash while it was made leaves it closed to everybody.
func put(dir, name string, text []byte) error {
	d, err := disk.OpenOrMake(dir, disk.Private(0o755))
	if err != nil {
		return err
	}
	defer d.Close()
	there, err := d.Exists(name)
	if err != nil {
		return err
	}
	if there {
		if overwrite(d, name, text) == nil {
			return nil
		}
		if err := d.Remove(name); err != nil {
			return err
		}
	}
	return d.Create(name, bytes.NewReader(text), disk.Private(0o644))
}

// overwrite writes text into the file itself. There is no other name that a crash could leave, and who reads half of it looks again.
func overwrite(d *disk.Dir, name string, text []byte) error {
	log, err := d.OpenLog(name)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := log.Truncate(0); err != nil {
		return err
	}
	return log.Append(text)
}

// remove takes a holder's file away.
func remove(dir, name string) {
	d, err := disk.Open(dir)
	if err != nil {
		return
	}
	defer d.Close()
	_ = d.Remove(name)
}

// find reads who holds the lock. It looks for a moment, since the lock comes before the file.
func find(dirs []string, name string) *Holder {
	for range 10 {
		if h := left(dirs, name); h != nil && h.alive() {
			return h
		}
		time.Sleep(20 * time.Millisecond)
	}
	return nil
}

// left returns what the last holder wrote, whether it lives or not; one that lives goes before one that died. It is nil if nobody did.
func left(dirs []string, name string) *Holder {
	var last *Holder
	for _, dir := range dirs {
		h := read(dir, name)
		if h != nil && (last == nil || h.alive()) {
			last = h
		}
	}
	return last
}

// read returns the holder that a file tells of, or nil.
func read(dir, name string) *Holder {
	d, err := disk.Open(dir)
	if err != nil {
		return nil
	}
	defer d.Close()
	f, err := d.Read(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxHolder))
	if err != nil {
		return nil
	}
	var h Holder
	if json.Unmarshal(text, &h) != nil {
		return nil
	}
	return &h
}

// alive says whether the process that wrote h is still there. One whose start cannot be told counts by its number alone.
func (h *Holder) alive() bool {
	if h.PID <= 0 || errors.Is(unix.Kill(h.PID, 0), unix.ESRCH) {
		return false
	}
	now := started(h.PID)
	return now == "" || h.Start == "" || now == h.Start
}

// End asks the holder's process to end, as a Ctrl-C does: it brings the change it is at to its end or breaks it off in order, records
// that, and gives the lock back. End does not wait. Only a process of this machine that is still the one that wrote h is asked.
func (h *Holder) End() error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	if h.Host != host || !h.alive() || h.Start != started(h.PID) {
		return fmt.Errorf("ending process %d on %q: it cannot be told whether it is the one that holds the lock", h.PID, h.Host)
	}
	if err := unix.Kill(h.PID, unix.SIGTERM); err != nil {
		return fmt.Errorf("ending process %d: %w", h.PID, err)
	}
	return nil
}
