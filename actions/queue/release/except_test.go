package release

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hikeshi/actions/queue/setaside"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside/pick"
	"hikeshi/spool/aside/trial"
)

// night is the moment of these tests.
var night = time.Date(2026, 11, 21, 4, 0, 0, 0, time.Local)

// A mail is one pair of files in incoming; an empty client is a body without one.
type mail struct {
	stem, sender string
	to           []string
	client       string
	age          time.Duration
}

func (m mail) put(t testing.TB, s trial.Server) {
	body := "Subject: no client\n\n"
	if m.client != "" {
		body = trial.Body(m.client, m.stem)
	}
	s.Put(t, "incoming/"+m.stem+".MSG", body)
	s.Put(t, "incoming/"+m.stem+".RCP", trial.Envelope(m.sender, m.to...))
	at := night.Add(-m.age)
	for _, ext := range []string{".MSG", ".RCP"} {
		trial.Must(t, os.Chtimes(filepath.Join(s.Base, "incoming", m.stem+ext), at, at))
	}
}

// held is a server of which these mails are set aside.
func held(t testing.TB, mails ...mail) (trial.Server, Release) {
	t.Helper()
	s := trial.New(t)
	for _, m := range mails {
		m.put(t, s)
	}
	env := setaside.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp", "example.net"}}, Clock: func() time.Time { return night }}
	setAside(t, env)
	return s, Release{env}
}

func setAside(t testing.TB, env setaside.Env) {
	t.Helper()
	q := setaside.Kind(env).Action.(runbook.Changer)
	out, err := q.Plan(context.Background(), input(t, map[string]any{"strategy": "rename"}))
	trial.Must(t, err)
	trial.Must(t, q.Apply(context.Background(), out.Changes[0], kept{}))
}

// goes plans, applies, and returns the stems of what went back, and the English findings.
func goes(t testing.TB, s trial.Server, r Release, with map[string]any) (stems []string, findings string) {
	t.Helper()
	out := planned(t, r, with)
	for _, f := range out.Findings {
		findings += fmt.Sprintf("%s: %s %s\n", f.Level, f.Text.EN, f.Evidence)
		if f.Text.JA == "" {
			t.Errorf("only in English: %s", f.Text.EN)
		}
	}
	for _, c := range out.Changes {
		trial.Must(t, r.Apply(context.Background(), c, kept{}))
	}
	for _, name := range live(t, s) {
		if stem, ok := strings.CutSuffix(name, ".RCP"); ok {
			stems = append(stems, strings.TrimPrefix(stem, "incoming/"))
		}
	}
	return stems, findings
}

const (
	bad  = "203.0.113.9"
	good = "198.51.100.7"
)

