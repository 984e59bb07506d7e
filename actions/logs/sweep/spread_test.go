package sweep_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/sweep"
	postfix "hikeshi/spool/postfix/logs"
	"hikeshi/spool/postfix/logs/made"
)

// A message that is spread over several lines counts once, and by its login, wherever the slices are cut.
func TestSpread(t *testing.T) {
	root, until := t.TempDir(), time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)
	path := filepath.Join(root, "var/log/mail.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	truth, err := made.Write(f, 5, made.Options{Size: 3 << 20, Until: until, Days: 2, Spam: 500, Filter: true})
	if err != nil || f.Close() != nil || os.Chtimes(path, until, until) != nil {
		t.Fatal(err)
	}
	logs := postfix.New(postfix.Config{Root: root, Zone: time.UTC})
	all, err := logs.Logs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, slice := range []int64{8 << 20, 256 << 10, 32 << 10} {
		o := sweep.Options{Logs: all, Parser: logs.Parser, From: until.Unix() - 3*86400, Until: until.Unix() + 3600, Own: map[string]bool{"example.jp": true}}
		received, senders := int64(0), map[string]int64{}
		b := ledger.New(ledger.Options{History: o.From, Since: until.Unix() - 3*3600, Until: o.Until, Step: 60, Logins: true, Accepts: true,
			Settled: func(m *join.Message, _ string) {
				received++
				senders[m.Sender]++
			}})
		if _, err := sweep.Run(context.Background(), o.Sliced(slice), b.Take); err != nil {
			t.Fatal(err)
		}
		b.Close()
		if received != truth.Received || !maps.Equal(senders, truth.Senders) {
			t.Errorf("slices of %d: %d messages of %d senders, want %d of %d", slice, received, len(senders), truth.Received, len(truth.Senders))
		}
		a := b.Accounts[made.Stolen]
		if a == nil || a.Messages != truth.Spam || len(a.Peers()) != len(truth.Thieves) || b.Unjoined.N != 0 {
			t.Errorf("slices of %d: %+v", slice, a)
		}
	}
}
