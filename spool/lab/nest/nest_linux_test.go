package nest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/spool/lab/nest"
)

// TestMain plays the other parts of the program too: the first process of a nest, a service that does not obey SIGTERM, and a
// caller that is killed while its nest runs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case nest.Verb:
			fmt.Fprintln(os.Stderr, nest.Init(os.Args[2:]))
			os.Exit(1)
		case "deaf":
			signal.Ignore(syscall.SIGTERM)
			fmt.Println("deaf and proud")
			time.Sleep(time.Hour)
		case "caller":
			os.Exit(caller(os.Args[2]))
		}
	}
	os.Exit(m.Run())
}

// caller boots a nest, says its pid namespace and waits to be killed.
func caller(dir string) int {
	n, err := nest.Boot(context.Background(), nest.Config{Dir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	out, err := n.Command(context.Background(), "readlink", "/proc/1/ns/pid").CombinedOutput()
	fmt.Printf("%s", out)
	if err != nil {
		return 1
	}
	time.Sleep(time.Hour)
	return 1
}

// lookup skips a test where no nest can be had, or fails it where HIKESHI_REQUIRE asks for root or systemd.
func lookup(t *testing.T) {
	t.Helper()
	err := nest.Available()
	if err == nil {
		return
	}
	if want := os.Getenv("HIKESHI_REQUIRE"); strings.Contains(want, "root") || strings.Contains(want, "systemd") {
		t.Fatalf("HIKESHI_REQUIRE=%s: %v", want, err)
	}
	t.Skip(err)
}

const sleeper = "[Unit]\nDescription=Sleeper\n\n[Service]\nExecStart=/bin/sleep infinity\n\n[Install]\nWantedBy=multi-user.target\n"

func boot(t *testing.T, c nest.Config) *nest.Nest {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	n, err := nest.Boot(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of the nest:\n%s", n.Log())
		}
	})
	return n
}

// inside runs argv in the nest and returns what it printed, whatever its exit status.
func inside(t *testing.T, n *nest.Nest, argv ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	out, err := n.Command(ctx, argv...).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%q: %v", argv, err)
	}
	return strings.TrimSpace(string(out))
}

func wantInside(t *testing.T, n *nest.Nest, want string, argv ...string) {
	t.Helper()
	if got := inside(t, n, argv...); got != want {
		t.Errorf("%q printed %q, want %q", argv, got, want)
	}
}

