package lock

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain lets a test run this program again as another responder, who says who it is, or holds the lock until its standard input
// ends.
func TestMain(m *testing.M) {
	if os.Getenv("LOCK_WHO") != "" {
		me := Me()
		fmt.Println("tty=" + me.TTY + " sudo=" + me.Sudo)
		os.Exit(0)
	}
	root := os.Getenv("LOCK_ROOT")
	if root == "" {
		os.Exit(m.Run())
	}
	l, err := Take(root, filepath.SplitList(os.Getenv("LOCK_DIRS")), Holder{State: "/var/lib/hikeshi", Incident: "20261121-0312"}, nil)
	if err != nil {
		fmt.Println(err)
		os.Exit(5)
	}
	if err := l.Set("20261121-0312", "stop"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	bufio.NewReader(os.Stdin).ReadByte()
	if err := l.Unlock(); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

type other struct {
	cmd  *exec.Cmd
	stop func() error // ends it as it wants to end
}

func responder(t *testing.T, root string, dirs ...string) other {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), "LOCK_ROOT="+root, "SUDO_USER=hanako", "LOCK_DIRS="+strings.Join(dirs, string(filepath.ListSeparator)))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if line, _ := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the other responder says %q", line)
	}
	return other{cmd, func() error { in.Close(); return cmd.Wait() }}
}

func files(t *testing.T, dirs ...string) []string {
	t.Helper()
	var all []string
	for _, dir := range dirs {
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		hidden, _ := filepath.Glob(filepath.Join(dir, ".*"))
		all = append(all, append(names, hidden...)...)
	}
	return all
}