func TestClean(t *testing.T) {
	hour := time.Hour
	out, in := []string{"a@example.com"}, []string{"b@example.jp"}
	suspects := map[string]any{"clean": true, "except_senders": []string{"taro"}, "except_clients": []string{"203.0.113.0/24"}}
	tests := map[string]struct {
		mails []mail
		with  map[string]any
		want  []string
		text  string // part of the findings
	}{
		"a good one, one of a sender, one of a client": {
			[]mail{{"B0000000001", "hanako@example.jp", out, good, hour}, {"B0000000002", `"TARO"@Example.Net`, out, good, hour}, {"B0000000003", "jiro@example.jp", out, bad, hour}},
			suspects, []string{"B0000000001"}, "kept back, 1 message: excluded by sender \"B0000000002\"\ninfo: kept back, 1 message: excluded by client \"B0000000003\""},
		"no suspect named":   {[]mail{{"B0000000001", "taro@example.jp", out, bad, hour}}, map[string]any{"clean": true}, []string{"B0000000001"}, "warn: no suspect is named"},
		"no readable client": {[]mail{{"B0000000001", "hanako@example.jp", out, "", hour}}, suspects, nil, "warn: kept back, 1 message: what must be known of them cannot be read"},
		"no readable client, and no client asked for": {[]mail{{"B0000000001", "hanako@example.jp", out, "", hour}},
			map[string]any{"clean": true, "except_senders": []string{"taro"}}, []string{"B0000000001"}, ""},
		"null sender":                     {[]mail{{"B0000000001", "", out, good, hour}, {"B0000000002", "<>", out, good, hour}}, suspects, nil, "kept back, 2 messages: null sender or error mail"},
		"error mail":                      {[]mail{{"B0000000001-E001", "postmaster@example.jp", out, good, hour}, {"B0000000002-T001-EP001", "hanako@example.jp", out, good, hour}}, suspects, nil, "kept back, 2 messages: null sender or error mail"},
		"error mail of a good one":        {[]mail{{"B0000000001", "hanako@example.jp", out, good, hour}, {"B0000000001-E001", "", out, good, hour}}, suspects, []string{"B0000000001"}, "kept back, 1 message: null sender"},
		"a forward of a bad one":          {[]mail{{"B0000000001", "taro@example.jp", in, good, hour}, {"B0000000001-T001", "hanako@example.jp", out, good, hour}}, suspects, nil, "excluded by sender"},
		"a forward of a null sender":      {[]mail{{"B0000000001", "", in, good, hour}, {"B0000000001-T001", "hanako@example.jp", out, good, hour}}, suspects, nil, "made from a message that does not go out"},
		"a forward of an unknown one":     {[]mail{{"B0000000001", "jiro@example.com", in, "", hour}, {"B0000000001-T001", "hanako@example.jp", out, good, hour}}, suspects, nil, "made from a message that does not go out"},
		"a forward of a good one":         {[]mail{{"B0000000001", "jiro@example.com", in, good, hour}, {"B0000000001-T001", "hanako@example.jp", out, good, hour}}, suspects, []string{"B0000000001-T001"}, "for own domains only"},
		"a forward of a delivered one":    {[]mail{{"B0000000001-T001", "hanako@example.jp", out, good, hour}, {"B0000000002-T001", "hanako@example.jp", out, bad, hour}}, suspects, []string{"B0000000001-T001"}, "excluded by client"},
		"a forward that hides its client": {[]mail{{"B0000000001-T001", "hanako@example.jp", out, "127.0.0.1", hour}}, suspects, nil, "whose original is not here"},
		"a forward of nobody knows whom": {[]mail{{"B0000000001-T001", "hanako@example.jp", out, good, hour}},
			map[string]any{"clean": true, "except_senders": []string{"taro"}}, nil, "whose original is not here"},
		"a list of a bad one":  {[]mail{{"B0000000001", "taro@example.jp", []string{"news@example.jp"}, good, hour}, {"B0000000001-M00000001", "news@example.jp", out, good, hour}}, suspects, nil, "excluded by sender"},
		"a list of a good one": {[]mail{{"B0000000001", "jiro@example.jp", []string{"news@example.jp"}, good, hour}, {"B0000000001-M00000001", "news@example.jp", out, good, hour}}, suspects, []string{"B0000000001-M00000001"}, ""},
		"too old": {[]mail{{"B0000000001", "hanako@example.jp", out, good, 24*hour + time.Second}, {"B0000000002", "hanako@example.jp", out, good, 24 * hour}}, suspects,
			[]string{"B0000000002"}, "kept back, 1 message: arrived more than 24 hours ago"},
		"too old, but named": {[]mail{{"B0000000001", "hanako@example.jp", out, good, 90 * hour}, {"B0000000002", "hanako@example.jp", out, good, hour}, {"B0000000003", "taro@example.jp", out, good, hour}},
			map[string]any{"clean": true, "ids": []string{"B0000000001", "B0000000003"}, "except_senders": []string{"taro@example.jp"}}, []string{"B0000000001"}, "excluded by sender"},
		"own mail, not asked for": {[]mail{{"B0000000001", "hanako@example.jp", in, good, hour}}, suspects, nil, "kept back, 1 message: for own domains only"},
		"own mail, asked for, however old": {[]mail{{"B0000000001", "hanako@example.jp", in, good, 90 * hour}, {"B0000000002", "", in, good, hour}, {"B0000000003", "hanako@example.jp", out, good, hour}, {"B0000000004", "taro@example.jp", in, good, hour}},
			map[string]any{"clean": true, "own_domains": true, "except_senders": []string{"taro"}}, []string{"B0000000001", "B0000000002", "B0000000003"}, "excluded by sender"},
		"both kinds of recipients": {[]mail{{"B0000000001", "hanako@example.jp", []string{"a@example.com", "b@example.jp"}, good, hour}}, suspects, []string{"B0000000001"}, ""},
		"no recipient":             {[]mail{{"B0000000001", "hanako@example.jp", nil, good, hour}}, suspects, nil, "cannot be read"},
		"in the time": {[]mail{{"B0000000001", "hanako@example.jp", out, good, time.Hour}, {"B0000000002", "hanako@example.jp", out, good, 2 * time.Hour}, {"B0000000003", "hanako@example.jp", out, good, 3 * time.Hour}},
			map[string]any{"clean": true, "except_since": "2026-11-21 02:00", "except_until": "2026-11-21 03:00"}, []string{"B0000000001", "B0000000003"}, "excluded by the time of arrival \"B0000000002\""},
		"a time without an end": {[]mail{{"B0000000001", "hanako@example.jp", out, good, time.Hour}, {"B0000000002", "hanako@example.jp", out, good, 2 * time.Hour}, {"B0000000003", "hanako@example.jp", out, good, 3 * time.Hour}},
			map[string]any{"clean": true, "except_since": night.Add(-2 * time.Hour).Add(600 * time.Millisecond).Format(time.RFC3339Nano)}, []string{"B0000000003"}, ""},
		"own domains, exclusions": {[]mail{{"B0000000001", "hanako@example.jp", in, good, hour}, {"B0000000002", "taro@example.jp", in, good, hour}, {"B0000000003", "hanako@example.jp", in, "", hour}, {"B0000000004", "hanako@example.jp", in, bad, hour}},
			map[string]any{"own_domains": true, "except_senders": []string{"taro"}, "except_clients": []string{"::ffff:203.0.113.9"}}, []string{"B0000000001"}, "cannot be read"},
		"all but some": {[]mail{{"B0000000001", "hanako@example.jp", in, good, hour}, {"B0000000002", "taro@example.net", in, good, hour}, {"B0000000003", "", out, good, 90 * hour}},
			map[string]any{"all": true, "except_senders": []string{"taro"}}, []string{"B0000000001", "B0000000003"}, "excluded by sender"},
		"an account as what is wanted": {[]mail{{"B0000000001", "hanako@example.jp", in, good, hour}, {"B0000000002", "taro@example.net", in, good, hour}, {"B0000000003", "taro@example.com", out, good, hour}},
			map[string]any{"senders": []string{"taro"}}, []string{"B0000000002"}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s, r := held(t, test.mails...)
			stems, text := goes(t, s, r, test.with)
			if d := cmp.Diff(test.want, stems); d != "" {
				t.Errorf("went back:\n%s\n%s", d, text)
			}
			if !strings.Contains(text, test.text) {
				t.Errorf("findings:\n%s", text)
			}
		})
	}
}

