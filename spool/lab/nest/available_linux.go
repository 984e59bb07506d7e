package nest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"hikeshi/spool/lab/nest/inner"
)

// Available returns nil where a nest can be had, else the reason why not, which wraps errors.ErrUnsupported.
func Available() error {
	if err := available(); err != nil {
		return fmt.Errorf("no private systemd here: %w: %w", err, errors.ErrUnsupported)
	}
	return nil
}

func available() error {
	if os.Geteuid() != 0 {
		return errors.New("it needs root")
	}
	for _, tool := range []string{inner.Manager, "systemctl"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("it needs %s: %w", tool, err)
		}
	}
	// Asking for no change at all tells only whether the kernel has the call, mount_setattr(2), since 5.12.
	if err := unix.MountSetattr(unix.AT_FDCWD, "/", 0, &unix.MountAttr{}); err != nil {
		return fmt.Errorf("it needs Linux 5.12: changing mounts: %w", err)
	}
	group, err := makeGroup()
	if err == nil {
		err = removeGroup(group)
	}
	if err != nil {
		return fmt.Errorf("it needs a control group of its own: %w", err)
	}
	try := exec.Command("systemctl", "--version")
	try.SysProcAttr = &syscall.SysProcAttr{Cloneflags: inner.Namespaces}
	if err := try.Run(); err != nil {
		return fmt.Errorf("it needs namespaces of its own: %w", err)
	}
	return nil
}
