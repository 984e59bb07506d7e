package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/actions/evidence/scene"
	"hikeshi/runbook"
)

const (
	topClients = 20
	mostNamed  = 5 // names in one finding
)

// connections looks at who is connected, and at what is being delivered.
func (e env) connections(context.Context) (s seen, err error) {
	if e.Connections == nil {
		return s, scene.ErrNobody
	}
	all, err := e.Connections()
	if err != nil && len(all) == 0 {
		return s, err
	}
	clients, in, out := map[netip.Addr]int{}, 0, 0
	var lines []string
	for _, c := range all {
		switch {
		case scene.MailPort(c.Local.Port()) && c.Living():
			in++
			clients[c.Remote.Addr()]++
		case e.Outbound(c):
			out++
		case !scene.MailPort(c.Local.Port()) && c.Remote.Port() != scene.SMTP:
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\n", c.Local, c.Remote, c.State))
	}
	slices.Sort(lines)
	s.Files = append(s.Files, look.File{Name: "connections.txt", Data: []byte("# local, remote, state\n" + strings.Join(lines, ""))})
	names := mostFirst(clients)
	s.Find(runbook.Info, "/proc/net/tcp", runbook.T(
		fmt.Sprintf("%s connected to the mail ports from %s%s", look.Grouped(in), addresses(len(clients)), most(names, clients)),
		fmt.Sprintf("メール用ポートに接続中 %s 件(%s アドレス)%s", look.Grouped(in), look.Grouped(len(clients)), most(names, clients))))
	level := runbook.OK
	if out > 0 {
		level = runbook.Warn
	}
	s.Find(level, "/proc/net/tcp", runbook.Tf("%s deliveries to other servers in flight", "他サーバーへ配送中の接続 %s 件", look.Grouped(out)))
	s.Facts = func(f *Facts) {
		f.ConnectionsKnown, f.Connections, f.Outbound = err == nil, in, out
		for _, a := range names[:min(len(names), topClients)] {
			f.Clients = append(f.Clients, a.String())
		}
	}
	return s, err
}

func addresses(n int) string {
	if n == 1 {
		return "1 address"
	}
	return look.Grouped(n) + " addresses"
}

// mostFirst orders addresses by their counts.
func mostFirst(n map[netip.Addr]int) []netip.Addr {
	return slices.SortedFunc(maps.Keys(n), func(a, b netip.Addr) int { return cmp.Or(cmp.Compare(n[b], n[a]), a.Compare(b)) })
}

// most names the first of the addresses.
func most(names []netip.Addr, n map[netip.Addr]int) string {
	var parts []string
	for _, a := range names[:min(len(names), mostNamed)] {
		parts = append(parts, fmt.Sprintf("%s (%d)", a, n[a]))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// clock looks at the time and whether it can be trusted: logs of others are compared with ours by it.
func (e env) clock(context.Context) (s seen, err error) {
	at := e.Now().Format(time.RFC3339)
	if e.ClockState == nil {
		return s, fmt.Errorf("%s: %w", at, scene.ErrNobody)
	}
	c, err := e.ClockState()
	if err != nil {
		return s, fmt.Errorf("%s: %w", at, err)
	}
	level, en, ja := runbook.OK, "the clock is synchronised", "時刻は同期している"
	if !c.Synced {
		level, en, ja = runbook.Warn, "the clock is not synchronised: times in the evidence may be wrong", "時刻が同期していない: 証拠の時刻がずれている恐れがある"
	}
	s.Find(level, "adjtimex", runbook.T(
		fmt.Sprintf("%s; now %s, still to correct %s, largest error %s", en, at, c.Offset, c.MaxError),
		fmt.Sprintf("%s。現在 %s、補正の残り %s、最大誤差 %s", ja, at, look.Long(c.Offset), look.Long(c.MaxError))))
	s.Files = []look.File{{Name: "clock.txt", Data: fmt.Appendf(nil, "now %s\nsynchronised %v\nstill to correct %s\nlargest error %s\n", at, c.Synced, c.Offset, c.MaxError)}}
	s.Facts = func(f *Facts) { f.ClockKnown, f.Synced = true, c.Synced }
	return s, nil
}

// counting is the ability to tell how many messages were numbered so far.
type counting interface{ LastMessageID() (int64, error) }

// rate reads the counter of message IDs twice: it steps at every MAIL FROM that is accepted, with all logs off, too.
func (e env) rate(ctx context.Context, gap time.Duration) (s seen, err error) {
	c, ok := e.Server.(counting)
	if !ok {
		return s, scene.ErrNobody
	}
	first, err := c.LastMessageID()
	if err != nil {
		return s, err
	}
	if gap == 0 {
		s.Find(runbook.Info, "", runbook.Tf("the counter of message IDs stands at %d; its rate is taken when the step is run", "メッセージ ID のカウンタは %d。増え方は実行時に測る", first))
		return s, nil
	}
	began := time.Now()
	if !scene.Pause(ctx, gap) {
		return s, look.Why("the time was up between two readings", "2 回目を読む前に時間切れ")
	}
	second, err := c.LastMessageID()
	if err != nil {
		return s, err
	}
	gone := time.Since(began)
	if second < first {
		return s, look.Why("the counter of message IDs went back from %d to %d", "ID カウンタが %d から %d に戻った", first, second)
	}
	perMinute := float64(second-first) / gone.Minutes()
	s.Find(runbook.Info, "", runbook.Tf("%.0[1]f messages a minute are begun (counter of message IDs %[2]d, then %[3]d, in %[4]s)", "受理の開始 約 %.0[1]f 通/分 (ID カウンタ %[2]d から %[3]d、%[5]s間)", perMinute, first, second, gone.Round(time.Millisecond), look.Long(gone)))
	s.Files = []look.File{{Name: "message-id-counter.txt", Data: fmt.Appendf(nil, "%s\t%d\n+%s\t%d\n", began.UTC().Format(time.RFC3339Nano), first, gone, second)}}
	s.Facts = func(f *Facts) { f.RateKnown, f.Rate = true, perMinute }
	return s, nil
}

// processes lists the processes of the mail services.
func (e env) processes(ctx context.Context) (s seen, err error) {
	if e.Processes == nil {
		return s, scene.ErrNobody
	}
	var b bytes.Buffer
	b.WriteString("# service, process, user, since, program\n")
	for _, service := range e.Server.Services() {
		all, err := e.Processes(service.Process)
		if err != nil {
			return s, err
		}
		var names []string
		for _, p := range all {
			if ctx.Err() != nil {
				return s, ctx.Err()
			}
			line := fmt.Sprint(p.PID)
			if e.Process != nil {
				if d, err := e.Process(p.PID); err == nil {
					since := d.Started.Format(time.RFC3339)
					line = fmt.Sprintf("%d (%s, %s)", p.PID, d.User, since)
					fmt.Fprintf(&b, "%s\t%d\t%s\t%s\t%s\n", service.Unit, p.PID, d.User, since, d.Program)
				}
			}
			names = append(names, line)
		}
		if len(all) > 0 {
			more := strings.Join(names[:min(len(names), mostNamed)], ", ")
			s.Find(runbook.Info, "/proc", runbook.Tf("%s runs (%d): %s", "%s が動作中 (%d): %s", look.Safe(service.Process), len(all), more))
		}
	}
	s.Files = []look.File{{Name: "processes.txt", Data: b.Bytes()}}
	return s, nil
}
