package logs_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"hikeshi/actions/logs"
	"hikeshi/actions/logs/deed"
	"hikeshi/actions/logs/join"
	"hikeshi/actions/logs/ledger"
	"hikeshi/actions/logs/sweep"
	"hikeshi/runbook"
	"hikeshi/spool"
	postfix "hikeshi/spool/postfix/logs"
	"hikeshi/spool/postfix/logs/made"
)

// postfixServer has the mail log below a root and nothing else.
type postfixServer struct {
	spool.Server
	all *postfix.Logs
}

func (s postfixServer) Logs(ctx context.Context) ([]spool.Log, error) { return s.all.Logs(ctx) }
func (s postfixServer) Parser(log string, f spool.LogFile) spool.LogParser {
	return s.all.Parser(log, f)
}
func (s postfixServer) Unseen() []spool.Unseen { return s.all.Unseen() }

var written = time.Date(2026, 11, 25, 3, 0, 0, 0, time.UTC)

// maillog writes a mail log below a new root and returns its path.
func maillog(t testing.TB, o made.Options) (server postfixServer, path string, truth *made.Truth) {
	t.Helper()
	root := t.TempDir()
	path = filepath.Join(root, "var/log/mail.log")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	o.Until = written
	truth, err = made.Write(f, 7, o)
	if err := firstOf(err, f.Close(), os.Chtimes(path, written, written)); err != nil {
		t.Fatal(err)
	}
	return postfixServer{all: postfix.New(postfix.Config{Root: root, Zone: time.UTC})}, path, truth
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func postfixEnv(s postfixServer) logs.Env {
	return logs.Env{Server: s, Own: spool.Own{Domains: []string{"example.jp"}}, Zone: time.UTC, Clock: func() time.Time { return written }}
}

// pflogsumm skips where Debian's package is not there.
func pflogsumm(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("pflogsumm")
	if err != nil {
		if strings.Contains(os.Getenv("HIKESHI_REQUIRE"), "pflogsumm") {
			t.Fatalf("HIKESHI_REQUIRE asks for pflogsumm: %v", err)
		}
		t.Skip("there is no pflogsumm: Debian has a package of that name")
	}
	return path
}

// totals are what a log adds up to.
type totals struct {
	received, delivered, deferred, deferrals, bounced, rejected int64
	senders                                                     map[string]int64
}

// totalsOf reads a log as `logs suspects` does.
func totalsOf(t *testing.T, s postfixServer) totals {
	t.Helper()
	all, err := s.Logs(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	sum := totals{senders: map[string]int64{}}
	late := map[string]bool{}
	o := sweep.Options{Logs: all, Parser: s.Parser, From: written.Unix() - 20*86400, Until: written.Unix() + 86400, Own: map[string]bool{"example.jp": true}, Workers: 1}
	o.Each = func(e *spool.Event, _ deed.Ref) {
		switch e.Kind {
		case spool.EventSent, spool.EventLocal:
			sum.delivered++
		case spool.EventDeferred:
			sum.deferrals++
			late[string(e.ID)] = true
		case spool.EventBounced:
			sum.bounced++
		case spool.EventReject:
			sum.rejected++
		}
	}
	b := ledger.New(ledger.Options{History: o.From, Since: written.Unix() - 86400, Until: o.Until, Step: 60, Logins: true, Accepts: true,
		Settled: func(m *join.Message, _ string) {
			sum.received++
			sum.senders[m.Sender]++
		}})
	r, err := sweep.Run(context.Background(), o, b.Take)
	if err != nil {
		t.Fatal(err)
	}
	b.Close()
	sum.deferred = int64(len(late))
	for _, f := range r.Files {
		if f.Problem != nil || f.Unknown > 0 || f.Lines == 0 {
			t.Errorf("%+v", f)
		}
	}
	return sum
}

var total = regexp.MustCompile(`(?m)^\s+(\d+)\s+(received|delivered|deferred\s+\((\d+)\s+deferrals\)|bounced|rejected)`)

// summed asks pflogsumm.
func summed(t *testing.T, path string) totals {
	t.Helper()
	out, err := exec.Command(pflogsumm(t), "--problems-first", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	sum := totals{senders: map[string]int64{}}
	number := func(s string) int64 {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, m := range total.FindAllStringSubmatch(string(out), -1) {
		switch m[2] {
		case "received":
			sum.received = number(m[1])
		case "delivered":
			sum.delivered = number(m[1])
		case "bounced":
			sum.bounced = number(m[1])
		case "rejected":
			sum.rejected = number(m[1])
		default:
			sum.deferred, sum.deferrals = number(m[1]), number(m[3])
		}
	}
	_, table, ok := bytes.Cut(out, []byte("Senders by message count\n"))
	if !ok {
		t.Fatalf("no table of senders in\n%.2000s", out)
	}
	table, _, _ = bytes.Cut(table, []byte("\n\n"))
	for _, line := range strings.Split(string(table), "\n") {
		if f := strings.Fields(line); len(f) == 2 && strings.Contains(f[1], "@") {
			sum.senders[f[1]] = number(f[0])
		}
	}
	return sum
}

// TestPostfixTotals: the totals are those of pflogsumm, where both count the same. It also counts as received what a milter refuses at the end
// of its text, and a message that a content filter gives back as one more, for its sender too; its way to the filter is a delivery for both.
func TestPostfixTotals(t *testing.T) {
	for _, o := range []made.Options{{Size: 12 << 20, Spam: 2000}, {Size: 12 << 20, Spam: 2000, ISO: true}, {Size: 12 << 20, Spam: 2000, Filter: true}} {
		t.Run(fmt.Sprintf("iso=%v,filter=%v", o.ISO, o.Filter), func(t *testing.T) {
			s, path, truth := maillog(t, o)
			got := totalsOf(t, s)
			if got.received != truth.Received || got.bounced != truth.Bounced || got.rejected != truth.Rejected || !maps.Equal(got.senders, truth.Senders) {
				t.Errorf("%d received, %d bounced, %d rejected; the log has %+v", got.received, got.bounced, got.rejected, *truth)
			}
			want := summed(t, path)
			want.received -= truth.Aborted + truth.Filtered
			for sender, n := range want.senders {
				if want.senders[sender] = n; o.Filter && truth.Senders[sender] > 0 && n == 2*truth.Senders[sender] {
					want.senders[sender] = n / 2
				}
			}
			if !maps.Equal(got.senders, want.senders) {
				t.Errorf("%d senders, pflogsumm has %d", len(got.senders), len(want.senders))
			}
			got.senders, want.senders = nil, nil
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%+v, pflogsumm has %+v", got, want)
			}
		})
	}
}

// TestPostfixSuspects: the login that strangers use is the suspect, and so are they; nobody else is.
func TestPostfixSuspects(t *testing.T) {
	for _, filter := range []bool{false, true} {
		s, _, truth := maillog(t, made.Options{Size: 12 << 20, Spam: 2000, Filter: filter})
		out, text := planned(t, postfixEnv(s), "logs.suspects", "")
		f := out.Facts.(logs.SuspectsFacts)
		if len(f.AccountNames) != 1 || f.AccountNames[0] != made.Stolen || len(f.LoggedIn) != 1 || len(f.SourceNames) == 0 {
			t.Fatalf("%q, %q\n%s", f.AccountNames, f.SourceNames, text)
		}
		a := f.Accounts[0]
		if a.Messages == nil || *a.Messages != truth.Spam || a.Addresses != len(truth.Thieves) || f.Unread != 0 {
			t.Errorf("%+v", a)
		}
		wants(t, text, "postfix/qmgr", made.Stolen)
	}
}

// BenchmarkPostfixSuspects answers the whole question on 350 MB of a mail log. In the same run, pflogsumm adds it up. Of both the fastest run
// counts: others may use the machine.
func BenchmarkPostfixSuspects(b *testing.B) {
	s, path, truth := maillog(b, made.Options{Size: 350 << 20, Spam: 20_000})
	fi, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	theirs, ours := fastest(b, pflogsumm(b), path), time.Hour
	b.SetBytes(fi.Size())
	suspects := logs.Kinds(postfixEnv(s))[1]
	for b.Loop() {
		began := time.Now()
		out, err := suspects.Action.Plan(context.Background(), runbook.Input{})
		if err != nil {
			b.Fatal(err)
		}
		ours = min(ours, time.Since(began))
		if f := out.Facts.(logs.SuspectsFacts); len(f.Accounts) == 0 || *f.Accounts[0].Messages != truth.Spam {
			b.Fatalf("%+v", f.Accounts)
		}
	}
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "pflogsumm/suspects")
	b.ReportMetric(ours.Seconds(), "s-suspects")
	b.ReportMetric(theirs.Seconds(), "s-pflogsumm")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-sys")
}

// TestPostfixRelay: mail from outside for outside without a login is seen, though only its deliveries tell where it goes; what is for the server
// itself, and what came with a login, is none of it.
func TestPostfixRelay(t *testing.T) {
	var b strings.Builder
	line := func(i int, format string, a ...any) {
		fmt.Fprintf(&b, "%s mail postfix/%s\n", written.Add(time.Duration(i-400)*time.Second).Format(time.Stamp), fmt.Sprintf(format, a...))
	}
	mail := func(i int, addr, login, to string) {
		id := fmt.Sprintf("4104E%02X", i)
		line(i, "smtpd[1]: %s: client=unknown[%s]%s", id, addr, login)
		line(i, "cleanup[2]: %s: message-id=<%d@x>", id, i)
		line(i, "qmgr[3]: %s: from=<a@example.net>, size=900, nrcpt=1 (queue active)", id)
		line(i, "smtp[4]: %s: to=<%s>, relay=mx[198.51.100.9]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 ok)", id, to)
		line(i, "qmgr[3]: %s: removed", id)
	}
	for i := range 60 {
		mail(i, "203.0.113.99", "", "victim@example.com")
		mail(i+60, "203.0.113.77", "", "taro@example.jp")
		mail(i+120, "203.0.113.88", ", sasl_method=PLAIN, sasl_username=taro@example.jp", "friend@example.com")
	}
	root := t.TempDir()
	put(t, root, "var/log/mail.log", b.String())
	if err := os.Chtimes(filepath.Join(root, "var/log/mail.log"), written, written); err != nil {
		t.Fatal(err)
	}
	s := postfixServer{all: postfix.New(postfix.Config{Root: root, Zone: time.UTC})}
	out, text := planned(t, postfixEnv(s), "logs.suspects", "")
	var relays []string
	for _, from := range out.Facts.(logs.SuspectsFacts).From {
		for _, sign := range from.Signals {
			if sign.ID == "D13" {
				relays = append(relays, fmt.Sprint(from.Name, " ", sign.Value))
			}
		}
	}
	if strings.Join(relays, ", ") != "203.0.113.99 60" {
		t.Errorf("%q\n%s", relays, text)
	}
}
