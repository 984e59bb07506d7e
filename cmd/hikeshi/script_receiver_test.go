package main

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/rogpeppe/go-internal/testscript"

	"hikeshi/actions/smtpcheck/recorder"
)

// receiver is the mail server of a script: `receiver start` starts one whose VRFY tells users apart and puts its address into $SMTP, and
// `receiver mend` mends it.
type receiver struct{ mended sync.Map }

func (r *receiver) script(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: receiver start|mend")
	}
	dir := ts.Getenv("WORK")
	switch v, there := r.mended.Load(dir); {
	case args[0] == "mend" && there:
		v.(*atomic.Bool).Store(true)
	case args[0] == "start" && !there:
		mended := &atomic.Bool{}
		r.mended.Store(dir, mended)
		s := &recorder.Server{Banner: "220 mail.example.jp ESMTP Postfix", Command: func(_ *recorder.Client, verb, arg string) string {
			switch {
			case verb == "VRFY" && !mended.Load():
				return map[bool]string{true: "252 2.0.0 " + arg, false: "550 5.1.1 unknown"}[strings.HasPrefix(arg, "taro")]
			case verb == "VRFY":
				return "252 2.0.0 cannot verify"
			}
			return ""
		}}
		ts.Check(s.Start("127.0.0.1:0"))
		ts.Defer(s.Close)
		ts.Setenv("SMTP", s.Address())
	default:
		ts.Fatalf("receiver %s: not now", args[0])
	}
}
