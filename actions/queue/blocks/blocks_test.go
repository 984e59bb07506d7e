package blocks_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"hikeshi/actions/queue/blocks"
	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
)

// A mail is what is put into the queue; size is that of its text in bytes.
type mail struct {
	sender, client, helo string
	size                 int
	subject              string
}

func filled(t *testing.T, all []mail) trial.Server {
	t.Helper()
	s := trial.New(t)
	for i, m := range all {
		id := fmt.Sprintf("incoming/B%010d", i+1)
		s.Put(t, id+".MSG", fmt.Sprintf("Received: from %s (unverified [%s]) by mail.example.jp;\r\nFrom: <x@example.net>\r\nSubject: %s\r\n\r\n%s", m.helo, m.client, m.subject, strings.Repeat("x", m.size)))
		s.Put(t, id+".RCP", trial.Envelope(m.sender, "v@example.com", "w@example.com"))
	}
	return s
}

// flood is a botnet on taro's account, a printer of the office and a stranger.
func flood() []mail {
	var all []mail
	for i := range 200 {
		all = append(all, mail{"taro@example.jp", fmt.Sprintf("203.0.113.%d", i%5+1), "localhost", 3000 + i%50, fmt.Sprintf("Invoice %d", i)})
	}
	for i := range 20 {
		all = append(all, mail{"scan@example.jp", "192.0.2.7", "printer", 1000 * (i + 1), "Scan"})
	}
	return append(all, mail{"", "198.51.100.1", "mx.example.net", 700, "Undelivered"})
}

// knows says that the first n messages were handed in with taro's login, and the others without one.
func knows(n int) func(context.Context, blocks.Question) (blocks.Answer, error) {
	return func(_ context.Context, q blocks.Question) (blocks.Answer, error) {
		a := blocks.Answer{Owners: map[string]blocks.Owner{}, Read: true, Logins: true}
		for i, id := range q.IDs {
			o := blocks.Owner{Told: true, Client: netip.MustParseAddr("198.51.100.99"), HELO: "of-the-log"}
			if i < n {
				o.Login = "taro@example.jp"
			}
			a.Owners[id] = o
		}
		return a, nil
	}
}

func text(t *testing.T, f blocks.Facts) string {
	t.Helper()
	var b strings.Builder
	for _, x := range blocks.Findings(f) {
		if x.Text.EN == "" || x.Text.JA == "" || strings.Contains(x.Text.EN+x.Text.JA, "%!") {
			t.Errorf("%+v", x)
		}
		fmt.Fprintf(&b, "%s: %s\n%s\n", x.Level, x.Text.EN, x.Text.JA)
	}
	return b.String()
}

func TestBlocks(t *testing.T) {
	s := filled(t, flood())
	before := s.Tree(t)
	f, err := blocks.Look(context.Background(), blocks.Env{Server: s, Whose: knows(200)}, blocks.Options{})
	if err != nil || f.Messages != 221 || f.Sampled != 221 || f.Found != 221 || !f.Logs || !f.Told || f.Read || len(f.Subjects) > 0 || len(f.Blocks) != 3 {
		t.Fatalf("%+v, %v", f, err)
	}
	b := f.Blocks[0]
	if b.Messages != 200 || b.Recipients != 400 || b.Sender != "taro@example.jp" || b.Senders != 1 || b.Login != "taro@example.jp" || b.State != blocks.ByLogin ||
		b.HELO != "localhost" || b.Addresses != 5 || len(b.Networks) != 1 || b.Networks[0] != "203.0.113.0/24" || b.SizeTo > b.SizeFrom*104/100 {
		t.Errorf("%+v", b)
	}
	if b := f.Blocks[1]; b.Messages != 20 || b.State != blocks.Without || b.Login != "" || b.SizeTo < 20_000 {
		t.Errorf("a printer is one block whatever it scans: %+v", b)
	}
	if fmt.Sprint(f.Logins) != "[taro@example.jp]" {
		t.Errorf("%q", f.Logins)
	}
	got := text(t, f)
	for _, want := range []string{
		"info: 200 of 221: sender taro@example.jp, login taro@example.jp, 5 addresses in 203.0.113.0/24, HELO localhost, 3.1 kB",
		"221 通中 200 通: 差出人 taro@example.jp、ログイン taro@example.jp、アドレス 5 個 (203.0.113.0/24)、HELO localhost、3.1 kB",
		"20 of 221: sender scan@example.jp, login none, 1 address in 192.0.2.0/24", "1 of 221: sender <>, login none",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "Invoice") || strings.Contains(got, "personal data") {
		t.Errorf("a subject was read:\n%s", got)
	}
	if fmt.Sprint(before) != fmt.Sprint(s.Tree(t)) {
		t.Error("looking changed something")
	}
}

