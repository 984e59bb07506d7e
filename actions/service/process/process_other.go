//go:build !linux

package process

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"

	"hikeshi/spool"
)

func byName(name string) ([]spool.Process, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ps", "-axww", "-o", "pid=,stat=,ucomm=,args=")
	cmd.Env = []string{"LANG=C", "PATH=/usr/bin:/bin"}
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	var all []spool.Process
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() && len(all) < most {
		if pid, ok := MatchPS(lines.Text(), name); ok {
			all = append(all, spool.Process{PID: pid, Name: name})
		}
	}
	return all, lines.Err()
}