func TestSecondResponderIsTold(t *testing.T) {
	root, run, state := t.TempDir(), filepath.Join(t.TempDir(), "run", "hikeshi"), t.TempDir()
	began := time.Now().Add(-time.Second)
	first := responder(t, root, run, state)
	link := filepath.Join(t.TempDir(), "link")
	os.Symlink(root, link)
	for _, name := range []string{root, link, root + "/."} {
		for _, dirs := range [][]string{{run, t.TempDir()}, {t.TempDir(), state}} {
			_, err := Take(name, dirs, Holder{}, nil)
			var held *HeldError
			if !errors.As(err, &held) || held.Holder == nil {
				t.Fatalf("%s: %v", name, err)
			}
			h := held.Holder
			if h.Sudo != "hanako" || h.PID != first.cmd.Process.Pid || h.Incident != "20261121-0312" || h.Step != "stop" ||
				h.State != "/var/lib/hikeshi" || h.Since.Before(began) || h.Since.After(time.Now()) {
				t.Errorf("holder %+v", h)
			}
			if runtime.GOOS == "linux" && h.Start == "" {
				t.Error("no start of the process")
			}
			for _, want := range []string{"hanako", "since", h.Since.Format(time.RFC3339), "stop", "20261121-0312"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		}
	}
	if left := files(t, root); len(left) != 0 {
		t.Errorf("in the spool root: %q", left)
	}
	if err := first.stop(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, root, run, state); len(left) != 0 {
		t.Errorf("left after the end: %q", left)
	}
	l, err := Take(root, nil, Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	l.Unlock()
}

func TestDeadHolderLocksNobodyOut(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	first := responder(t, root, state)
	first.cmd.Process.Kill()
	first.cmd.Wait()
	if left := files(t, state); len(left) != 1 {
		t.Fatalf("the killed holder left %q", left)
	}
	l, err := Take(root, nil, Holder{}, nil) // holds it without writing anything down
	if err != nil {
		t.Fatal(err)
	}
	_, err = Take(root, []string{state}, Holder{}, nil)
	var held *HeldError
	if !errors.As(err, &held) || held.Holder != nil {
		t.Errorf("the dead one is named: %v", err)
	}
	l.Unlock()
	second := responder(t, root, state)
	if _, err = Take(root, []string{state}, Holder{}, nil); !errors.As(err, &held) || held.Holder == nil || held.Holder.PID != second.cmd.Process.Pid {
		t.Errorf("after the dead one: %v", err)
	}
	if err := second.stop(); err != nil {
		t.Fatal(err)
	}
	if left := files(t, root, state); len(left) != 0 {
		t.Errorf("left %q", left)
	}
}

func TestOtherSpoolIsFree(t *testing.T) {
	state := t.TempDir()
	responder(t, t.TempDir(), state)
	l, err := Take(t.TempDir(), []string{state}, Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(files(t, state)); n != 2 {
		t.Errorf("%d holders", n)
	}
	l.Unlock()
	if n := len(files(t, state)); n != 1 {
		t.Errorf("%d holders", n)
	}
}

// Whatever stands where the holder's file goes, the lock works.
func TestHolderCannotBeWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	os.WriteFile(file, nil, 0o600)
	bad, good := filepath.Join(file, "below"), t.TempDir()
	l, err := Take(t.TempDir(), []string{bad}, Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set("20261121-0312", "stop"); err == nil {
		t.Error("nobody is told that the holder could not be written")
	}
	l.Unlock()
	l, err = Take(t.TempDir(), []string{bad, good}, Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Set("20261121-0312", "stop"); err != nil {
		t.Error(err)
	}
	l.Unlock()
}

func TestHolderFileIsHostile(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	l, err := Take(root, []string{state}, Holder{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	name := filepath.Join(state, l.name)
	esc := fmt.Sprintf(`{"user":"\u001b[2J\u202e","host":"\n","pid":%d,"step":"\u009b1m"}`, os.Getpid())
	for _, text := range []string{"", "null", "{", strings.Repeat("[", 100000), esc, `{"pid":-1}`, `{"pid":0}`, `{"pid":"x"}`} {
		os.WriteFile(name, []byte(text), 0o600)
		_, err := Take(root, []string{state}, Holder{}, nil)
		var held *HeldError
		if !errors.As(err, &held) || (held.Holder != nil) != (text == esc) {
			t.Errorf("%.20q: %v", text, err)
		}
		if err != nil && strings.ContainsAny(err.Error(), "\x1b\n\u009b\u202e") {
			t.Errorf("control characters: %q", err)
		}
	}
	os.Remove(name)
	os.Symlink("/dev/zero", name)
	if _, err := Take(root, []string{state}, Holder{}, nil); err == nil || !strings.Contains(err.Error(), "no record") {
		t.Errorf("a symbolic link: %v", err)
	}
}

func TestNoRoot(t *testing.T) {
	var held *HeldError
	if _, err := Take(filepath.Join(t.TempDir(), "none"), nil, Holder{}, nil); err == nil || errors.As(err, &held) {
		t.Errorf("no such folder: %v", err)
	}
}

// What a holder left that died is shown to the next one before it is written over, and kept when he turns away.
func TestWhatTheDeadLeft(t *testing.T) {
	root, state := t.TempDir(), t.TempDir()
	first := responder(t, root, state)
	if h, err := Who(root, []string{state}); err != nil || h == nil || h.Step != "stop" {
		t.Errorf("at work: %+v, %v", h, err)
	}
	first.cmd.Process.Kill()
	first.cmd.Wait()
	if h, err := Who(root, []string{state}); err != nil || h != nil {
		t.Errorf("at work after its death: %+v, %v", h, err)
	}
	no := errors.New("no")
	for range 2 {
		var seen Holder
		if _, err := Take(root, []string{state}, Holder{}, func(h Holder) error { seen = h; return no }); !errors.Is(err, no) || seen.Incident != "20261121-0312" {
			t.Fatalf("%v %+v", err, seen)
		}
	}
	l, err := Take(root, []string{state}, Holder{}, func(Holder) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	l, err = Take(root, []string{state}, Holder{}, func(Holder) error { return no })
	if err != nil {
		t.Errorf("after a holder that gave the lock back: %v", err)
	}
	l.Unlock()
}
