// Package files puts the lines of logs into the files of an E-Post server: SPOOL/LOG/YYMMDD.log, or SPOOL/LOG/COMPUTER/YYMMDD.log where
// several hosts use the same spool (FAQ bsd/05-03).
package files

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"hikeshi/spool/lab/history/daemon"
)

// Files are the open files of all logs. They are continued where they are there already.
type Files struct {
	Dir      string // of the spool
	Computer string // "" for no such folder
	open     [daemon.Logs]*os.File
	buf      [daemon.Logs]*bufio.Writer
	day      [daemon.Logs]int64
}

// Write takes the lines of one day, as daemon.Server.Flush gives them.
func (f *Files) Write(log daemon.Log, day int64, text []byte) error {
	if f.open[log] == nil || f.day[log] != day {
		if err := errors.Join(f.close(log), f.next(log, day)); err != nil {
			return err
		}
	}
	_, err := f.buf[log].Write(text)
	return err
}

func (f *Files) next(log daemon.Log, day int64) error {
	dir := filepath.Join(f.Dir, log.String(), f.Computer)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("opening log: %w", err)
	}
	name := filepath.Join(dir, time.Unix(day, 0).UTC().Format("060102")+".log")
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o640)
	if err != nil {
		return fmt.Errorf("opening log: %w", err)
	}
	f.open[log], f.buf[log], f.day[log] = file, bufio.NewWriterSize(file, 256<<10), day
	return nil
}

// endOf is when the last line of a day was written, by the clock of this machine: files of days that are over are as old as that.
func endOf(day int64) time.Time {
	y, m, d := time.Unix(day, 0).UTC().Date()
	return time.Date(y, m, d, 23, 59, 59, 0, time.Local)
}

// Close writes what is left. It is called once, after the last Write.
func (f *Files) Close() error {
	var err error
	for log := range daemon.Logs {
		err = errors.Join(err, f.close(log))
	}
	return err
}

func (f *Files) close(log daemon.Log) error {
	if f.open[log] == nil {
		return nil
	}
	name := f.open[log].Name()
	err := errors.Join(f.buf[log].Flush(), f.open[log].Close())
	f.open[log] = nil
	if last := endOf(f.day[log]); err == nil && last.Before(time.Now()) {
		err = os.Chtimes(name, last, last)
	}
	return err
}
