//go:build crash

package disk

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

// This build ends the process, as kill -9 does, before or after the N-th writing call: HIKESHI_CRASH=before:N or after:N.
// HIKESHI_CRASH_COUNT=FILE writes how many calls there were so far.
var calls struct {
	sync.Mutex
	n int
}

func point(call func() error) error {
	calls.Lock()
	calls.n++
	n := calls.n
	if f := os.Getenv("HIKESHI_CRASH_COUNT"); f != "" {
		os.WriteFile(f, []byte(strconv.Itoa(n)), 0o600)
	}
	calls.Unlock()
	when, at, _ := strings.Cut(os.Getenv("HIKESHI_CRASH"), ":")
	hit := at == strconv.Itoa(n)
	if hit && when == "before" {
		die(n)
	}
	err := call()
	if hit && when == "after" {
		die(n)
	}
	return err
}

func die(n int) {
	fmt.Fprintln(os.Stderr, "crash at writing call", n)
	syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {}
}