func TestWithoutLogs(t *testing.T) {
	s := filled(t, flood())
	whose := map[string]func(context.Context, blocks.Question) (blocks.Answer, error){
		"login unknown: no log of this time can be read": nil,
		"login unknown: no log of logins covers this time": func(context.Context, blocks.Question) (blocks.Answer, error) {
			return blocks.Answer{Read: true}, nil
		},
		"221 of 221 messages stand in no log of this time": func(context.Context, blocks.Question) (blocks.Answer, error) {
			return blocks.Answer{Read: true, Logins: true}, nil
		},
	}
	for want, w := range whose {
		f, err := blocks.Look(context.Background(), blocks.Env{Server: s, Whose: w}, blocks.Options{})
		if err != nil || len(f.Blocks) != 3 || f.Blocks[0].State != blocks.Unknown || f.Blocks[0].Messages != 200 || len(f.Logins) != 0 {
			t.Errorf("%+v, %v", f, err)
		}
		if got := text(t, f); !strings.Contains(got, "warn: "+want) || !strings.Contains(got, "ログイン 不明") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	broken := errors.New("broken")
	if _, err := blocks.Look(context.Background(), blocks.Env{Server: s, Whose: func(context.Context, blocks.Question) (blocks.Answer, error) {
		return blocks.Answer{}, broken
	}}, blocks.Options{}); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestForgedSenders: senders that are made up do not make as many blocks, neither of a login nor of a network.
func TestForgedSenders(t *testing.T) {
	var all []mail
	for i := range 100 {
		all = append(all, mail{fmt.Sprintf("offer%d@example.net", i), fmt.Sprintf("203.0.%d.9", i), fmt.Sprintf("h%d", i), 500 + 100*i, ""})
	}
	s := filled(t, all)
	f, err := blocks.Look(context.Background(), blocks.Env{Server: s, Whose: knows(100)}, blocks.Options{})
	if err != nil || len(f.Blocks) != 1 || f.Blocks[0].Messages != 100 || f.Blocks[0].Senders != 100 || f.Blocks[0].Addresses != 100 || f.Blocks[0].HELOs != 100 {
		t.Fatalf("%+v, %v", f.Blocks, err)
	}
	if got := text(t, f); !strings.Contains(got, "and 99 others, login taro@example.jp, 100 addresses") || !strings.Contains(got, "0.6 kB - 10.5 kB") && !strings.Contains(got, " B - ") {
		t.Error(got)
	}
	for i := range all {
		all[i].client = "203.0.113.9"
	}
	f, err = blocks.Look(context.Background(), blocks.Env{Server: filled(t, all)}, blocks.Options{})
	if err != nil || len(f.Blocks) != 1 || f.Blocks[0].Senders != 100 || f.Blocks[0].Addresses != 1 {
		t.Errorf("%+v, %v", f.Blocks, err)
	}
}

func TestHeaders(t *testing.T) {
	all := flood()
	all[0].subject = "Invoice\x1b[31m 0"
	f, err := blocks.Look(context.Background(), blocks.Env{Server: filled(t, all)}, blocks.Options{Headers: true, Top: 2})
	if err != nil || !f.Read || len(f.Subjects) != 2 || f.Subjects[0].Messages != 199 || f.Subjects[1].Messages != 20 || f.Subjects[0].From != "<x@example.net>" || len(f.Subjects[0].Hash) != 12 {
		t.Fatalf("%+v, %v", f.Subjects, err)
	}
	if f.Rest != 1 || len(f.Blocks) != 2 {
		t.Errorf("%d left out, %d blocks", f.Rest, len(f.Blocks))
	}
	got := text(t, f)
	if !strings.Contains(got, "warn: personal data") || !strings.Contains(got, "件名が同じもの 199 通: Invoice 1") || strings.Contains(got, "\x1b") {
		t.Errorf("%q", got)
	}
}

func TestKind(t *testing.T) {
	k := blocks.Kind(blocks.Env{Server: filled(t, flood()), Whose: knows(200)})
	plan := func(with string) (runbook.Outcome, error) {
		return k.Action.Plan(context.Background(), runbook.Input{Step: "blocks", With: json.RawMessage(with)})
	}
	out, err := plan(`{"sample":50}`)
	if err != nil {
		t.Fatal(err)
	}
	f := out.Facts.(blocks.Facts)
	if f.Sampled != 50 || f.Messages != 221 || !strings.Contains(text(t, f), "50 of 221 messages") {
		t.Errorf("%+v", f)
	}
	raw, err := json.Marshal(f)
	var back blocks.Facts
	if err != nil || json.Unmarshal(raw, &back) != nil || !reflect.DeepEqual(back, f) {
		t.Errorf("the facts do not survive a journal: %s", raw)
	}
	for _, with := range []string{`{"sample":-1}`, `{"top":-1}`, `{"unknown":1}`, `{"headers":"yes"}`} {
		if _, err := plan(with); err == nil {
			t.Errorf("%s was taken", with)
		}
	}
	empty, err := blocks.Look(context.Background(), blocks.Env{Server: trial.New(t), Whose: knows(0)}, blocks.Options{})
	if err != nil || !strings.Contains(text(t, empty), "ok: the queue is empty") {
		t.Errorf("%+v, %v", empty, err)
	}
	s := trial.New(t)
	trial.Must(t, os.RemoveAll(filepath.Join(s.Base, "lists")))
	trial.Must(t, os.Symlink("incoming", filepath.Join(s.Base, "lists")))
	if _, err := blocks.Look(context.Background(), blocks.Env{Server: s}, blocks.Options{}); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("%v", err)
	}
}
