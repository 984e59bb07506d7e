package snapshot

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"hikeshi/actions/evidence/envelope"
	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/actions/evidence/trace"
	"hikeshi/runbook"
	"hikeshi/spool"
)

const (
	kept      = 50      // messages of the sample
	maxTable  = 8 << 20 // bytes of a control file
	hashedWay = "HMAC-SHA256 with a key that only the incident's backup holds"
)

// tables hashes the deny file, which holds no secret, and copies the lock-out tables.
func (e env) tables(ctx context.Context) (s seen, err error) {
	var errs []error
	if d, ok := e.Server.(spool.Denier); ok {
		data, at, err := trace.ReadFile(d.DenyFile(), maxTable)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			s.Find(runbook.Info, d.DenyFile(), runbook.T("there is no deny file", "中継制限ファイルはない"))
		case err != nil:
			errs = append(errs, err)
		default:
			sum := sha256.Sum256(data)
			s.Find(runbook.Info, d.DenyFile(), runbook.Tf("the deny file: %d bytes, changed %s, SHA-256 %x", "中継制限ファイル: %d バイト、変更 %s、SHA-256 %x", len(data), at.Format(time.RFC3339), sum))
			s.Files = append(s.Files, look.File{Name: "deny-file-hash.txt", Data: fmt.Appendf(nil, "%x  %s\n", sum, d.DenyFile())})
		}
	}
	copied := 0
	for _, path := range e.Traces.Tables {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		data, _, err := trace.ReadFile(path, maxTable)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			errs = append(errs, err)
		default:
			copied++
			s.Files = append(s.Files, look.File{Name: filepath.Base(path), Data: data})
			s.Find(runbook.Info, path, runbook.Tf("%s was copied: %d bytes", "%s を写した: %d バイト", filepath.Base(path), len(data)))
		}
	}
	if copied == 0 && len(errs) == 0 && len(e.Traces.Tables) > 0 {
		s.Find(runbook.Info, filepath.Dir(e.Traces.Tables[0]), runbook.T("there are no lock-out tables", "ロックアウト表はない"))
	}
	return s, errors.Join(errs...)
}

// counters lists who has failed how often, which a success or a lock deletes, and hashes the auth files on the way.
func (e env) counters(ctx context.Context, key []byte) (s seen, err error) {
	l := trace.Look{Traces: e.Traces, Key: key}
	h := l.Counters(ctx)
	var b bytes.Buffer
	b.WriteString("# counter file, peer, failures, last one\n")
	for _, c := range h.Counters {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\n", look.Safe(c.Path), look.Safe(c.Peer), look.Safe(c.Count), c.Time.Format(time.RFC3339))
	}
	s.Files = append(s.Files, look.File{Name: "failure-counters.txt", Data: b.Bytes()})
	s.Find(runbook.Info, "", runbook.Tf("%s failure counters kept, %s mailbox folders looked at", "認証失敗の記録 %s 件を保全(メールボックス %s 個を確認)", look.Grouped(len(h.Counters)), look.Grouped(h.Folders)))
	hashes(&s, "auth-file-hashes.txt", runbook.T("auth files", "認証ファイル"), h)
	s.Facts = func(f *Facts) { f.Counters = len(h.Counters) }
	return s, whole(h)
}

// accounts hashes the account files.
func (e env) accounts(ctx context.Context, key []byte) (s seen, err error) {
	l := trace.Look{Traces: e.Traces, Key: key}
	h := l.Accounts(ctx)
	hashes(&s, "account-file-hashes.txt", runbook.T("account files", "アカウントファイル"), h)
	return s, whole(h)
}

// hashes tells that files were hashed, and how.
func hashes(s *seen, name string, what runbook.Text, h trace.Haul) {
	if len(h.Digests) == 0 {
		return
	}
	var b bytes.Buffer
	b.WriteString("# " + hashedWay + "; size, changed, file\n")
	broken := 0
	for _, d := range h.Digests {
		hash := d.Hash
		if d.Broken != "" {
			hash = "not read: " + look.Safe(d.Broken)
			broken++
		}
		fmt.Fprintf(&b, "%s\t%d\t%s\t%s\n", hash, d.Size, d.Time.Format(time.RFC3339), look.Safe(d.Path))
	}
	s.Files = append(s.Files, look.File{Name: name, Data: b.Bytes()})
	s.Find(runbook.Info, "", runbook.T(
		fmt.Sprintf("%s hashed: %s (%d not readable); with a key that is kept in the backup of this incident alone, since a plain hash of a password file can be cracked", what.EN, look.Grouped(len(h.Digests)), broken),
		fmt.Sprintf("%sのハッシュ %s 件を保全(読めないもの %d 件)。パスワードを含むファイルの素のハッシュは解読されうるため、鍵付き。鍵は事案のバックアップだけにある", what.In("ja"), look.Grouped(len(h.Digests)), broken)))
}

// whole says what a haul lacks.
func whole(h trace.Haul) error {
	switch {
	case h.Why != "":
		return errors.New(h.Why)
	case h.Cut:
		return look.Why("not all: the time or the number of files was up", "時間か件数の上限に達し、すべては見ていない")
	}
	return nil
}

// envelopes keeps a sample of the queue: envelopes and the topmost Received line of each.
func (e env) envelopes(ctx context.Context) (s seen, err error) {
	queue, ok := e.Server.(spool.Queue)
	if !ok {
		return s, scene.ErrNobody
	}
	drawn, err := envelope.Draw(ctx, envelope.Drawing{Queue: queue, Folders: e.Set(), Own: e.Own, Size: kept})
	s.Files = []look.File{{Name: "envelopes.txt", Data: drawn.Lines()}}
	s.Find(runbook.Info, "", runbook.Tf("%d of %s envelopes kept, with the topmost Received line and nothing else of the messages", "封筒 %[2]s 通のうち %[1]d 通を、先頭の Received 行とともに保全(本文は残さない)", len(drawn.Messages), look.Grouped(int(drawn.Envelopes))))
	s.Facts = func(f *Facts) { f.Envelopes = len(drawn.Messages) }
	if err == nil && drawn.Cut {
		err = look.Why("not all: the time was up", "時間切れで、すべては見ていない")
	}
	return s, err
}