// members are the processes of the machine that live in a pid namespace.
func members(t *testing.T, namespace string) (pids []int) {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		if ns, err := os.Readlink(link); err == nil && ns == namespace {
			pid, _ := strconv.Atoi(strings.Split(link, "/")[2])
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestServices(t *testing.T) {
	lookup(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	n := boot(t, nest.Config{
		Dir: dir,
		Units: map[string]string{
			"sleeper.service": sleeper,
			"deaf.service":    "[Service]\nExecStart=" + exe + " deaf\nTimeoutStopSec=2\n",
			"broken.service":  "[Service]\nExecStart=/bin/cat " + dir + "/none\n",
		},
		Start: []string{"sleeper.service", "deaf.service"},
	})
	state := []string{"systemctl", "show", "-P", "ActiveState"}
	wantInside(t, n, "active", append(state, "sleeper.service")...)
	wantInside(t, n, "active", append(state, "deaf.service")...)
	wantInside(t, n, "", "systemctl", "stop", "sleeper.service")
	wantInside(t, n, "inactive", append(state, "sleeper.service")...)

	wantJournal(t, n, "deaf.service", "deaf and proud") // from here on it ignores SIGTERM
	start := time.Now()
	inside(t, n, "systemctl", "stop", "deaf.service")
	if took := time.Since(start); took < 1900*time.Millisecond {
		t.Errorf("stopping the deaf service took %v, want TimeoutStopSec=2 to pass", took)
	}
	wantInside(t, n, "timeout", "systemctl", "show", "-P", "Result", "deaf.service")

	wantInside(t, n, "", "systemctl", "start", "broken.service")
	wantJournal(t, n, "broken.service", "none: No such file or directory", "Failed with result 'exit-code'")
	wantJournal(t, n, "deaf.service", "Killing process")
	if !strings.Contains(n.Log(), "deaf and proud") {
		t.Error("the log of the nest does not hold what a unit printed")
	}
	// The system bus answers too.
	if out := inside(t, n, "busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
		"GetUnit", "s", "deaf.service"); !strings.Contains(out, "deaf_2eservice") {
		t.Errorf("busctl printed %q", out)
	}
}

// wantJournal waits for lines of a unit: the journal takes its time.
func wantJournal(t *testing.T, n *nest.Nest, unit string, want ...string) {
	t.Helper()
	var out string
	for range 200 {
		out = inside(t, n, "journalctl", "--no-pager", "-u", unit, "-n", "20", "-o", "short")
		missing := 0
		for _, w := range want {
			if !strings.Contains(out, w) {
				missing++
			}
		}
		if missing == 0 {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("the journal of %s lacks some of %q:\n%s", unit, want, out)
}

func TestSecondBoot(t *testing.T) {
	lookup(t)
	dir := t.TempDir()
	hold := filepath.Join(dir, "hold")
	config := nest.Config{
		Dir:   dir,
		Units: map[string]string{"held.service": sleeper, "enabled.service": sleeper, "idle.service": sleeper},
		Start: []string{"held.service"},
	}
	first := boot(t, config)
	wantInside(t, first, "active", "systemctl", "is-active", "held.service")
	wantInside(t, first, "inactive", "systemctl", "is-active", "enabled.service")
	inside(t, first, "systemctl", "enable", "enabled.service")
	inside(t, first, "touch", "/run/forgotten", hold)
	// As the guard of a stopped service is set: in /etc/systemd/system, from inside.
	inside(t, first, "mkdir", "/etc/systemd/system/held.service.d")
	write := first.Command(t.Context(), "tee", "/etc/systemd/system/held.service.d/50-hold.conf")
	write.Stdin = strings.NewReader("[Unit]\nConditionPathExists=!" + hold + "\n")
	if err := write.Run(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(nest.UnitDir(dir), "held.service.d", "50-hold.conf")); err != nil {
		t.Error(err)
	}
	if err := first.Kill(); err != nil {
		t.Fatal(err)
	}

	config.Units["idle.service"] = "not a unit"
	second := boot(t, config)
	wantInside(t, second, "inactive", "systemctl", "is-active", "held.service")
	wantInside(t, second, "no", "systemctl", "show", "-P", "ConditionResult", "held.service")
	wantInside(t, second, "active", "systemctl", "is-active", "enabled.service")
	wantInside(t, second, "loaded", "systemctl", "show", "-P", "LoadState", "idle.service")
	if out := inside(t, second, "ls", "/run/forgotten"); !strings.Contains(out, "No such file") {
		t.Errorf("/run outlived the power cut: %s", out)
	}
	if err := os.Remove(hold); err != nil {
		t.Fatal(err)
	}
	inside(t, second, "systemctl", "start", "held.service")
	wantInside(t, second, "active", "systemctl", "is-active", "held.service")
}

func TestTwoAtOnce(t *testing.T) {
	lookup(t)
	config := func() nest.Config {
		return nest.Config{Dir: t.TempDir(), Units: map[string]string{"s.service": sleeper}, Start: []string{"s.service"}}
	}
	one, two := boot(t, config()), boot(t, config())
	inside(t, one, "systemctl", "kill", "--signal=KILL", "s.service")
	inside(t, one, "systemctl", "stop", "s.service")
	wantInside(t, two, "active", "systemctl", "is-active", "s.service")
	if err := one.Kill(); err != nil {
		t.Fatal(err)
	}
	wantInside(t, two, "active", "systemctl", "is-active", "s.service")
}

// TestMachineUnchanged compares what of the machine a boot could touch, before, during and after two boots.
func TestMachineUnchanged(t *testing.T) {
	lookup(t)
	mark, err := os.CreateTemp("/tmp", "nest-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(mark.Name()) })
	dir, more := t.TempDir(), t.TempDir()
	before := machine(t)
	for range 2 {
		n := boot(t, nest.Config{Dir: dir, Units: map[string]string{"s.service": sleeper}, Start: []string{"s.service"}, Writable: []string{more}})
		if diff := cmp.Diff(before, machine(t)); diff != "" {
			t.Errorf("while the nest runs (-before +now):\n%s", diff)
		}
		inside(t, n, "touch", filepath.Join(dir, "a"), filepath.Join(more, "b"), "/tmp/nest-test-inside", "/run/nest-test-inside")
		for _, path := range []string{"/etc/nest-test", "/var/nest-test", "/proc/sys/kernel/core_pattern", "/sys/nest-test"} {
			if out := inside(t, n, "touch", path); !strings.Contains(out, "Read-only") && !strings.Contains(out, "denied") {
				t.Errorf("touching %s printed %q", path, out)
			}
		}
		if out := inside(t, n, "ls", mark.Name()); !strings.Contains(out, "No such file") {
			t.Errorf("the nest sees /tmp of the machine: %s", out)
		}
		if err := n.Kill(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(before, machine(t)); diff != "" {
		t.Errorf("after the boots (-before +now):\n%s", diff)
	}
	for _, path := range []string{mark.Name(), filepath.Join(dir, "a"), filepath.Join(more, "b")} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	for _, path := range []string{"/tmp/nest-test-inside", "/run/nest-test-inside"} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s on the machine: %v", path, err)
		}
	}
}

// machine is what a boot must leave alone: names, modes and times of the folders of the manager, the mounts, and the name.
func machine(t *testing.T) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, root := range []string{"/run/systemd", "/run/dbus", "/etc/systemd", "/dev/pts/ptmx", "/dev/log", "/etc/machine-id"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				seen[path] = err.Error()
				return nil
			}
			if info, err := d.Info(); err == nil {
				seen[path] = fmt.Sprint(info.Mode(), info.Size(), info.ModTime())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{"/proc/self/mountinfo", "/proc/sys/kernel/hostname", "/proc/sys/fs/nr_open", "/proc/sys/fs/file-max",
		"/proc/sys/kernel/core_pattern", "/proc/sys/net/unix/max_dgram_qlen"} {
		b, err := os.ReadFile(path)
		seen[path] = fmt.Sprint(string(b), err)
	}
	return seen
}

func TestNothingLeft(t *testing.T) {
	lookup(t)
	before := groups(t, os.Getpid())
	n := boot(t, nest.Config{Dir: t.TempDir(), Units: map[string]string{"s.service": sleeper}, Start: []string{"s.service"}})
	namespace := inside(t, n, "readlink", "/proc/1/ns/pid")
	if len(groups(t, os.Getpid())) != len(before)+1 {
		t.Error("no control group of its own while the nest runs")
	}
	ctx, cancel := context.WithCancel(t.Context())
	sleep := n.Command(ctx, "sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	full := waitMembers(t, namespace, func(n int) bool { return n >= 4 }) // manager, journal, service, sleep
	cancel()
	if err := sleep.Wait(); err == nil {
		t.Error("a command lived on without its context")
	}
	waitMembers(t, namespace, func(n int) bool { return n < full })
	if err := errors.Join(n.Kill(), n.Kill()); err != nil {
		t.Fatal(err)
	}
	if left := members(t, namespace); len(left) > 0 {
		t.Errorf("processes left: %v", left)
	}
	if diff := cmp.Diff(before, groups(t, os.Getpid())); diff != "" {
		t.Errorf("control groups (-before +after):\n%s", diff)
	}
	if err := n.Command(t.Context(), "true").Run(); err == nil {
		t.Error("a command ran in a nest that is gone")
	}
}

// groups are the control groups of the nests that process pid has booted; other tests may run nests at the same time.
func groups(t *testing.T, pid int) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir("/sys/fs/cgroup", func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasPrefix(d.Name(), fmt.Sprintf("hikeshi-nest-%d-", pid)) {
			found = append(found, path)
			return fs.SkipDir
		}
		return nil // groups come and go
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func waitMembers(t *testing.T, namespace string, enough func(int) bool) (count int) {
	t.Helper()
	for range 500 {
		if count = len(members(t, namespace)); enough(count) {
			return count
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%d processes in the nest", count)
	return count
}

// TestCallerKilled kills the program that booted a nest: the nest has to go with it.
func TestCallerKilled(t *testing.T) {
	lookup(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "caller", t.TempDir())
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	size, _ := io.ReadAtLeast(out, buf, len("pid:[1]"))
	namespace := strings.TrimSpace(string(buf[:size]))
	if len(members(t, namespace)) == 0 {
		t.Errorf("no process in namespace %q", namespace)
	}
	cmd.Process.Kill()
	cmd.Wait()
	waitMembers(t, namespace, func(n int) bool { return n == 0 })
	for _, g := range groups(t, cmd.Process.Pid) {
		removeTree(g)
	}
}

// removeTree removes the empty control groups that a killed caller could not.
func removeTree(group string) {
	entries, _ := os.ReadDir(group)
	for _, e := range entries {
		if e.IsDir() {
			removeTree(filepath.Join(group, e.Name()))
		}
	}
	syscall.Rmdir(group)
}

func TestNet(t *testing.T) {
	lookup(t)
	for _, own := range []bool{false, true} {
		n := boot(t, nest.Config{Dir: t.TempDir(), Net: own})
		machine, err := os.Readlink("/proc/self/ns/net")
		if err != nil {
			t.Fatal(err)
		}
		if got := inside(t, n, "readlink", "/proc/self/ns/net"); (got != machine) != own {
			t.Errorf("Net: %v: network %s, the machine's is %s", own, got, machine)
		}
		if own {
			wantInside(t, n, "0x9", "cat", "/sys/class/net/lo/flags")
		}
	}
}

func TestBootReports(t *testing.T) {
	lookup(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		config nest.Config
		want   string
	}{
		{"first process fails", nest.Config{Self: []string{exe, nest.Verb, "superfluous"}}, "only called by the program itself"},
		{"no such program", nest.Config{Self: []string{"/nonexistent"}}, "no such file"},
		{"a unit hangs", nest.Config{
			Units: map[string]string{"slow.service": "[Service]\nType=oneshot\nExecStart=/bin/sleep 1000\n"},
			Start: []string{"slow.service"},
		}, "deadline exceeded; its last lines:\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := groups(t, os.Getpid())
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			test.config.Dir = t.TempDir()
			n, err := nest.Boot(ctx, test.config)
			if err == nil {
				t.Fatal(errors.Join(errors.New("it booted"), n.Kill()))
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("the error is %q, want %q in it", err, test.want)
			}
			if diff := cmp.Diff(before, groups(t, os.Getpid())); diff != "" {
				t.Errorf("control groups (-before +after):\n%s", diff)
			}
		})
	}
}

// TestInitRefuses calls Init where it must never do anything: in the namespaces of the machine.
func TestInitRefuses(t *testing.T) {
	before := machine(t)
	host, _ := os.Readlink("/proc/self/ns/mnt")
	for _, arg := range []string{"", "{}", `{"Host":"` + host + `","Dir":"/"}`, `{"Host":"mnt:[1]","Dir":"/"}`, "x"} {
		if err := nest.Init([]string{"boot", arg}); err == nil {
			t.Errorf("Init(%s) returned nil", arg)
		}
	}
	if diff := cmp.Diff(before, machine(t)); diff != "" {
		t.Errorf("machine (-before +after):\n%s", diff)
	}
}

func TestInside(t *testing.T) {
	if dir, ok := nest.Inside(); ok {
		t.Errorf("the test runs in the nest of %s", dir)
	}
	lookup(t)
	dir := t.TempDir()
	wantInside(t, boot(t, nest.Config{Dir: dir}), dir, "cat", "/run/nest/dir")
}
