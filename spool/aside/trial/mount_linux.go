package trial

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// OwnMounts runs the test in a process of its own, with mounts that nobody else sees, and says in that process that this is so; the
// other one has nothing more to do. It needs root, and skips the test without.
func OwnMounts(t *testing.T) bool {
	t.Helper()
	if os.Getenv("HIKESHI_OWN_MOUNTS") == t.Name() {
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "HIKESHI_OWN_MOUNTS="+t.Name())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: unix.CLONE_NEWNS} // makes all mounts private, too
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, fs.ErrPermission) && !strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "root"):
		t.Skipf("needs root to mount something: %v", err)
	case err != nil:
		t.Errorf("%v\n%s", err, out)
	}
	return false
}

// Mount mounts a tmpfs for this test, after OwnMounts.
func Mount(t *testing.T, target, options string) {
	t.Helper()
	Must(t, unix.Mount("tmpfs", target, "tmpfs", 0, options))
	t.Cleanup(func() { _ = unix.Unmount(target, unix.MNT_DETACH) })
}

// Lock makes the tmpfs at target read-only.
func Lock(t *testing.T, target string) {
	t.Helper()
	Must(t, unix.Mount("tmpfs", target, "tmpfs", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
}
