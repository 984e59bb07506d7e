// Package snapshot keeps what a restart would wipe: evidence.snapshot.
package snapshot

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/runbook"
)

// Facts are the facts of evidence.snapshot. A figure is 0 when it is not known.
type Facts struct {
	RateKnown        bool     `json:"rate_known" expr:"rate_known"`
	Rate             float64  `json:"rate_per_minute" expr:"rate_per_minute"` // accepted MAIL FROM
	ConnectionsKnown bool     `json:"connections_known" expr:"connections_known"`
	Connections      int      `json:"connections" expr:"connections"` // living, from others to the mail ports
	Outbound         int      `json:"outbound" expr:"outbound"`       // deliveries in flight: connections to port 25 of others
	ClockKnown       bool     `json:"clock_known" expr:"clock_known"`
	Synced           bool     `json:"synced" expr:"synced"`
	Clients          []string `json:"clients" expr:"clients"` // most connections first
	Counters         int      `json:"counters" expr:"counters"`
	Envelopes        int      `json:"envelopes" expr:"envelopes"` // kept as a sample
	NotSeen          []string `json:"not_seen" expr:"not_seen"`   // parts, in English
}

// keyName is the name of the copy that holds the key of the hashes.
const keyName = "account-hash-key"

type action struct{ env }

// env has the parts as its methods.
type env struct{ scene.Env }

// New returns the action of evidence.snapshot.
func New(e scene.Env) runbook.Action { return action{env{e}} }

// seen is what a part of a snapshot saw.
type seen = look.Seen[Facts]

func part(en, ja string, limit time.Duration, do func(context.Context) (seen, error)) look.Part[Facts] {
	return look.Part[Facts]{Name: runbook.T(en, ja), Limit: limit, Look: do}
}

// Plan looks at everything at once. It fails only when the parameters are wrong or ctx has ended. In a plan, before changes that are
// not made yet, it takes one reading of the counter and hashes nothing, since nothing is kept.
func (a action) Plan(ctx context.Context, in runbook.Input) (runbook.Outcome, error) {
	limit, gap, err := scene.Bounds(in)
	if err != nil {
		return runbook.Outcome{}, err
	}
	e := a.env
	var out runbook.Outcome
	var key []byte
	if in.Planned != nil {
		gap = 0
	} else if key, err = hashKey(in.Rec); err != nil {
		out.Findings = append(out.Findings, look.NotSeen(runbook.T("hashes of the account files", "アカウントファイルのハッシュ"), err))
	}
	const quick, slow = 5 * time.Second, 8 * time.Second
	parts := []look.Part[Facts]{
		part("connections", "接続", quick, e.connections),
		part("clock", "時刻", time.Second, e.clock),
		part("rate of accepted mail", "受理の速さ", gap+quick, func(ctx context.Context) (seen, error) { return e.rate(ctx, gap) }),
		part("processes", "プロセス", quick, e.processes),
		part("deny file and lock-out tables", "中継制限ファイルとロックアウト表", quick, e.tables),
		part("failure counters", "認証失敗の記録", slow, func(ctx context.Context) (seen, error) { return e.counters(ctx, key) }),
		part("account files", "アカウントファイル", slow, func(ctx context.Context) (seen, error) { return e.accounts(ctx, key) }),
		part("sample of the queue", "キューの標本", slow, e.envelopes),
	}
	facts := Facts{Clients: []string{}, NotSeen: []string{}}
	results := look.Run(ctx, limit, parts)
	found, err := look.Gather(ctx, in.Rec, results, &facts)
	for _, r := range results {
		if r.Err != nil {
			facts.NotSeen = append(facts.NotSeen, r.Part.Name.EN)
		}
	}
	out.Findings, out.Facts = append(out.Findings, found...), facts
	return out, err
}

// hashKey returns the key of the hashes of this incident, and keeps it when there is none yet. The journal records the SHA-256 of
// every kept file, so that the copy begins with a line of chance.
func hashKey(rec runbook.Recorder) ([]byte, error) {
	kept, err := runbook.Kept(rec, keyName)
	if err == nil {
		_, text, _ := bytes.Cut(kept, []byte("\n"))
		key, err := hex.DecodeString(string(bytes.TrimSpace(text)))
		if err != nil || len(key) < 32 {
			return nil, errors.New("the kept key makes no sense")
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	both := make([]byte, 64)
	rand.Read(both) // never fails
	text := fmt.Sprintf("%x\n%x\n", both[:32], both[32:])
	if err := rec.Backup(keyName, bytes.NewReader([]byte(text))); err != nil {
		return nil, fmt.Errorf("keeping the key: %w", err)
	}
	return both[32:], nil
}
