package servers

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hikeshi/actions/smtpcheck/relaytest"
)

// outsideRun runs a program on the outside host and returns what it says and its exit status.
func (w *world) outsideRun(t *testing.T, argv ...string) (string, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var err error
	w.outside(func() { err = cmd.Run() })
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("%v: %v\n%s", argv, err, out.String())
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// An asked is a test of another program, and the relay test that asks the same.
type asked struct{ from, to, id string }

// brokenOff stands for the tests that nmap did not make, because the server hung up.
const brokenOff = "broken off"

// ofNmap are the tests of nmap's smtp-open-relay, in its order, by what it says to the server, and the relay tests that ask the same.
func ofNmap() []asked {
	const literal = "spamtest@[" + serverIP + "]"
	return []asked{
		{"", "relaytest@probe.example", "R03"},
		{"spamtest@probe.example", "relaytest@probe.example", "R01"},
		{"spamtest@" + hostName, "relaytest@probe.example", "R08"},
		{literal, "relaytest@probe.example", "R09"},
		{literal, "relaytest%probe.example@[" + serverIP + "]", "R14"},
		{literal, "relaytest%probe.example@" + hostName, "R15"},
		{literal, `"relaytest@probe.example"`, "R18"},
		{literal, `"relaytest%probe.example"`, "R19"},
		{literal, "relaytest@probe.example@[" + serverIP + "]", "R20"},
		{literal, `"relaytest@probe.example"@[` + serverIP + "]", "R21"},
		{literal, "relaytest@probe.example@" + hostName, "R22"},
		{literal, "@[" + serverIP + "]:relaytest@probe.example", "R24"},
		{literal, "@" + hostName + ":relaytest@probe.example", "R25"},
		{literal, "probe.example!relaytest", "R26"},
		{literal, "probe.example!relaytest@[" + serverIP + "]", "R27"},
		{literal, "probe.example!relaytest@" + hostName, "R28"},
	}
}

// nmap returns the relay tests that nmap says the server takes.
func nmap(t *testing.T, w *world) (taken []string) {
	t.Helper()
	said, _ := w.outsideRun(t, "nmap", "-vv", "-n", "-Pn", "-sT", "-p", "25", "--script", "smtp-open-relay",
		"--script-args", "smtp-open-relay.domain=probe.example,smtp-open-relay.from=spamtest", serverIP)
	for line := range strings.Lines(said) {
		_, line, found := strings.Cut(line, "MAIL FROM:<")
		if !found {
			continue
		}
		from, to, _ := strings.Cut(strings.TrimSuffix(strings.TrimRight(line, "\n"), ">"), "> -> RCPT TO:<")
		i := slices.IndexFunc(ofNmap(), func(x asked) bool { return x.from == from && x.to == to })
		if i < 0 {
			t.Errorf("nmap says what is not in the list: %q %q", from, to)
			continue
		}
		taken = append(taken, ofNmap()[i].id)
	}
	switch {
	case strings.Contains(said, "failed to ") || strings.Contains(said, "Failed to "):
		taken = append(taken, brokenOff)
	case !strings.Contains(said, "open relay"):
		t.Errorf("nmap has come to no verdict:\n%s", said)
	}
	return taken
}

// ofSwaks are the relay tests that swaks asks too: few, since it makes a connection for each, and sendmail counts them.
func ofSwaks() []string { return []string{"R01", "R03", "R05", "R06", "R17", "R32.2"} }

// swaks asks what a relay test asks, and says whether it was taken.
func swaks(t *testing.T, w *world, x relaytest.Test) bool {
	t.Helper()
	from, to, found := strings.Cut(x.Said, ">, RCPT TO:<")
	if !found { // it was not asked for lack of recipients
		from, to = "MAIL FROM:<spamtest@sender.example", map[string]string{"R17": "relaytest%probe.example>", "R32.2": "relaytest%probe.example@backup.example>"}[x.ID]
	}
	from = cmp.Or(strings.TrimPrefix(from, "MAIL FROM:<"), "<>")
	out, code := w.outsideRun(t, "swaks", "--server", serverIP, "--helo", "sender.example", "--from", from, "--to", strings.TrimSuffix(to, ">"), "--quit-after", "RCPT", "--timeout", "20s")
	switch code {
	case 0:
		return true
	case 23, 24: // refused at MAIL, at RCPT
		return false
	}
	t.Errorf("swaks ends with %d:\n%s", code, out)
	return false
}
