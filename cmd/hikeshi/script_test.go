package main

import (
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"hikeshi/spool/lab/nest"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == nest.Verb {
		fmt.Fprintln(os.Stderr, nest.Init(os.Args[2:]))
		os.Exit(1)
	}
	if strings.HasSuffix(os.Args[0], ".test") && signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP) // under nohup: what is started here begins with the default again
	}
	testscript.Main(m, map[string]func(){"hikeshi": main})
}

// TestScript shows every verb as a user types it; the files double as examples.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			env.Setenv("HIKESHI_STATE", env.WorkDir+"/state")
			env.Setenv("LANG", "C.UTF-8")
			env.Setenv("TZ", "UTC")
			env.Setenv("HOME", env.WorkDir)
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"exits": exits, "receiver": (&receiver{}).script},
	})
}

// exits runs a command and wants its exit code: exits 3 hikeshi status.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var e interface{ ExitCode() int }
	if err != nil {
		var ok bool
		if e, ok = err.(interface{ ExitCode() int }); !ok {
			ts.Fatalf("%v", err)
		}
		code = e.ExitCode()
	}
	if fmt.Sprint(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}
