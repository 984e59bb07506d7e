package logs

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/postfix/logs/field"
)

// corpus is where others' test cases lie.
func corpus(t *testing.T, path string) *bufio.Scanner {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../../shared/corpora/logs", path))
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "shared") {
			t.Fatalf("HIKESHI_REQUIRE asks for shared: %v", err)
		}
		t.Skip("there are no logs in ../shared")
	}
	t.Cleanup(func() { f.Close() })
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	return s
}

// golden are the cases that are not read as their authors expect, each with the reason, and how many cases there are.
func golden(t *testing.T) (known map[string]string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/differs.txt")
	if err != nil {
		t.Fatal(err)
	}
	known = map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(raw)), "\n") {
		id, why, ok := strings.Cut(line, "\t")
		if !ok || why == "" {
			t.Fatalf("testdata/differs.txt: %q names no reason", line)
		}
		known[id] = why
	}
	return known
}

// A score counts the cases of a source, and holds those that differ against the golden list.
type score struct {
	source string
	n      int
	differ []string
}

func (s *score) take(t *testing.T, id string, wrong []string) {
	s.n++
	if len(wrong) == 0 {
		return
	}
	s.differ = append(s.differ, id)
	t.Logf("%s: %s", id, strings.Join(wrong, "; "))
}

// judge wants 97 % of the cases, and the others to be exactly those of the golden list.
func (s *score) judge(t *testing.T, least int) {
	t.Helper()
	t.Logf("%s: %d of %d", s.source, s.n-len(s.differ), s.n)
	if s.n < least {
		t.Errorf("only %d cases of %d were found", s.n, least)
	}
	var want []string
	for id := range golden(t) {
		if strings.HasPrefix(id, s.source+"/") {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	slices.Sort(s.differ)
	if !slices.Equal(want, s.differ) {
		t.Errorf("these differ: %q, and testdata/differs.txt names %q", s.differ, want)
	}
	if len(s.differ)*100 > 3*s.n {
		t.Errorf("%d of %d cases differ: more than 3 %%", len(s.differ), s.n)
	}
}

var modified = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func read(line string) (spool.Event, spool.Reading) {
	var e spool.Event
	r := NewParser(time.UTC, modified).Parse([]byte(line), &e)
	return e, r
}

var fragments = map[string]bool{"POSTFIX_DELAYS": true, "POSTFIX_COMMAND_COUNTER_DATA": true, "POSTFIX_TLS_FEATURES": true}

var statuses = map[string]spool.EventKind{"deferred": spool.EventDeferred, "bounced": spool.EventBounced}

// TestGrokCases compares what an Event has a place for with the fields of whyscream/postfix-grok-patterns. What is none of them, such as delays,
// only has to be understood.
func TestGrokCases(t *testing.T) {
	s := score{source: "grok"}
	for lines := corpus(t, "postfix-grok-patterns/cases.jsonl"); lines.Scan(); {
		var c struct {
			Case, Pattern, Line string
			Expect              map[string]string
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if fragments[c.Pattern] {
			continue
		}
		daemon := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(c.Pattern, "POSTFIX_")), "trivial_rewrite", "trivial-rewrite")
		e, r := read("Nov 25 03:04:05 mail postfix/" + daemon + "[123]: " + c.Line)
		s.take(t, "grok/"+c.Case, grok(c.Expect, e, r))
	}
	s.judge(t, 100)
}

func grok(want map[string]string, e spool.Event, r spool.Reading) (wrong []string) {
	differ := func(what, want, got string) {
		if want != got {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", what, got, want))
		}
	}
	if r == spool.LineUnknown {
		wrong = append(wrong, "not understood")
	}
	for key, v := range want {
		switch key {
		case "postfix_queueid":
			differ("id", strings.TrimPrefix(v, "NOQUEUE"), string(e.ID))
		case "postfix_client_ip":
			differ("client", v, e.Client.String())
		case "postfix_status_code", "postfix_status_code_enhanced", "postfix_status_message", "postfix_proxy_status_code":
			if e.Kind == spool.EventReject && !strings.Contains(string(e.Reply), v) {
				differ("reply", v, string(e.Reply))
			}
		case "postfix_smtp_response", "postfix_error_response":
			said := string(e.Reply) // without the host that said it, and what it was said to
			if want["postfix_status"] != "" && v != said && (said == "" || !strings.Contains(v, " said: "+said)) {
				differ("reply", v, said)
			}
		case "postfix_keyvalue_data":
			wrong = append(wrong, pairs(v, e)...)
		case "postfix_status":
			if kind, ok := statuses[v]; ok {
				differ("kind", kind.String(), e.Kind.String())
			} else if v == "sent" && e.Kind != spool.EventSent && e.Kind != spool.EventLocal || strings.HasPrefix(v, "undeliverable") && e.Kind != 0 {
				differ("kind", v, e.Kind.String())
			}
		case "postfix_action", "postfix_milter_result", "postfix_proxy_result":
			differ("rejected", strconv.FormatBool(v == "reject"), strconv.FormatBool(e.Kind == spool.EventReject))
		}
	}
	return wrong
}

var pair = regexp.MustCompile(`([a-z_]+)=(<[^>]*>|[^ ,]+)`)

// pairs compares a tail of key=value.
func pairs(text string, e spool.Event) (wrong []string) {
	for _, m := range pair.FindAllStringSubmatch(text, -1) {
		got, want := "", strings.Trim(m[2], "<>")
		switch m[1] {
		case "from":
			got = string(e.Sender)
		case "to":
			got = string(e.Recipients)
		case "helo":
			got = string(e.HELO)
		case "size":
			got = strconv.FormatInt(e.Size, 10)
		case "nrcpt":
			got = strconv.Itoa(e.Count)
		case "relay":
			peer, _, ok := field.Peer([]byte(want))
			if !ok {
				continue
			}
			got, want = e.Client.String(), peer.String()
		default:
			continue
		}
		if got != want {
			wrong = append(wrong, fmt.Sprintf("%s is %q, want %q", m[1], got, want))
		}
	}
	return wrong
}

// quietModes are those of fail2ban that also count what is no refusal and no failed login: sessions that break off.
var quietModes = map[string]bool{"ddos": true, "aggressive": true, "extra": true, "errors": true}

// TestFail2banCases compares the client, the name and the time with the cases of fail2ban, and whether it is a failure or a refusal where that
// is counted in its ordinary modes.
func TestFail2banCases(t *testing.T) {
	for _, name := range []string{"postfix", "dovecot"} {
		s := score{source: "fail2ban-" + name}
		strict, n := true, 0
		var want struct {
			Time, Host, User string
			Match            bool
		}
		pending := false
		for lines := corpus(t, "fail2ban/"+name); lines.Scan(); n++ {
			line := lines.Text()
			if _, options, ok := strings.Cut(line, "# filterOptions: "); ok {
				var all []struct{ Mode string }
				if err := json.Unmarshal([]byte(options), &all); err != nil {
					t.Fatal(err)
				}
				strict = slices.ContainsFunc(all, func(o struct{ Mode string }) bool { return !quietModes[o.Mode] })
				continue
			}
			if _, raw, ok := strings.Cut(line, "failJSON:"); ok {
				want.Time, want.Host, want.User, want.Match = "", "", "", false
				if err := json.Unmarshal([]byte(raw), &want); err != nil {
					t.Fatal(err)
				}
				pending = true
				continue
			}
			if line == "" || line[0] == '#' || !pending {
				continue
			}
			pending = false
			e, r := read(line)
			var wrong []string
			failed := e.Kind == spool.EventReject || e.Kind == spool.EventLoginFail
			switch {
			case r == spool.LineUnknown:
				wrong = append(wrong, "not understood")
			case want.Host != "" && e.Client.String() != want.Host:
				wrong = append(wrong, fmt.Sprintf("client is %s, want %s", e.Client, want.Host))
			case want.User != "" && string(e.Login) != want.User:
				wrong = append(wrong, fmt.Sprintf("login is %q, want %q", e.Login, want.User))
			case strict && want.Match && !failed && !broken.MatchString(line) || !want.Match && failed:
				wrong = append(wrong, fmt.Sprintf("kind is %q, and match is %v", e.Kind, want.Match))
			}
			if at, err := time.Parse("2006-01-02T15:04:05", want.Time); err == nil {
				got := time.Unix(e.Wall, 0).UTC()
				if line[0] >= '0' && line[0] <= '9' && !got.Equal(at) || got.Format("01-02T15:04:05") != at.Format("01-02T15:04:05") {
					wrong = append(wrong, fmt.Sprintf("time is %s, want %s", got, at))
				}
			}
			s.take(t, fmt.Sprintf("%s/%d", s.source, n+1), wrong)
		}
		s.judge(t, 40)
	}
}

// broken are lines that fail2ban counts in its ordinary mode, and that tell of a protocol error: nothing was refused by them.
var broken = regexp.MustCompile(`: improper command pipelining after `)
