package lock

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestMe(t *testing.T) {
	t.Setenv("SUDO_USER", "taro")
	me := Me()
	host, _ := os.Hostname()
	if me.User == "" || me.Sudo != "taro" || me.Host != host || me.PID != os.Getpid() {
		t.Errorf("%+v", me)
	}
	if os.Geteuid() == 0 && me.User != "root" {
		t.Errorf("user %q", me.User)
	}
}

func TestTerminalIsNamed(t *testing.T) {
	master, slave, err := pty.Open()
	if err != nil {
		t.Skipf("no pseudo-terminal: %v", err)
	}
	defer master.Close()
	defer slave.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, terminal := range []bool{true, false} {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), "LOCK_WHO=1", "SUDO_USER=")
		want := "tty= sudo="
		if terminal {
			cmd.Stdin = slave
			want = "tty=" + strings.TrimPrefix(slave.Name(), "/dev/") + " sudo="
		}
		out, err := cmd.Output()
		if err != nil || strings.TrimSpace(string(out)) != want {
			t.Errorf("says %q, want %q, %v", out, want, err)
		}
	}
}
