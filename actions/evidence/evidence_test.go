package evidence_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/evidence"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/epms"
	"hikeshi/spool/epms/accept"
	"hikeshi/spool/epms/outlog"
	"hikeshi/spool/epms/traces"
	"hikeshi/spool/machine"
)

const incident = "20261121-0312"

// password stands in every file that holds secrets.
const password = "hunter2-Geheim"

// A keeper keeps everything in memory.
type keeper struct {
	evidence, backups map[string][]byte
	said              []runbook.Text
	progress          int64
}

func newKeeper() *keeper { return &keeper{evidence: map[string][]byte{}, backups: map[string][]byte{}} }

func (k *keeper) Evidence(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	k.evidence[name] = b
	return err
}

func (k *keeper) Backup(name string, r io.Reader) error {
	b, err := io.ReadAll(r)
	if _, there := k.backups[name]; !there {
		k.backups[name] = b
	}
	return err
}

func (k *keeper) Kept(name string) ([]byte, error) {
	if b, there := k.backups[name]; there {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

func (k *keeper) Progress(done, _ int64) { k.progress = done }
func (k *keeper) Say(t runbook.Text)     { k.said = append(k.said, t) }

// A lab is a server in a folder.
type lab struct {
	t    *testing.T
	root string
	env  evidence.Env
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (l *lab) put(name, text string) {
	l.t.Helper()
	path := filepath.Join(l.root, name)
	must(l.t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(l.t, os.WriteFile(path, []byte(text), 0o644))
}

const (
	spoolDir = "var/spool/epms/"
	settings = spoolDir + "reg/epost/ims/"
	program  = "usr/local/mta/bin/"
)

// message puts a message into the queue.
func (l *lab) message(n int, client, sender string, to ...string) {
	l.t.Helper()
	base := fmt.Sprintf("%sincoming/B%010d", spoolDir, n)
	l.put(base+".RCP", "Return-path: <"+sender+">\nRecipient: <"+strings.Join(to, ">\nRecipient: <")+">\n")
	l.put(base+".MSG", "Received: from pc (unverified ["+client+"]) by mail.example.jp\n\t(E-POST ESMTP Receiver 5) with ESMTP id <B1@x>;\n\tdate\nSubject: "+password+"\n\n"+password+"\n")
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, root: t.TempDir()}
	record := base64.StdEncoding.EncodeToString([]byte("taro\t" + password + "\tTaro\texample.jp\tHome"))
	for name, text := range map[string]string{
		program + "effect.dat": "#<> default\n#blank false\n", program + "rejectsmtpip.dat": "203.0.113.200\t\n",
		spoolDir + "db/example.jp.idx": record + "\n", spoolDir + "inbox/taro/apop.dat": password + "\n", spoolDir + "inbox/hanako/apop.dat": password + "\n",
		spoolDir + "inbox/postmaster/B0000000001.MSG": password, spoolDir + "authlock/203.0.113.9.smtp": "4\n", spoolDir + "inbox/taro/203.0.113.8.smtp": "2\n",
		spoolDir + "receivelog/261121.log": "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00taro\x00"+password)) + "\n",
		settings + "DomainNamesAreLocal.0": "example.jp\x00\x00", settings + "LastMsgId.1": "1000", settings + "PostMaster.2": "postmaster@example.jp\n",
		settings + "EPST5RS/Parameters/Secret.2": password + "\n",
	} {
		l.put(name, text)
	}
	for _, dir := range []string{"incoming", "lists", "holding", "domains"} {
		must(t, os.MkdirAll(filepath.Join(l.root, spoolDir, dir), 0o755))
	}
	l.open()
	return l
}

// open makes the Env, as the program does, but with a machine that is made up.
func (l *lab) open() {
	l.t.Helper()
	s, err := epms.New(epms.Config{Root: l.root})
	must(l.t, err)
	own := s.Own()
	own.Addresses = append(own.Addresses, netip.MustParsePrefix("192.0.2.25/32"))
	l.env = evidence.Env{
		Server: s, Own: own, Traces: traces.Of(s), Oldest: 2 * time.Hour,
		Clock:       func() time.Time { return time.Now() },
		Connections: func() ([]machine.Connection, error) { return nil, nil },
		Running:     func(_ context.Context, all []spool.Service) ([]string, error) { return []string{all[0].Unit}, nil },
		Interfaces:  func() ([]machine.Interface, error) { return nil, nil },
		Load:        func() (machine.Load, error) { return machine.Load{One: 0.5, CPUs: 2}, nil },
		Space:       func(string) (machine.Space, error) { return machine.Space{Bytes: 5e9, Free: 50, Inodes: 60}, nil },
		ClockState:  func() (machine.Clock, error) { return machine.Clock{Synced: true, MaxError: time.Millisecond}, nil },
		Processes: func(name string) ([]spool.Process, error) {
			if name == "epstrd" {
				return []spool.Process{{PID: 812, Name: name}}, nil
			}
			return nil, nil
		},
		Process: func(pid int) (machine.Process, error) {
			return machine.Process{PID: pid, User: "www-data", Program: "/usr/local/mta/bin/epstrd", Started: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}, nil
		},
		Account: func(address string) (bool, bool, error) {
			return slices.Contains([]string{"taro@example.jp", "hanako@example.jp"}, address), true, nil
		},
		Rule: func() (spool.LoginRule, error) { return traces.Rule(s) },
		Logins: func(ctx context.Context) (spool.Logins, error) {
			log := traces.Log(s, "acceptlog")
			if log.Err != nil || !log.On {
				return spool.Logins{}, log.Err
			}
			return accept.Tail(ctx, log.Dir, time.UTC)
		},
		Sent: func(ctx context.Context) (func(context.Context) (int, error), error) {
			log := traces.Log(s, "outlog")
			if log.Err != nil || !log.On {
				return nil, log.Err
			}
			m, err := outlog.Start(ctx, log.Dir, own.Domains)
			if err != nil {
				return nil, err
			}
			return func(ctx context.Context) (int, error) { n, _, err := m.Count(ctx); return n, err }, nil
		},
	}
}

// plan runs a kind and checks what holds for every finding: two languages, nothing secret, nothing that a terminal obeys.
func (l *lab) plan(kind, with string, rec runbook.Recorder, planned []runbook.Change) (runbook.Outcome, string) {
	l.t.Helper()
	for _, k := range evidence.Kinds(l.env) {
		if k.Name != kind {
			continue
		}
		out, err := k.Action.Plan(context.Background(), runbook.Input{Incident: incident, Step: "look", With: json.RawMessage(with), Rec: rec, Planned: planned})
		must(l.t, err)
		if len(out.Changes) > 0 {
			l.t.Errorf("%s changes something", kind)
		}
		return out, l.text(out)
	}
	l.t.Fatalf("there is no kind %s", kind)
	return runbook.Outcome{}, ""
}

func (l *lab) text(out runbook.Outcome) string {
	var b strings.Builder
	for _, f := range out.Findings {
		fmt.Fprintf(&b, "%s: %s\n", f.Level, f.Text.EN)
		if f.Text.EN == "" || f.Text.JA == "" || strings.Contains(f.Text.EN+f.Text.JA, "%!") {
			l.t.Errorf("%+v", f)
		}
	}
	facts, err := json.Marshal(out.Facts)
	must(l.t, err)
	if bytes.Contains(facts, []byte("null")) {
		l.t.Errorf("a fact is null: %s", facts)
	}
	return b.String()
}

// noSecret fails when the password, plain or in Base64, is in anything but a backup.
func (l *lab) noSecret(k *keeper, text string) {
	l.t.Helper()
	all := text
	for name, data := range k.evidence {
		all += name + "\n" + string(data)
	}
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte(password))[:12], "AHRhcm8A", "dGFybwl"} {
		if strings.Contains(all, secret) {
			l.t.Errorf("%q is shown in\n%s", secret, all)
		}
	}
	if strings.ContainsAny(all, "\x1b\x00") {
		l.t.Errorf("control characters in %q", all)
	}
}