// A body with a new time does not make an old envelope new, nor the other way round.
func TestOldEnvelope(t *testing.T) {
	for _, ext := range []string{".RCP", ".MSG"} {
		s, r := held(t, mail{"B0000000001", "hanako@example.jp", []string{"a@example.com"}, good, time.Hour})
		old := night.Add(-25 * time.Hour)
		trial.Must(t, os.Chtimes(filepath.Join(s.Base, "incoming.q-"+incident, "B0000000001"+ext), old, old))
		if stems, text := goes(t, s, r, map[string]any{"clean": true, "except_senders": []string{"taro"}}); stems != nil || !strings.Contains(text, "more than 24 hours ago") {
			t.Errorf("%s: %q\n%s", ext, stems, text)
		}
	}
}

// The half of an original that is left speaks against what was made from it.
func TestHalfOriginal(t *testing.T) {
	forward := mail{"B0000000001-T001", "hanako@example.jp", []string{"a@example.com"}, good, time.Hour}
	for rel, content := range map[string]string{"incoming/B0000000001.RCP": trial.Envelope("taro@example.jp", "b@example.jp"), "holding/B0000000001-R0001.MSG": trial.Body(bad, "x")} {
		s := trial.New(t)
		forward.put(t, s)
		s.Put(t, rel, content)
		env := setaside.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}, Clock: func() time.Time { return night }}
		setAside(t, env)
		with := map[string]any{"clean": true, "except_senders": []string{"taro"}, "except_clients": []string{bad}}
		if stems, text := goes(t, s, Release{env}, with); stems != nil {
			t.Errorf("%s: went back: %q\n%s", rel, stems, text)
		}
	}
}

