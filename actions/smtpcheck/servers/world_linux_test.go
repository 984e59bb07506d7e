package servers

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestMain plays the other parts too: the first process of a server's namespaces, and a test that is killed while its server runs.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == verbInner {
		fmt.Fprintln(os.Stderr, inner(os.Args[2]))
		os.Exit(1)
	}
	if len(os.Args) == 4 && os.Args[1] == verbHold {
		fmt.Fprintln(os.Stderr, hold(os.Args[2], os.Args[3]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// A world is a running server, and an outside host that reaches it.
type world struct {
	jobs   chan func() // what the outside host does
	cmd    *exec.Cmd
	in     io.Closer
	log    *tail
	logins bool // there are some
}

// boot starts a server and returns when it answers.
func boot(p plan) (*world, error) {
	w := &world{jobs: make(chan func()), log: &tail{}, logins: p.Tree.Logins != nil}
	up := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the network of the outside host ends with the thread
		up <- unix.Unshare(unix.CLONE_NEWNET)
		for job := range w.jobs {
			job()
		}
	}()
	err := <-up
	w.outside(func() { err = errors.Join(err, w.start(p)) })
	if err != nil {
		w.stop()
		return nil, fmt.Errorf("%w\n%s", err, w.log)
	}
	return w, nil
}

// outside runs a job on the outside host: connections that it makes and listens for, and programs that it starts, are there.
func (w *world) outside(job func()) {
	done := make(chan struct{})
	w.jobs <- func() { job(); close(done) }
	<-done
}

// start starts the server and joins both by a cable. The server ends with this thread, if not before.
func (w *world) start(p plan) error {
	arg, err := json.Marshal(p)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	w.cmd = exec.Command(self, verbInner, string(arg))
	w.cmd.Dir, w.cmd.Stderr, w.cmd.Env = "/", w.log, []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C"}
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC, Pdeathsig: unix.SIGKILL}
	in, err := w.cmd.StdinPipe()
	if err != nil {
		return err
	}
	w.in = in
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := w.cmd.Start(); err != nil {
		w.cmd = nil
		return err
	}
	for _, line := range []string{
		"link set lo up", fmt.Sprintf("link add eth0 type veth peer name eth0 netns %d", w.cmd.Process.Pid),
		"addr add " + clientIP + "/32 peer " + serverIP + "/32 dev eth0", "link set eth0 up",
	} {
		if err := run("ip", strings.Fields(line)...); err != nil {
			return err
		}
	}
	io.WriteString(in, "go\n")
	if word, err := bufio.NewReader(out).ReadString('\n'); word != "ready\n" {
		return fmt.Errorf("the server does not start: %w", err)
	}
	return nil
}

// stop ends everything at once.
func (w *world) stop() {
	if w.cmd != nil {
		w.cmd.Process.Kill()
		w.cmd.Wait() // killed is how it ends
	}
	close(w.jobs)
}

// A tail is the end of what a server has logged.
type tail struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf.Len() > 1<<20 {
		t.buf.Reset()
	}
	return t.buf.Write(p)
}

// String is what was logged.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.buf.String()
}

// need skips a test that wants more than this machine gives, or fails where HIKESHI_REQUIRE asks for it.
func need(t *testing.T, ok bool, what string) {
	t.Helper()
	if ok {
		return
	}
	if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "servers") {
		t.Fatalf("HIKESHI_REQUIRE asks for servers: %s", what)
	}
	t.Skip(what)
}

// needServers returns the folder of the unpacked servers.
func needServers(t *testing.T) string {
	t.Helper()
	need(t, os.Geteuid() == 0, "real servers run in namespaces, which needs root")
	for _, program := range []string{"ip", "nmap", "swaks"} {
		_, err := exec.LookPath(program)
		need(t, err == nil, fmt.Sprintf("there is no %s here", program))
	}
	dir := os.Getenv("HIKESHI_SERVERS")
	need(t, dir != "", "HIKESHI_SERVERS names no folder with unpacked mail servers (see .ci/run)")
	return dir
}

// start starts a server that is gone when the test ends.
func start(t *testing.T, s server) *world {
	t.Helper()
	p, err := s.plan(needServers(t), t.TempDir())
	need(t, err == nil, fmt.Sprint(err))
	began := time.Now()
	w, err := boot(p)
	if err != nil {
		t.Fatalf("starting %s: %v", s.name, err)
	}
	t.Cleanup(func() {
		w.stop()
		if t.Failed() {
			t.Logf("the log of %s:\n%s", s.name, w.log)
		}
	})
	t.Logf("%s started in %s", s.name, time.Since(began).Round(time.Millisecond))
	return w
}

// plan is what the server's first process is told. The error says what is missing.
func (s server) plan(unpacked, dir string) (plan, error) {
	if s.standin != nil {
		return plan{Standin: dir}, s.standin(dir)
	}
	s.tree.Root, s.tree.Unpacked = dir, filepath.Join(unpacked, s.pkg, "root")
	if _, err := os.Stat(s.tree.Unpacked + "/usr"); err != nil {
		return plan{}, fmt.Errorf("%s is not unpacked: %w", s.pkg, err)
	}
	return plan{Tree: s.tree}, nil
}
