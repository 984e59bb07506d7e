package epms

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect"
	"hikeshi/spool/epms/effect/lint"
	"hikeshi/spool/epms/effect/proof"
	"hikeshi/spool/epms/words"
)

// DenyFile is effect.dat in the program folder.
func (s *Server) DenyFile() string { return filepath.Join(s.program, "effect.dat") }

// Decide says what the server would decide; see effect.File.Decide. A sender of an own domain is taken for one that exists.
func (s *Server) Decide(file []byte, q spool.RelayQuery) spool.RelayDecision {
	e := effect.Query{Peer: q.Peer, Login: q.Login}
	kind := effect.Outside
	if q.Sender != nil {
		e.Sender, e.SenderGiven = *q.Sender, true
		kind = s.senderKind(*q.Sender)
	}
	d := effect.Parse(file).Decide(e)
	reply := d.Reply(kind, q.Login)
	words := reply.Mail
	if reply.Rcpt != "" {
		words = fmt.Sprintf("MAIL FROM: %s; RCPT TO outside: %s", reply.Mail, reply.Rcpt)
	}
	return spool.RelayDecision{Result: string(d.Result), Line: d.Line, Text: d.Text, Meaning: d.Meaning(q.Login), MeaningJA: d.MeaningJA(q.Login), Reply: words}
}

func (s *Server) senderKind(sender string) effect.SenderKind {
	_, domain, ok := strings.Cut(sender, "@")
	for _, own := range s.Own().Domains {
		if ok && strings.EqualFold(domain, own) {
			return effect.Local
		}
	}
	return effect.Outside
}

// Deny plans denials where they take effect, and proves by asking the file before and after that nobody else is decided
// otherwise. Undo is the effect.Edit as JSON.
func (s *Server) Deny(file []byte, targets []string) (spool.DenyEdit, error) {
	before := effect.Parse(file)
	e, err := before.DenyAll(targets)
	if err != nil {
		return spool.DenyEdit{}, err
	}
	edit := spool.DenyEdit{After: file, Already: e.Already, Offset: e.Offset}
	if e.Empty() {
		return edit, nil
	}
	after, err := e.Apply(before)
	if err != nil {
		return spool.DenyEdit{}, err
	}
	edit.After = after.Bytes()
	if edit.Undo, err = json.Marshal(e); err != nil {
		return spool.DenyEdit{}, err
	}
	for _, d := range e.Added {
		edit.Added = append(edit.Added, d.Line())
	}
	edit.Tested, err = s.prove(before, after, targets, func(proof.Difference) bool { return true })
	if err != nil {
		return spool.DenyEdit{}, fmt.Errorf("proving the denials: %w", err)
	}
	return edit, nil
}

// prove compares the decisions of two files of which denied has denials of targets and open has not; it fails with the first
// difference that counts.
func (s *Server) prove(open, denied *effect.File, targets []string, counts func(proof.Difference) bool) (int, error) {
	r, err := proof.Compare(open, denied, proof.Sample{Denied: targets, Own: ownOf(s.Own()), Seed: 1})
	if err != nil {
		return 0, err
	}
	for _, d := range r.Differences {
		if counts(d) {
			return 0, errors.New(d.String())
		}
	}
	return r.Asked, nil
}

// Allow takes out what Deny added, given its Undo: the lines for targets (all if there are none) that stand there as they were
// added. The error wraps fs.ErrNotExist when none does. A removal that would change what is decided for others, because of lines
// that came in above since then, is an error, too.
func (s *Server) Allow(file []byte, undo json.RawMessage, targets []string) (spool.DenyEdit, error) {
	var e effect.Edit
	if err := json.Unmarshal(undo, &e); err != nil {
		return spool.DenyEdit{}, fmt.Errorf("taking out denials: reading what was added: %w", err)
	}
	f := effect.Parse(file)
	var edit spool.DenyEdit
	var taken []string
	e.Added = slices.DeleteFunc(e.Added, func(d effect.Denial) bool {
		if len(targets) > 0 && !slices.Contains(targets, d.Target) && !slices.Contains(targets, d.Pattern) {
			return true
		}
		at, n := lineAt(file, d.Line())
		if n != d.Twins+1 {
			return true
		}
		if len(taken) == 0 || at < edit.Offset {
			edit.Offset = at
		}
		taken = append(taken, d.Target)
		edit.Added = append(edit.Added, d.Line())
		return false
	})
	if len(taken) == 0 {
		return spool.DenyEdit{}, fmt.Errorf("taking out denials: none of the lines stands in the file as it was added: %w", fs.ErrNotExist)
	}
	after, err := f.Remove(e)
	if err != nil {
		return spool.DenyEdit{}, err
	}
	edit.After = after.Bytes()
	others := func(d proof.Difference) bool { return d.Target == "" }
	if edit.Tested, err = s.prove(after, f, taken, others); err != nil {
		return spool.DenyEdit{}, fmt.Errorf("taking out denials: somebody else would be decided otherwise: %w", err)
	}
	return edit, nil
}

// lineAt finds where line stands in file as a line of its own, and how often.
func lineAt(file []byte, line string) (first int64, n int) {
	for from := 0; ; {
		i := bytes.Index(file[from:], []byte(line))
		if i < 0 {
			return first, n
		}
		i += from
		from = i + 1
		if i == 0 || file[i-1] == '\n' {
			if n++; n == 1 {
				first = int64(i)
			}
		}
	}
}

// Lint reads the deny file for mistakes; see package effect/lint.
func (s *Server) Lint(file []byte, own spool.Own) []spool.LintFinding {
	var all []spool.LintFinding
	for _, f := range lint.Check(effect.Parse(file), ownOf(own)) {
		r := spool.LintFinding{Line: f.Line, Level: string(f.Level), Code: f.Code, Text: f.Text, TextJA: words.Japanese(f.Code), Raw: f.Raw}
		if strings.HasPrefix(f.Text, "the same of ") {
			r.TextJA = "同じ指摘がほかにもある: " + f.Text
		}
		all = append(all, r)
	}
	return all
}

// ownOf turns prefixes into addresses: of a network the first one.
func ownOf(o spool.Own) effect.Own {
	own := effect.Own{Domains: o.Domains}
	for _, p := range o.Addresses {
		own.Addresses = append(own.Addresses, first(p))
	}
	return own
}

func first(p netip.Prefix) netip.Addr { return p.Masked().Addr().Unmap() }

func isDir(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.IsDir()
}