// tree is everything in the lab, to see that nothing was changed.
func (l *lab) tree() string {
	var b strings.Builder
	must(l.t, filepath.WalkDir(l.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return err
		}
		text := ""
		if fi.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			text = string(data)
		}
		fmt.Fprintf(&b, "%s %s %s %q\n", path, fi.Mode(), fi.ModTime(), text)
		return nil
	}))
	return b.String()
}

// wants fails unless every part is in text.
func wants(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in\n%s", p, text)
		}
	}
}

func TestParameters(t *testing.T) {
	l := newLab(t)
	for _, k := range evidence.Kinds(l.env) {
		if k.MaxRisk != "" || k.Short.JA == "" || k.Facts == nil {
			t.Errorf("%+v", k)
		}
		for _, with := range []string{`{"limit":"soon"}`, `{"limit":"-1s"}`, `{"gap":"0s"}`, `{"for":"x"}`, `{"sample":-1}`, `{"sample":1000000}`, `{"unknown":1}`} {
			name, _, _ := strings.Cut(with[2:], `"`)
			known := slices.ContainsFunc(k.Params, func(p runbook.Param) bool { return p.Name == name })
			_, err := k.Action.Plan(context.Background(), runbook.Input{With: json.RawMessage(with), Rec: newKeeper(), Planned: []runbook.Change{}})
			if (known || name == "unknown") && err == nil {
				t.Errorf("%s takes %s", k.Name, with)
			}
		}
		ctx, stop := context.WithCancel(context.Background())
		stop()
		if _, err := k.Action.Plan(ctx, runbook.Input{Rec: newKeeper()}); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after its end: %v", k.Name, err)
		}
	}
	if len(evidence.Kinds(evidence.Env{})) != 5 {
		t.Error("the kinds depend on the server")
	}
}

// With nothing that can be looked at, every kind says so, and none fails.
func TestNobodyCanTell(t *testing.T) {
	l := newLab(t)
	l.env = evidence.Env{Server: bare{l.root}}
	for kind, with := range map[string]string{"evidence.snapshot": `{"gap":"1ms"}`, "evidence.cause": "", "evidence.watch": `{"for":"20ms"}`, "evidence.symptoms": `{"gap":"1ms"}`} {
		_, text := l.plan(kind, with, newKeeper(), nil)
		if !strings.Contains(text, "not seen: ") && !strings.Contains(text, "to ask: ") {
			t.Errorf("%s: %s", kind, text)
		}
	}
}

// bare is a server without abilities.
type bare struct{ root string }

func (bare) Name() string              { return "bare" }
func (b bare) Root() string            { return b.root }
func (bare) Folders() []spool.Folder   { return nil }
func (bare) Services() []spool.Service { return nil }
