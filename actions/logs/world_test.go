package logs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/runbook"
	"hikeshi/spool"
	epms "hikeshi/spool/epms/logs"
	"hikeshi/spool/lab/history"
)

// server has the logs below dir and nothing else.
type server struct {
	spool.Server
	dir string
}

func (s server) Logs(context.Context) ([]spool.Log, error) {
	var all []spool.Log
	for _, k := range epms.Kinds() {
		l := spool.Log{Name: k.Name, Dir: filepath.Join(s.dir, k.Name), State: spool.LogOff, HowToEN: k.HowTo().EN, HowToJA: k.HowTo().JA, Says: k.Says, Sessions: k.Sessions}
		paths, err := filepath.Glob(filepath.Join(l.Dir, "*.log*"))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			fi, err := os.Stat(path)
			if err != nil {
				return nil, err
			}
			l.State = spool.LogOn
			f := spool.LogFile{Path: path, Size: fi.Size(), Modified: fi.ModTime(), Compressed: strings.TrimPrefix(filepath.Ext(path), ".")}
			if f.Compressed == "log" {
				f.Compressed = ""
			}
			if day, err := time.Parse("060102", filepath.Base(path)[:6]); err == nil {
				f.From, f.To = day.Unix(), day.Unix()+86400
			}
			l.Files = append(l.Files, f)
		}
		all = append(all, l)
	}
	return all, nil
}

func (server) Parser(log string, f spool.LogFile) spool.LogParser { return epms.Parser(log, f) }
func (server) Unseen() []spool.Unseen                             { return epms.Unseen() }

type keeper struct {
	runbook.Recorder
	done, total int64
	kept        strings.Builder
}

func (k *keeper) Evidence(name string, r io.Reader) error {
	_, err := io.Copy(&k.kept, io.MultiReader(strings.NewReader(name+"\n"), r))
	return err
}

func (k *keeper) Progress(done, total int64) { k.done, k.total = done, total }

// plan runs one kind on a spool folder and checks what holds for all of them.
func plan(t *testing.T, dir, kind, with string) (runbook.Outcome, string) {
	t.Helper()
	return planned(t, logs.Env{Server: server{dir: dir}, Own: spool.Own{Domains: []string{"Example.jp"}}, Zone: time.FixedZone("JST", 9*3600)}, kind, with)
}

func planned(t *testing.T, env logs.Env, kind, with string) (runbook.Outcome, string) {
	t.Helper()
	for _, k := range logs.Kinds(env) {
		if k.Name != kind {
			continue
		}
		rec := &keeper{}
		out, err := k.Action.Plan(context.Background(), runbook.Input{Step: "x", With: json.RawMessage(with), Rec: rec})
		if err != nil {
			t.Fatal(err)
		}
		if rec.total != rec.done {
			t.Errorf("progress stopped at %d of %d", rec.done, rec.total)
		}
		raw, err := json.Marshal(out.Facts)
		if err != nil {
			t.Fatal(err)
		}
		back := reflect.New(reflect.TypeOf(k.Facts))
		if err := json.Unmarshal(raw, back.Interface()); err != nil || !reflect.DeepEqual(back.Elem().Interface(), out.Facts) {
			t.Errorf("the facts of %s do not survive a journal: %v", kind, err)
		}
		return out, text(t, out) + string(raw) + rec.kept.String()
	}
	t.Fatalf("no kind %s", kind)
	return runbook.Outcome{}, ""
}

// text is what a responder reads, in both languages.
func text(t *testing.T, out runbook.Outcome) string {
	t.Helper()
	var b strings.Builder
	for _, f := range out.Findings {
		if f.Text.EN == "" || strings.Contains(f.Text.EN+f.Text.JA, "%!") || f.Text.JA == "" && f.Text.EN[0] != '|' {
			t.Errorf("finding %+v", f)
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n%s\n", f.Level, f.Text.EN, f.Evidence, f.Text.JA)
	}
	return b.String()
}

func wants(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%q is missing in\n%s", w, text[:min(len(text), 4000)])
		}
	}
}

func write(t *testing.T, seed uint64, o history.Options) (*history.World, string) {
	t.Helper()
	w, dir := history.Make(seed, o), t.TempDir()
	if err := w.Write(dir); err != nil {
		t.Fatal(err)
	}
	return w, dir
}
