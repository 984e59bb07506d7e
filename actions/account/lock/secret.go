package lock

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rewrite"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// secret is a file with a password of an account, in plain data.
type secret struct {
	Path string `json:"path"`
	Auth bool   `json:"auth"` // an auth file; else the account file
}

// secretsOf are the files whose password can be overwritten, that of SMTP AUTH first.
func secretsOf(a spool.Account) []secret {
	all := []secret{}
	if a.Auth {
		all = append(all, secret{Path: a.AuthFile, Auth: true})
	}
	if a.Fixed == "" {
		all = append(all, secret{Path: a.File})
	}
	return all
}

func (s secret) format(d pick.Desk) spool.Secrets {
	if s.Auth {
		return d.AuthSecrets()
	}
	return d.AccountSecrets()
}

// ours says whether the password is one that a lock has written.
func (s secret) ours(d pick.Desk, name string) (bool, error) {
	now, err := rewrite.Read(s.Path)
	if err != nil {
		return false, err
	}
	return s.format(d).Begins(now, name, rewrite.Mark)
}

// way is one of the files of a change, with what is needed to go there and back.
type way struct {
	secret
	data   lockData
	id     string // of the change
	random io.Reader
	desk   pick.Desk
}

// copyName is where the file is kept before the change.
func (w way) copyName() string {
	if w.Auth {
		return w.id + "-" + rewrite.AuthCopy(w.data.address())
	}
	return w.id + "-" + rewrite.IdxCopy(w.data.Domain)
}

// lock is the way to a random password.
func (w way) lock() rewrite.Rewrite {
	f := w.format(w.desk)
	return rewrite.Rewrite{Path: w.Path, Tag: w.data.Mark + "lock", Keep: w.copyName(), Random: w.random,
		Done: func(file []byte) (bool, error) { return f.Begins(file, w.data.Name, rewrite.Mark) },
		Make: func(file []byte) ([]byte, error) {
			password, err := draw(w.random, w.data.Mark)
			if err != nil {
				return nil, err
			}
			return f.Set(file, w.data.Name, password)
		},
		Same: same(f, w.data.Name)}
}

// back is the way from the random password of this lock to the kept one.
func (w way) back(kept []byte) rewrite.Rewrite {
	f := w.format(w.desk)
	r := w.lock()
	r.Tag, r.Keep = w.data.Mark+"undo", r.Keep+".before-undo"
	r.Done = func(file []byte) (bool, error) {
		ours, err := f.Begins(file, w.data.Name, w.data.Mark)
		return !ours, err
	}
	r.Make = func(file []byte) ([]byte, error) { return f.Copy(file, kept, w.data.Name) }
	return r
}

// draw makes a password that nobody knows: 32 random bytes behind the mark.
func draw(random io.Reader, mark string) (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("drawing random bytes: %w", err)
	}
	return mark + base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// same says whether two files differ in nothing but the password of an account.
func same(f spool.Secrets, name string) func(a, b []byte) bool {
	return func(a, b []byte) bool {
		x, err1 := f.Set(a, name, "")
		y, err2 := f.Set(b, name, "")
		return err1 == nil && err2 == nil && bytes.Equal(x, y)
	}
}

// state says how far the password of one file is overwritten.
func (w way) state(rec runbook.Recorder) (runbook.State, error) {
	left, err := w.lock().Left()
	if err != nil {
		return stateOf(err)
	}
	if left {
		return runbook.Partial, nil
	}
	now, err := rewrite.Read(w.Path)
	if err != nil {
		return stateOf(err)
	}
	ours, err := w.format(w.desk).Begins(now, w.data.Name, rewrite.Mark)
	if err != nil {
		return stateOf(err)
	}
	changed, err := w.changed(now, rec)
	switch {
	case ours || changed:
		return runbook.Done, nil
	case err != nil:
		return "", err
	}
	return runbook.None, nil
}

// stateOf makes what is gone a state.
func stateOf(err error) (runbook.State, error) {
	if errors.Is(err, fs.ErrNotExist) {
		return runbook.Drifted, nil
	}
	return "", err
}

// changed says whether the password differs from the kept one; nothing kept is no difference.
func (w way) changed(now []byte, rec runbook.Recorder) (bool, error) {
	kept, err := rewrite.Last(rec, w.copyName())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	equal, err := w.format(w.desk).Equal(now, kept, w.data.Name)
	return err == nil && !equal, err
}

// unlock puts the kept password back if ours stands there.
func (w way) unlock(rec runbook.Recorder) error {
	if err := w.lock().Settle(rec); err != nil {
		return err
	}
	kept, kerr := rewrite.Last(rec, w.copyName())
	if kerr != nil && !errors.Is(kerr, fs.ErrNotExist) {
		return kerr
	}
	back := w.back(kept)
	if err := back.Settle(rec); err != nil {
		return err
	}
	now, err := rewrite.Read(w.Path)
	if err != nil {
		return err
	}
	stays, err := back.Done(now)
	if err != nil {
		return err
	}
	if !stays && kerr != nil {
		return fmt.Errorf("%s: no copy of the old password is there, so ours stays: %v", w.Path, kerr) // its absence is not that of the account
	}
	if !stays {
		return back.Apply(rec)
	}
	changed, err := w.changed(now, rec)
	if changed {
		runbook.Say(rec, runbook.Tf("%s has another password in %s by now, which stays", "%s のパスワード (%s) はその後変更されているため、そのまま残す", w.data.address(), w.Path))
	}
	return err
}

// gone puts an account or a file that is not there any more into the words of the engine.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", runbook.ErrDrift, err)
	}
	return err
}
