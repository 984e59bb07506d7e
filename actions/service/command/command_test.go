package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain is the command of a system without systemd too: rc VERB DIR UNIT, which keeps the state of UNIT as a file in DIR.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "rc" {
		os.Exit(rc(os.Args[2], filepath.Join(os.Args[3], os.Args[4])))
	}
	os.Exit(m.Run())
}

func rc(verb, file string) int {
	fmt.Println(verb, filepath.Base(file), "LANG="+os.Getenv("LANG"), "HOME="+os.Getenv("HOME"))
	var err error
	switch verb {
	case "start":
		err = os.WriteFile(file, nil, 0o600)
	case "stop":
		err = os.Remove(file)
	case "stop-together": // ends when a second one has begun
		if os.Rename(file, file+".stopping") != nil {
			return 1
		}
		for range 1000 {
			if all, _ := filepath.Glob(filepath.Join(filepath.Dir(file), "*.stopping")); len(all) == 2 {
				return 0
			}
			time.Sleep(10 * time.Millisecond)
		}
		return 4
	case "status":
		_, err = os.Stat(file)
	case "exit": // with the name of the service
		code, _ := strconv.Atoi(filepath.Base(file))
		return code
	case "hang":
		time.Sleep(time.Minute)
	case "babble":
		line := strings.Repeat("x", 1000)
		for range 1000 {
			fmt.Println(line)
		}
		fmt.Println("the last line")
		return 3
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func manager(t *testing.T, start, stop, status string) (*Manager, string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	argv := func(verb string) []string { return []string{exe, "rc", verb, dir, "{unit}"} }
	return New(argv(start), argv(stop), argv(status)), dir
}

func active(t *testing.T, m *Manager, unit string) string {
	t.Helper()
	u, err := m.Look(t.Context(), unit)
	if err != nil {
		t.Fatal(err)
	}
	return u.Active
}

func TestStartAndStop(t *testing.T) {
	m, dir := manager(t, "start", "stop-together", "status")
	units := []string{"epstdd.service", "epstrd.service"}
	for _, unit := range units {
		if got := active(t, m, unit); got != "inactive" {
			t.Errorf("%s is %s before it is started", unit, got)
		}
		if err := m.Start(t.Context(), unit); err != nil {
			t.Fatal(err)
		}
		if got := active(t, m, unit); got != "active" {
			t.Errorf("%s is %s after it is started", unit, got)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "epstdd")); err != nil {
		t.Errorf("the command was not told the name without .service: %v", err)
	}
	if err := m.Stop(t.Context(), units); err != nil {
		t.Fatalf("they were not asked at once: %v", err)
	}
	for _, unit := range units {
		if got := active(t, m, unit); got != "inactive" {
			t.Errorf("%s is %s after it is stopped", unit, got)
		}
	}
}

// What says neither that a service runs nor that it does not is no state: a queue would be set aside under a running delivery.
func TestStatus(t *testing.T) {
	m, _ := manager(t, "start", "stop", "exit")
	for code, want := range map[string]string{"0": "active", "1": "inactive", "2": "inactive", "3": "inactive", "4": "", "5": "", "126": "", "127": "", "150": ""} {
		u, err := m.Look(t.Context(), code+".service")
		if u.Active != want || (err == nil) != (want != "") {
			t.Errorf("exit status %s: %q, %v, want %q", code, u.Active, err, want)
		}
		if err != nil && (!strings.Contains(err.Error(), "exit status "+code) || !strings.Contains(err.Error(), os.Args[0])) {
			t.Errorf("the error names the command and its end: %v", err)
		}
	}
}

func TestFailure(t *testing.T) {
	m, _ := manager(t, "babble", "stop", "status")
	err := m.Start(t.Context(), "epstdd.service")
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the last line") {
		t.Errorf("the error is %v", err)
	}
	lines, err := m.Log(t.Context(), "epstdd.service", 10)
	if err != nil || len(lines) != 10 || lines[9] != "the last line" {
		t.Errorf("the log is %q, %v", lines, err)
	}
	if all, _ := m.Log(t.Context(), "epstdd.service", 10_000); len(strings.Join(all, "\n")) > maxOutput+1000 {
		t.Errorf("%d bytes are kept", len(strings.Join(all, "\n")))
	}
	err = m.Stop(t.Context(), []string{"epstdd.service", "epstrd.service"})
	if err == nil || !strings.Contains(err.Error(), "stopping epstdd.service") || !strings.Contains(err.Error(), "stopping epstrd.service") {
		t.Errorf("stopping what does not run: %v", err)
	}
}

func TestHang(t *testing.T) {
	m, _ := manager(t, "hang", "hang", "hang")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := m.Start(ctx, "epstdd.service"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("the error is %v", err)
	}
	if _, err := m.Look(ctx, "epstdd.service"); err == nil {
		t.Error("a status that never came is a status")
	}
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestNoCommand(t *testing.T) {
	m := New(nil, nil, []string{"/nonexistent/status", "{unit}"})
	if err := m.Start(t.Context(), "a"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("starting without a command: %v", err)
	}
	if _, err := m.Look(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "/nonexistent/status") {
		t.Errorf("looking with a command that is not there: %v", err)
	}
	if got := m.StatusLine("epstdd.service"); got != "/nonexistent/status epstdd" {
		t.Errorf("the status command is %q", got)
	}
	if m.Bars() {
		t.Error("it says that it can bar a start")
	}
}

// The environment of the caller is not for the services: only the language and the path are set.
func TestEnvironment(t *testing.T) {
	m, _ := manager(t, "start", "stop", "status")
	if err := m.Start(t.Context(), "epstdd.service"); err != nil {
		t.Fatal(err)
	}
	lines, err := m.Log(t.Context(), "epstdd.service", 1)
	if err != nil || len(lines) != 1 || lines[0] != "start epstdd LANG=C HOME=" {
		t.Errorf("the command printed %q, %v", lines, err)
	}
}
