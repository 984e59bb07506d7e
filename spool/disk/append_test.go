package disk

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestLog(t *testing.T) {
	d := temp(t)
	for _, line := range []string{"one\n", "two\n"} {
		l, err := d.OpenLog("log")
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Append([]byte(line)); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if fi, err := os.Stat(filepath.Join(d.Path(), "log")); err != nil || fi.Mode() != 0o600 {
		t.Errorf("%v, %v", fi, err)
	}
	l, err := d.OpenLog("log")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Truncate(4); err != nil {
		t.Fatal(err)
	}
	if err := l.Append([]byte("three\n")); err != nil || get(t, d, "log") != "one\nthree\n" {
		t.Errorf("%v, %q", err, get(t, d, "log"))
	}
	b := make([]byte, 3)
	if _, err := l.File().ReadAt(b, 0); err != nil || string(b) != "one" {
		t.Errorf("reading back: %q, %v", b, err)
	}
}

// TestShortWriteIsCutOff runs a child that may write files of 4096 bytes only: the line goes in up to there, then the write
// fails.
func TestShortWriteIsCutOff(t *testing.T) {
	d := temp(t)
	first := strings.Repeat("a", 4000) + "\n"
	put(t, d, "log", first)
	if out, err := child(t, nil, d, "short"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := get(t, d, "log"); got != first {
		t.Errorf("the log has %d bytes, ends in %q", len(got), got[max(0, len(got)-20):])
	}
}

// short is the child of TestShortWriteIsCutOff.
func short(d *Dir) error {
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: 4096}); err != nil {
		return err
	}
	l, err := d.OpenLog("log")
	if err != nil {
		return err
	}
	err = l.Append([]byte(strings.Repeat("b", 500) + "\n"))
	if !errors.Is(err, syscall.EFBIG) {
		return errors.Join(errors.New("the line was taken"), err)
	}
	return l.Close()
}