// A file that changes into something unreadable, or a name that leads elsewhere, lets nothing go.
func TestUnreadable(t *testing.T) {
	for name, do := range map[string]func(dir string) error{
		"envelope is a link": func(dir string) error {
			return errors.Join(os.Rename(dir+"/B0000000001.RCP", dir+"/../elsewhere"), os.Symlink("../elsewhere", dir+"/B0000000001.RCP"))
		},
		"body is a folder": func(dir string) error {
			return errors.Join(os.Remove(dir+"/B0000000001.MSG"), os.Mkdir(dir+"/B0000000001.MSG", 0o700))
		},
	} {
		s, r := held(t, mail{"B0000000001", "hanako@example.jp", []string{"a@example.com"}, good, time.Hour})
		trial.Must(t, do(filepath.Join(s.Base, "incoming.q-"+incident)))
		before := s.Exact(t)
		if stems, text := goes(t, s, r, map[string]any{"clean": true, "own_domains": true, "except_clients": []string{bad}}); stems != nil {
			t.Errorf("%s: went back: %q\n%s", name, stems, text)
		}
		if d := cmp.Diff(before, s.Exact(t)); d != "" {
			t.Errorf("%s: something changed:\n%s", name, d)
		}
	}
}

// With everything excluded nothing at all is touched.
func TestEverythingExcluded(t *testing.T) {
	mails := []mail{{"B0000000001", "taro@example.jp", []string{"a@example.com"}, good, time.Hour}, {"B0000000002", "hanako@example.jp", []string{"b@example.jp"}, bad, time.Hour}, {"B0000000003", "taro@example.net", []string{"c@example.jp"}, "", time.Hour}}
	for _, choice := range []string{"all", "clean", "own_domains"} {
		s, r := held(t, mails...)
		before := s.Exact(t)
		out := planned(t, r, map[string]any{choice: true, "lot": 1, "except_senders": []string{"taro"}, "except_clients": []string{"0.0.0.0/0", "::/0"}})
		f := out.Facts.(Facts)
		if len(out.Changes) > 0 || f.Messages != 0 || f.Left != 3 {
			t.Errorf("%s: %+v", choice, out)
		}
		if d := cmp.Diff(before, s.Exact(t)); d != "" {
			t.Errorf("%s: something changed:\n%s", choice, d)
		}
	}
}

