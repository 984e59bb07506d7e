package account

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hikeshi/runbook"
	"hikeshi/spool/aside/trial"
	"hikeshi/spool/epms"
)

// password is planted in all files; it is found in no outcome, change or error.
const password = "Kaji!secret77"

// keeper keeps backups in memory and gives them back; said is what a change had to say.
type keeper struct {
	kept map[string][]byte
	said []string
}

func newKeeper() *keeper { return &keeper{kept: map[string][]byte{}} }

func (k *keeper) Evidence(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if leaks(string(data)) {
		err = errors.Join(err, fmt.Errorf("evidence %s holds the password", name))
	}
	return err
}
func (k *keeper) Progress(int64, int64) {}
func (k *keeper) Say(text runbook.Text) { k.said = append(k.said, text.EN+" / "+text.JA) }
func (k *keeper) Backup(name string, r io.Reader) error {
	data, err := io.ReadAll(r)
	if _, there := k.kept[name]; !there {
		k.kept[name] = data
	}
	return err
}
func (k *keeper) Kept(name string) ([]byte, error) {
	if data, ok := k.kept[name]; ok {
		return data, nil
	}
	return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
}

// leaks says whether text holds the password, plain or in Base64 at any offset.
func leaks(text string) bool {
	for pad := range 3 {
		b := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", pad) + password + "xx"))
		if strings.Contains(text, b[4:len(b)-6]) {
			return true
		}
	}
	return strings.Contains(text, password)
}

// secretFree fails if any of these, in any form in which they are shown or recorded, hold the password.
func secretFree(t *testing.T, all ...any) {
	t.Helper()
	for _, v := range all {
		b, err := json.Marshal(v)
		if c, ok := v.(runbook.Change); ok {
			b = append(b, c.Data...)
		}
		if err, ok := v.(error); ok {
			b = append(b, err.Error()...)
		}
		if err != nil || leaks(string(b)) || leaks(fmt.Sprintf("%v %+v %#v", v, v, v)) {
			t.Errorf("the password is in %T: %v", v, err)
		}
	}
}

func idxLine(name, domain string) string {
	return base64.StdEncoding.EncodeToString([]byte(strings.Join([]string{name, password, "Full " + name, domain, "", "1"}, "\t"))) + "\n"
}

// place is a server on disk.
type place struct {
	t    testing.TB
	base string // the spool
	rec  *keeper
	env  Env
}

// newPlace is a server with taro and jiro in example.jp, and taro in example.net whose mailboxes lie in a folder of their own. Taro of
// example.jp has an auth file and planted settings.
func newPlace(t testing.TB) *place {
	t.Helper()
	p := &place{t: t, base: filepath.Join(t.TempDir(), "var/spool/epms"), rec: newKeeper()}
	for name, text := range map[string]string{
		"db/example.jp.idx":                         idxLine("hanako", "example.jp") + idxLine("taro", "example.jp") + idxLine("jiro", "example.jp") + idxLine("postmaster", "example.jp") + idxLine("admin", "example.jp"),
		"db/example.net.idx":                        idxLine("taro", "example.net"),
		"reg/epost/ims/Domain/Folder/example.net.2": "example.net",
		"reg/epost/ims/PostMaster.2":                "admin@example.jp",
		"reg/epost/ims/Aliases/1/Alias.2":           "sales@example.jp",
		"reg/epost/ims/Aliases/1/MappedTo.2":        "taro@example.jp",
		"inbox/taro/apop.dat":                       password + "\r\n1\r\nkept",
		"inbox/taro/ims.ctl":                        "[AutoForward]\r\nForwardTo=thief@example.com\r\n[Delivery]\r\nDiscard=Yes\r\n; " + password + "\r\n",
		"inbox/taro/0000000001-100000.MSG":          "mail",
		"inbox/jiro/0000000001-100000.MSG":          "mail",
		"inbox/example.net/taro/apop.dat":           password + "\n",
	} {
		p.put(name, text)
	}
	p.reopen()
	return p
}

// reopen is what another process sees.
func (p *place) reopen() {
	p.t.Helper()
	s, err := epms.New(epms.Config{Root: strings.TrimSuffix(p.base, "/var/spool/epms")})
	trial.Must(p.t, err)
	p.env = Env{Server: s, Protected: []string{"postmaster", "root", "abuse"}, Random: rand.Reader, Clock: func() time.Time { return time.Unix(1_795_230_720, 0) }}
}

