package walk

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/trace/received"
	"hikeshi/runbook"
)

// A Sign hints that lines were made up or put together. Honest mail shows some of them too, so no sign decides anything.
type Sign struct {
	Code   string       // stable, such as time-backwards
	Weight int          // 1 seen in honest mail as well, 2 seldom, 3 hardly ever
	Lines  []int        // where, from 0
	Text   runbook.Text // in a clause
}

// apart is by how much clocks may differ.
const apart = 10 * time.Minute

// Look returns the signs in lines, in the order of the lines; now is the time of the look. What is told to the border comes from one's own
// machines, where a sign is a fault of the clock or the configuration.
func (w Way) Look(lines []Line, own Own, now time.Time) []Sign {
	var all []Sign
	add := func(code string, weight int, text runbook.Text, at ...int) {
		i := slices.IndexFunc(all, func(s Sign) bool { return s.Code == code })
		if i < 0 {
			all = append(all, Sign{Code: code, Weight: weight, Text: text})
			i = len(all) - 1
		}
		for _, n := range at {
			if !slices.Contains(all[i].Lines, n) {
				all[i].Lines = append(all[i].Lines, n)
			}
		}
	}
	for i, l := range lines {
		if !l.Read {
			add("unparseable", 1, runbook.T("it has no form of a Received line", "Received 行として読めない"), i)
			continue
		}
		if l.Origin {
			continue
		}
		oneLine(l, func(code string, weight int, text runbook.Text) { add(code, weight, text, i) })
		w.ofPlace(l.Hop, i, own, func(code string, weight int, text runbook.Text) { add(code, weight, text, i) })
		if l.Hop.Zone && l.Hop.Time.After(now.Add(apart)) {
			add("future", 2, runbook.T("its time lies in the future", "時刻が未来である"), i)
		}
		if i+1 < len(lines) && lines[i+1].Read && !lines[i+1].Origin {
			pair(l.Hop, lines[i+1].Hop, func(code string, weight int, text runbook.Text) { add(code, weight, text, i, i+1) })
		}
	}
	return all
}

// oneLine are the signs of a line by itself.
func oneLine(l Line, add func(string, int, runbook.Text)) {
	h := l.Hop
	for _, s := range []struct {
		on     bool
		code   string
		weight int
		text   runbook.Text
	}{
		{l.Below, "below-author", 1, runbook.T("it stands below fields of the author", "From や Subject より下にある")},
		{h.BadIP != "", "bad-octet", 3, runbook.T("what stands for its address is none", "アドレスとしてあり得ない値である")},
		{h.IP.IsValid() && reserved(h.IP), "reserved", 3, runbook.T("its address is one that no host has", "どのホストも持ち得ない予約アドレスである")},
		{len(h.Also) > 0, "two-clients", 2, runbook.T("it names two clients", "接続元が2つ書かれている")},
		{h.WrongDay, "wrong-day", 2, runbook.T("its date was another day of the week", "日付と曜日が合わない")},
		{!h.Time.IsZero() && !h.Zone, "no-zone", 1, runbook.T("its time names no zone", "時刻にタイムゾーンがない")},
		{h.Time.IsZero(), "no-date", 1, runbook.T("it has no date that can be read", "読める日時がない")},
		{h.NoSemicolon, "no-semicolon", 1, runbook.T("no semicolon stands before its date", "日時の前にセミコロンがない")},
		{h.By == "" && !h.Local, "no-by", 1, runbook.T("it does not say who took the message", "受信ホスト (by) がない")},
		{h.Forged, "may-be-forged", 1, runbook.T("name and address of its client do not agree (may be forged)", "接続元の名前とアドレスが一致しない (may be forged)")},
		{h.ID != "" && !h.QueueID(), "id-shape", 3, runbook.Tf("its id is none that %s writes", "ID が %s の書く形でない", h.Software)},
		{neverSo(h), "software", 3, runbook.Tf("%s never writes such a line", "%s はこの形の行を書かない", h.Software)},
		{h.Cut, "long", 1, runbook.T("it is longer than 8 KiB", "8 KiB より長い")},
	} {
		if s.on {
			add(s.code, s.weight, s.text)
		}
	}
}

