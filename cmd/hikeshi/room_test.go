//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// room is a place in a mount namespace of its own, with small disks that can be filled. hikeshi runs there as a process of its own.
type room struct {
	*place
	mu    sync.Mutex
	heard []string // by the system log
	deaf  bool     // the machine has a system log of its own
}

// newRoom enters the namespace with the thread of this test, which ends with it. The disks are mounted before the tree is made: paths
// below the test's folder, with their size in bytes.
func newRoom(t *testing.T, disks map[string]int) *room {
	t.Helper()
	if _, err := exec.LookPath("unshare"); err != nil || os.Geteuid() != 0 {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root") {
			t.Fatalf("HIKESHI_REQUIRE asks for root, and for unshare(1): %v", err)
		}
		t.Skip("small disks need root and unshare(1)")
	}
	runtime.LockOSThread()
	fine(t, unix.Unshare(unix.CLONE_NEWNS))
	fine(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	r, dir := &room{}, t.TempDir()
	for path, size := range disks {
		r.mount(t, filepath.Join(dir, path), size)
	}
	r.mount(t, "/run", 16<<20) // where the holder of the lock is written down
	r.place = newPlaceIn(t, dir)
	r.listen()
	self, err := os.Executable()
	fine(t, err)
	fine(t, os.Symlink(self, filepath.Join(dir, "hikeshi")))
	return r
}

func (r *room) mount(t *testing.T, path string, size int) {
	t.Helper()
	fine(t, os.MkdirAll(path, 0o755))
	fine(t, unix.Mount("small", path, "tmpfs", 0, fmt.Sprintf("size=%d,nr_inodes=2000,mode=0755", size)))
	t.Cleanup(func() { fine(t, unix.Unmount(path, unix.MNT_DETACH)) })
}

// listen is the system log, if /dev/log is nobody else's.
func (r *room) listen() {
	r.t.Helper()
	at := "/run/syslog" // by way of /var/run
	if to, err := os.Readlink("/dev/log"); err == nil {
		at = to
	} else if _, err := os.Lstat("/dev/log"); err == nil {
		r.deaf = true
		return
	}
	fine(r.t, os.MkdirAll(filepath.Dir(at), 0o755))
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	fine(r.t, err)
	go r.hear(c)
	r.t.Cleanup(func() { c.Close() })
}

// hear takes in what comes to the system log.
func (r *room) hear(c *net.UnixConn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.heard = append(r.heard, string(buf[:n]))
		r.mu.Unlock()
	}
}

// logged is what the system log got so far. Nobody else's line comes between.
func (r *room) logged() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.heard, "\n")
}

// hikeshi runs a command line below the room's root.
func (r *room) hikeshi(args ...string) said {
	r.t.Helper()
	return r.run(append([]string{"--root", r.root}, args...)...)
}

// run is hikeshi without --root; the process sees no other ones.
func (r *room) run(args ...string) said {
	r.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(r.t.Context(), "unshare", append([]string{"--fork", "--pid", "--mount-proc", "--kill-child", filepath.Join(r.dir, "hikeshi")}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.Env = &out, &errs, []string{"PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8", "HIKESHI_STATE=" + r.state()}
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		r.t.Fatal(err)
	}
	return said{args: args, code: cmd.ProcessState.ExitCode(), out: out.String(), err: errs.String()}
}

// fill takes all room on the disk of dir to the last byte, and with files also every name that it has left; free gives it back.
func (r *room) fill(dir string, files bool) (free func()) {
	r.t.Helper()
	heap := filepath.Join(dir, "fill")
	fine(r.t, os.Mkdir(heap, 0o700))
	for _, size := range []int{64 << 10, 4096, 1} {
		f, err := os.OpenFile(filepath.Join(heap, "bytes"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
		fine(r.t, err)
		for err == nil {
			_, err = f.Write(make([]byte, size))
		}
		f.Close()
		r.full(err)
	}
	for n := 0; files; n++ {
		if err := unix.Mknod(filepath.Join(heap, fmt.Sprint(n)), unix.S_IFREG|0o600, 0); err != nil {
			r.full(err)
			break
		}
	}
	return func() { fine(r.t, os.RemoveAll(heap)) }
}

func (r *room) full(err error) {
	r.t.Helper()
	if !errors.Is(err, unix.ENOSPC) {
		r.t.Fatalf("the disk is not full: %v", err)
	}
}

// readOnly makes a disk read-only, or writable again.
func (r *room) readOnly(disk string, flag uintptr) {
	r.t.Helper()
	fine(r.t, unix.Mount("", disk, "", unix.MS_REMOUNT|flag, ""))
}
