package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"time"

	"hikeshi/actions/account"
	"hikeshi/actions/settings"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// accountEnv is what the account kinds work with.
func (w *world) accountEnv(a *app) account.Env {
	c := w.cfg.Account
	return account.Env{Server: w.server, Protected: w.cfg.Protect.Accounts, Prefix: c.Prefix, Backend: c.Backend, Command: c.Command.Rename,
		Random: rand.Reader, Run: runProgram, Clock: a.now, Recorded: a.recordedRenames(w), Standing: a.renameStands(w)}
}

// settingsEnv is what the settings kinds work with.
func (w *world) settingsEnv() settings.Env {
	return settings.Env{Server: w.server, Without: w.withoutAuth}
}

// shared says by the settings whether other servers use the spool.
func (w *world) shared() (why runbook.Text, shared bool, err error) {
	t, ok := w.server.(spool.Tuner)
	if !ok {
		return runbook.Text{}, false, nil
	}
	all, err := t.Settings()
	if errors.Is(err, fs.ErrNotExist) {
		return runbook.Text{}, false, nil // no settings: the built-in default, which is one server
	}
	if err != nil {
		return runbook.Text{}, false, err
	}
	for _, s := range all {
		if s.Name == "Clustering" && s.Set && s.Value != "0" {
			return runbook.Tf("the setting Clustering is %q", "設定 Clustering の値が %q", s.Value), true, nil
		}
	}
	return runbook.Text{}, false, nil
}

// withoutAuth names the accounts that can be named as a sender without a login.
func (w *world) withoutAuth() ([]string, error) {
	s, ok := w.server.(spool.Accounts)
	if !ok {
		return nil, fmt.Errorf("%s tells nothing of accounts", w.server.Name())
	}
	list, err := s.Accounts()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, x := range list.Accounts {
		if !x.Auth {
			names = append(names, x.Address())
		}
	}
	return names, nil
}

// Bounds of a program of the site.
const (
	programTime   = time.Minute
	programOutput = 64 << 10
)

// runProgram runs a program by its argument vector, without a shell, in the C locale, and returns what it wrote, bounded.
func runProgram(ctx context.Context, argv []string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, programTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = []string{"LANG=C", "LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.WaitDelay = 5 * time.Second
	out := &bounded{limit: programOutput}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("running %s: %w", argv[0], err)
	}
	return out.Bytes(), nil
}

// bounded keeps the first bytes that are written to it.
type bounded struct {
	bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	b.Buffer.Write(p[:min(len(p), max(b.limit-b.Len(), 0))])
	return len(p), nil
}