// neverSo says that the line has parts that its software does not write: E-Post writes ESMTP whatever the session was, and qmail no id.
func neverSo(h received.Hop) bool {
	switch h.Software {
	case received.EPost:
		return !strings.EqualFold(h.Protocol, "ESMTP") || h.ID == ""
	case received.Exim:
		return h.ID == ""
	}
	return false
}

// ofPlace are the signs that depend on where the line stands.
func (w Way) ofPlace(h received.Hop, i int, own Own, add func(string, int, runbook.Text)) {
	switch helo := strings.Trim(h.HELO, "[]"); {
	case w.Said[i] == SaidHearsay && own.Names(h.By):
		add("own-below", 2, runbook.T("it names a host of yours below the border", "境界より下で自ホストを名乗っている"))
	case w.Said[i] == SaidBorder && h.IP.IsValid() && !own.Addr(h.IP) && !w.Inside && own.Names(h.RDNS) && own.Knows(h.IP) && !own.Names(h.By):
		add("own-name", 2, runbook.T("the name of its client is one of yours, and the address none that is known to be", "接続元の名前は自ドメインのものだが、アドレスは自アドレスとして知られていない"))
	case w.Said[i] == SaidBorder && h.IP.IsValid() && !own.Addr(h.IP) && !w.Inside && !h.Auth && w.plays(h, own):
		add("helo-own", 2, runbook.T("a stranger named itself as a host of yours", "外部の接続元が HELO で自ホストを名乗った"))
	case h.For != "" && !h.Local && strings.EqualFold(domainOf(h.For), h.HELO):
		add("helo-recipient", 2, runbook.T("the client named itself as the domain of the recipient", "接続元が HELO で宛先のドメインを名乗った"))
	case quadDiffers(helo, h.IP):
		add("helo-literal", 1, runbook.T("the client named itself as another address", "接続元が HELO で別のアドレスを名乗った"))
	}
}

// plays says that a client outside called itself as a host of one's own. At an own server one's own people are outside too, and call their
// machines so: there only the server's own names count, and only where the line would show a login.
func (w Way) plays(h received.Hop, own Own) bool {
	if !own.Names(h.By) {
		return own.Names(h.HELO)
	}
	return h.Shows() && (strings.EqualFold(h.HELO, h.By) || own.exactly(h.HELO))
}

// pair are the signs of two neighbours: up stands above down, and so is later.
func pair(up, down received.Hop, add func(string, int, runbook.Text)) {
	if up.Zone && down.Zone && down.Time.Sub(up.Time) > apart {
		add("time-backwards", 2, runbook.Tf("time runs backwards by more than %d minutes", "時刻が %d 分以上さかのぼっている", int(apart.Minutes())))
	}
	from := up.RDNS
	if from == "" {
		from = up.HELO
	}
	if org := Organisation(from); org != "" && !up.Local && !(up.Software == received.Exchange && microsoft(up.IP)) && org == Organisation(down.By) && !strings.EqualFold(from, down.By) && !strings.EqualFold(up.HELO, down.By) {
		add("by-chain", 1, runbook.T("the host that took it and the one that passed it on have different names of one domain", "受け取ったホストと次に渡したホストの名前が同じドメインの中で食い違う"))
	}
	if Private(up.IP) && !up.IP.IsLoopback() && down.IP.IsValid() && !Private(down.IP) && up.By != "" && Organisation(up.By) != Organisation(down.By) {
		add("private-between", 1, runbook.T("a private address between hosts of different domains", "別ドメインのホスト間にプライベートアドレスがある"))
	}
}

// Score is the sum of the weights of signs, each counted once.
func Score(signs []Sign) int {
	n := 0
	for _, s := range signs {
		n += s.Weight
	}
	return n
}

// reserved says that no host can have the address (RFC 6890): 0.0.0.0/8, 240.0.0.0/4, multicast, the unspecified one.
func reserved(a netip.Addr) bool {
	return a.IsUnspecified() || a.IsMulticast() || netip.MustParsePrefix("0.0.0.0/8").Contains(a) || netip.MustParsePrefix("240.0.0.0/4").Contains(a)
}

// quadDiffers says that a HELO is an address other than that of the client, and a public one.
func quadDiffers(helo string, ip netip.Addr) bool {
	a, err := netip.ParseAddr(helo)
	return err == nil && ip.IsValid() && a.Unmap() != ip && !Private(a) && a.Zone() == ""
}

func domainOf(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
