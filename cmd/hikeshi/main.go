// Command hikeshi answers a mail-relay abuse incident step by step: look, stop, set the queue aside, deny, start again, prove
// that it holds, report. Its verbs, flags, exit codes and JSON are a contract; `hikeshi help` and the README list them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"hikeshi/spool/lab/nest"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == nest.Verb { // the private systemd of a rehearsal runs this binary again
		fmt.Fprintln(os.Stderr, "hikeshi:", nest.Init(os.Args[2:]))
		os.Exit(exitError)
	}
	// The first Ctrl-C asks the step under way to end in order; a second one ends the process, which is a normal event too. The
	// same goes for a connection that breaks.
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	context.AfterFunc(ctx, stop)
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now}
	os.Exit(a.execute(ctx, os.Args[1:]))
}
