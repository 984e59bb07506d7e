package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"hikeshi/runbook"
	"hikeshi/runbook/journal/lock"
)

// takeOverWait is how long the other responder's process may take to end in order: a stop of services has 90 seconds.
const takeOverWait = 120 * time.Second

// lockOrTake takes the lock, from another responder if this one says so by --take-over or at the prompt. from is whom it was taken from.
func (a *app) lockOrTake(ctx context.Context, w *world, incident string, take bool) (l *lock.Lock, from *lock.Holder, err error) {
	l, err = a.lock(w, incident)
	var held *lock.HeldError
	if !errors.As(err, &held) || held.Holder == nil {
		return l, nil, err
	}
	if !take {
		if take, err = a.askTakeOver(ctx, held); err != nil || !take {
			return nil, nil, cmp.Or(err, error(held))
		}
	}
	if err := held.Holder.End(); err != nil {
		return nil, nil, failf(exitLocked, "ask that person to leave with q", "%w; %w", held, err)
	}
	for end := time.Now().Add(takeOverWait); ; {
		l, err := a.lock(w, incident)
		if !errors.As(err, new(*lock.HeldError)) || time.Now().After(end) {
			return l, held.Holder, err
		}
		select {
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// askTakeOver asks the person at the terminal, who has to type the name of the other one; nobody is asked elsewhere.
func (a *app) askTakeOver(ctx context.Context, held *lock.HeldError) (bool, error) {
	p := a.prompter()
	if p == nil {
		return false, nil
	}
	h := held.Holder
	who := cmp.Or(h.Sudo, h.User)
	s := a.screenOn(a.stderr)
	s.row("[!]", held.Error())
	s.row("", fmt.Sprintf(a.word("taking over ends that process in order, as its Ctrl-C would; the incident is kept. Call %s first.",
		"引き継ぐと、相手の処理を Ctrl-C と同じように順序よく終わらせる。事案の記録は残る。先に %s へ声をかけること。"), line(who)))
	typed, err := p.ask(ctx, fmt.Sprintf(a.word("type %s to take over, Enter to leave it", "引き継ぐには %s と入力(Enter だけなら何もしない)"), line(who)))
	if errors.Is(err, errClosed) {
		return false, nil
	}
	return typed == who, err
}

// takenOver records whom the lock was taken from.
func takenOver(jr runbook.Journal, from *lock.Holder) error {
	if from == nil {
		return nil
	}
	text := fmt.Sprintf("taken over from %s (as %s), who had held the lock since %s (process %d)", cmp.Or(from.Sudo, from.User), from.User, from.Since.UTC().Format(time.RFC3339), from.PID)
	err := jr.Append(runbook.Record{Event: runbook.Noted, Step: from.Step, Text: text})
	if errors.Is(err, runbook.ErrUnrecorded) {
		return nil
	}
	return err
}