func (p *place) put(name, text string) {
	p.t.Helper()
	at := filepath.Join(p.base, name)
	trial.Must(p.t, os.MkdirAll(filepath.Dir(at), 0o750))
	trial.Must(p.t, os.WriteFile(at, []byte(text), 0o640))
	trial.Must(p.t, os.Chmod(at, 0o640))
}

func (p *place) get(name string) string {
	p.t.Helper()
	b, err := os.ReadFile(filepath.Join(p.base, name))
	trial.Must(p.t, err)
	return string(b)
}

func (p *place) tree() map[string]string { p.t.Helper(); return trial.Server{Base: p.base}.Tree(p.t) }

// contents is the tree without times, which a file that was written again has not kept.
func (p *place) contents() map[string]string {
	all := p.tree()
	for k, v := range all {
		f := strings.Fields(v)
		all[k] = strings.Join(f[:min(len(f), 3)], " ")
	}
	return all
}

func (p *place) same(when string, want map[string]string) {
	p.t.Helper()
	if diff := cmp.Diff(want, p.contents()); diff != "" {
		p.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

func (p *place) kind(name string) runbook.Kind {
	p.t.Helper()
	all := Kinds(p.env)
	i := slices.IndexFunc(all, func(k runbook.Kind) bool { return k.Name == name })
	if i < 0 {
		p.t.Fatalf("no kind %s", name)
	}
	return all[i]
}

func (p *place) changer(name string) runbook.Changer {
	p.t.Helper()
	c, ok := p.kind(name).Changer()
	if !ok {
		p.t.Fatalf("%s changes nothing", name)
	}
	return c
}

// plan plans a step, in a place that is the same afterwards.
func (p *place) plan(kind string, with map[string]any) (runbook.Outcome, error) {
	p.t.Helper()
	raw, err := json.Marshal(with)
	trial.Must(p.t, err)
	before := trial.Server{Base: p.base}.Exact(p.t)
	out, err := p.kind(kind).Action.Plan(context.Background(), runbook.Input{Incident: "20261121-0312", Step: "step", With: raw, Rec: p.rec})
	if diff := cmp.Diff(before, trial.Server{Base: p.base}.Exact(p.t)); diff != "" {
		p.t.Errorf("the plan of %s has changed something:\n%s", kind, diff)
	}
	for i := range out.Changes {
		out.Changes[i].ID = fmt.Sprintf("step.%d", i+1)
	}
	if tt, ok := p.t.(*testing.T); ok {
		secretFree(tt, out, err)
		for _, c := range out.Changes {
			secretFree(tt, c)
		}
		for _, f := range out.Findings {
			if f.Text.EN == "" || f.Text.JA == "" {
				p.t.Errorf("%s: a finding lacks a language: %+v", kind, f)
			}
		}
	}
	return out, err
}

func (p *place) planned(kind string, with map[string]any) runbook.Outcome {
	p.t.Helper()
	out, err := p.plan(kind, with)
	trial.Must(p.t, err)
	return out
}

// change plans the one change of a step.
func (p *place) change(kind string, with map[string]any) runbook.Change {
	p.t.Helper()
	out := p.planned(kind, with)
	if len(out.Changes) != 1 {
		p.t.Fatalf("%d changes: %+v", len(out.Changes), out)
	}
	return out.Changes[0]
}

func (p *place) state(c runbook.Change, want ...runbook.State) runbook.State {
	p.t.Helper()
	got, err := p.changer(c.Kind).Verify(context.Background(), c, p.rec)
	if err != nil || !slices.Contains(want, got) {
		p.t.Fatalf("%s is %q (%v), want %q", c.Kind, got, err, want)
	}
	return got
}

func (p *place) apply(c runbook.Change) {
	p.t.Helper()
	trial.Must(p.t, p.changer(c.Kind).Apply(context.Background(), c, p.rec))
	p.state(c, runbook.Done)
}

func (p *place) undo(c runbook.Change) {
	p.t.Helper()
	trial.Must(p.t, p.changer(c.Kind).Undo(context.Background(), c, p.rec))
}

func names(all ...string) map[string]any { return map[string]any{"accounts": all} }

func texts(all []runbook.Finding) string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintln(&b, f.Level, f.Text.EN, "|", f.Evidence)
	}
	return b.String()
}