func TestRefusedExclusions(t *testing.T) {
	_, r := held(t, mail{"B0000000001", "taro@example.jp", []string{"a@example.com"}, good, time.Hour})
	for name, with := range map[string]map[string]any{
		"two senders in one":     {"except_senders": []string{"taro,hanako"}},
		"a blank in a sender":    {"except_senders": []string{"taro hanako"}},
		"a tab":                  {"except_senders": []string{"taro\t"}},
		"an empty sender":        {"except_senders": []string{""}},
		"a lone @":               {"except_senders": []string{"@"}},
		"no domain":              {"except_senders": []string{"taro@"}},
		"an empty client":        {"except_clients": []string{""}},
		"no client":              {"except_clients": []string{"mail.example.com"}},
		"no network":             {"except_clients": []string{"203.0.113.0/33"}},
		"half of two families":   {"except_clients": []string{"::ffff:203.0.113.0/90"}},
		"no time":                {"except_since": "yesterday"},
		"a time that ends first": {"except_since": "2026-11-21 03:00", "except_until": "2026-11-21 02:00"},
		"no messages at a time":  {"lot": -1},
		"no duration":            {"lot": 1, "every": "soon"},
		"a negative duration":    {"lot": 1, "every": "-1s"},
		"too long":               {"lot": 1, "every": "25h"},
	} {
		with["all"] = true
		if _, err := r.Plan(context.Background(), input(t, with)); !errors.Is(err, runbook.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := r.Plan(context.Background(), input(t, map[string]any{"except_senders": []string{"taro"}})); err == nil {
		t.Error("an exclusion alone was taken for a choice")
	}
	for _, names := range [][]string{{"<>"}, {"taro"}, {"taro.yamada"}, {"@example.com"}, {"<taro@example.jp>"}} {
		if _, err := r.Plan(context.Background(), input(t, map[string]any{"all": true, "except_senders": names})); err != nil {
			t.Errorf("%q: %v", names, err)
		}
	}
	r.env.Own.Domains = nil
	if _, err := r.Plan(context.Background(), input(t, map[string]any{"clean": true})); !errors.Is(err, runbook.ErrUndetermined) {
		t.Errorf("own domains unknown: %v", err)
	}
	if out := planned(t, r, map[string]any{"all": true, "except_senders": []string{"taro"}}); len(out.Changes) > 0 {
		t.Error("an account goes where own domains are not known")
	}
	r.env.Server = plainServer{r.env.Server, r.env.Server.(spool.Queue)}
	r.env.Own.Domains = []string{"example.jp"}
	if _, err := r.Plan(context.Background(), input(t, map[string]any{"clean": true})); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("origins unknown: %v", err)
	}
	if out := planned(t, r, map[string]any{"all": true}); len(out.Changes) != 1 {
		t.Errorf("origins unknown, and not needed: %+v", out)
	}
}

// plainServer cannot tell origins.
type plainServer struct {
	spool.Server
	spool.Queue
}

// Whatever is asked for, nothing goes of a message one file of which is excluded, and with clean no null sender and no error mail to outside.
func TestExclusionWins(t *testing.T) {
	trial.InMemory(t)
	senders := []string{"taro@example.jp", `"taro"@example.net`, "TARO", "<taro@example.jp>", "hanako@example.jp", "x@example.com", "", "ta\x01ro@example.jp", "jiro@spam.example.com", "\x1b[31m@example.com"}
	clients := []string{bad, good, "", "2001:db8::1", "::ffff:203.0.113.9", "127.0.0.1"}
	rcpts := []string{"a@example.com", "b@example.jp", "local", "c@example.net", "\x1b]0;x\x07@example.org"}
	rapid.Check(t, func(rt *rapid.T) {
		mails := map[string]mail{}
		for range rapid.IntRange(1, 12).Draw(rt, "mails") {
			stem := fmt.Sprintf("B%010d", rapid.IntRange(1, 5).Draw(rt, "base")) + rapid.SampledFrom([]string{"", "-001", "-T001", "-M00000001", "-E001", "-R0002", "-T001-EP001", "-Y001"}).Draw(rt, "suffix")
			mails[stem] = mail{stem, rapid.SampledFrom(senders).Draw(rt, "sender"), rapid.SliceOfN(rapid.SampledFrom(rcpts), 0, 3).Draw(rt, "to"),
				rapid.SampledFrom(clients).Draw(rt, "client"), time.Duration(rapid.IntRange(0, 30).Draw(rt, "age")) * time.Hour}
		}
		var all []mail
		for _, m := range mails {
			all = append(all, m)
		}
		s, r := held(t, all...)
		defer os.RemoveAll(s.Base)
		with := map[string]any{}
		choices := rapid.SampledFrom([][]string{{"all"}, {"own_domains"}, {"clean"}, {"own_domains", "clean"}, {"ids"}}).Draw(rt, "choice")
		for _, c := range choices {
			if with[c] = true; c == "ids" {
				with[c] = []string{"B0000000001", "B0000000002", "B0000000003-T001"}
			}
		}
		x := exclusion{since: night.Add(-10 * time.Hour), until: night.Add(-6 * time.Hour)}
		if x.senders = rapid.Bool().Draw(rt, "senders"); x.senders {
			with["except_senders"] = []string{"taro", "spam.example.com"}
		}
		if x.clients = rapid.Bool().Draw(rt, "clients"); x.clients {
			with["except_clients"] = []string{"203.0.113.0/24", "2001:db8::/32"}
		}
		if x.timed = rapid.Bool().Draw(rt, "timed"); x.timed {
			with["except_since"], with["except_until"] = x.since.Format(time.RFC3339), x.until.Format(time.RFC3339)
		}
		files := s.Files(t)
		stems, _ := goes(t, s, r, with)
		if d := cmp.Diff(files, s.Files(t)); d != "" {
			rt.Fatalf("files differ:\n%s", d)
		}
		for _, stem := range stems {
			x.check(rt, stem, all, slices.Contains(choices, "clean"))
		}
	})
}

type exclusion struct {
	senders, clients, timed bool
	since, until            time.Time
}

// check is the rule in other words than the program's.
func (x exclusion) check(rt *rapid.T, stem string, all []mail, clean bool) {
	at := slices.IndexFunc(all, func(m mail) bool { return m.stem == stem })
	for _, m := range all {
		if m.stem[:11] != stem[:11] {
			continue
		}
		arrived, addr := night.Add(-m.age), netip.Addr{}
		if m.client != "" {
			addr = netip.MustParseAddr(m.client).Unmap()
		}
		switch {
		case x.senders && (strings.Contains(strings.ToLower(strings.ReplaceAll(m.sender, "\x01", "")), "taro") || strings.HasSuffix(m.sender, "spam.example.com")):
			rt.Errorf("%s went, and %s has sender %q", stem, m.stem, m.sender)
		case x.clients && (addr == netip.MustParseAddr(bad) || addr == netip.MustParseAddr("2001:db8::1")):
			rt.Errorf("%s went, and %s is of client %s", stem, m.stem, addr)
		case x.timed && !arrived.Before(x.since) && arrived.Before(x.until):
			rt.Errorf("%s went, and %s arrived at %s", stem, m.stem, arrived)
		}
	}
	m := all[at]
	if x.clients && m.client == "" {
		rt.Errorf("%s went, and its client cannot be read", stem)
	}
	outside := len(m.to) == 0 || slices.ContainsFunc(m.to, func(to string) bool { return strings.HasSuffix(to, ".com") || strings.HasSuffix(to, ".org") })
	if clean && outside && (m.sender == "" || strings.Contains(stem, "-E") || m.age > 24*time.Hour || len(m.to) == 0) {
		rt.Errorf("%s went out as clean: %+v", stem, m)
	}
}

// Every reason is told.
func TestReasons(t *testing.T) {
	told := map[pick.Reason]bool{}
	for _, r := range reasons {
		told[r.why] = true
	}
	for r := pick.BySender; r < pick.Reasons; r++ {
		if !told[r] {
			t.Errorf("reason %d has no words", r)
		}
	}
}
