package lock

import (
	"bytes"
	"fmt"
	"os"
)

// started is when process pid began, in clock ticks since the boot (proc_pid_stat(5), field 22), or "".
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	// the name in field 2 stands in brackets and may hold anything
	after := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(after) < 20 {
		return ""
	}
	return string(after[19])
}
