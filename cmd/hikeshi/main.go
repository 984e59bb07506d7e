// Command hikeshi answers a mail-relay abuse incident step by step: look, stop, set the queue aside, deny, start again, prove
// that it holds, report. Its verbs, flags, exit codes and JSON are a contract; `hikeshi help` and the README list them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	// The first Ctrl-C asks the step under way to end in order; a second one ends the process, which is a normal event too.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	a := &app{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: time.Now}
	os.Exit(a.execute(ctx, os.Args[1:]))
}
