package disclosure

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// The bounds of H22.
const (
	lookWait = 10 * time.Second
	maxNames = 5
)

// Names is H22: the address has a name, the name has the address, and the banner says that name.
func Names(s *session.Session, row *session.Row) {
	addr := s.Rep.At.Addr()
	switch {
	case s.Run.Names == nil:
		row.Verdict, row.Why = session.NotRun, runbook.T("no resolver is known", "リゾルバがない")
		return
	case addr.IsLoopback() || addr.IsPrivate() || addr.IsLinkLocalUnicast():
		row.Verdict, row.Why = session.NotRun, runbook.T("the world knows no name of a private address", "プライベートアドレスの逆引きは外から見えない")
		return
	}
	if s.Rep.Banner == "" && !s.Meet(row) {
		return
	}
	ctx, cancel := context.WithTimeout(s.Ctx, lookWait)
	defer cancel()
	list, err := s.Run.Names.LookupAddr(ctx, addr.String())
	row.Asked = []string{"PTR " + addr.String()}
	row.Answered = []string{session.Cut(talk.Safe(strings.Join(list, " ")))}
	switch {
	case missing(err) || err == nil && len(list) == 0:
		row.Verdict, row.Codes, row.Why = session.Bad, "none", runbook.T("the address has no name (PTR)", "逆引き (PTR) がない")
		return
	case err != nil:
		row.Why = runbook.T("the name could not be looked up", "逆引きを確認できない")
		return
	}
	compared(ctx, s, row, list)
}

// compared compares the names of the address with what they mean, and with what the server calls itself.
func compared(ctx context.Context, s *session.Session, row *session.Row, list []string) {
	own, back, doubt := s.Rep.Banner, "", false
	if _, text, ok := strings.Cut(own, " "); ok {
		own, _, _ = strings.Cut(text, " ")
	}
	for _, n := range list[:min(len(list), maxNames)] {
		n = strings.TrimSuffix(n, ".")
		if !target.IsName(n) {
			continue
		}
		ok, unsure := leads(ctx, s, row, n)
		doubt = doubt || unsure
		if ok && (back == "" || strings.EqualFold(n, own)) {
			back = n
		}
	}
	row.Codes = back
	switch {
	case back != "" && strings.EqualFold(back, own):
		row.Verdict, row.Why = session.Good, runbook.T("PTR, address and banner agree", "逆引き、正引き、挨拶の名前が一致")
	case back == "" && doubt:
		row.Why = runbook.T("the address of the name could not be looked up", "正引きを確認できない")
	case back == "":
		row.Verdict, row.Codes, row.Why = session.Bad, "unconfirmed", runbook.T("the name of the address (PTR) does not lead back to it", "逆引きの名前が元のアドレスに戻らない")
	case !target.IsName(own):
		row.Verdict, row.Why = session.Bad, runbook.Tf("the server calls itself by no host name, and its address is %s", "挨拶にホスト名がない。逆引きは %s", back)
	default:
		otherwise(ctx, s, row, [2]string{own, back})
	}
}

// otherwise is a server that calls itself otherwise than its address is called; names are both.
func otherwise(ctx context.Context, s *session.Session, row *session.Row, names [2]string) {
	own, back := names[0], names[1]
	switch ok, unsure := leads(ctx, s, row, own); {
	case ok:
		row.Verdict, row.Why = session.Note, runbook.Tf("the server calls itself %s and its address is called %s; both lead to it", "挨拶は %s、逆引きは %s。どちらもこのアドレスを指す", own, back)
	case unsure:
		row.Why = runbook.T("the address of the name in the banner could not be looked up", "挨拶の名前の正引きを確認できない")
	default:
		row.Verdict, row.Why = session.Bad, runbook.Tf("the server calls itself %s, which is not its address; that is called %s", "挨拶は %s だが、このアドレスを指さない。逆引きは %s", own, back)
	}
}

// leads says whether a name has the address of the listener, and whether that could not be found out.
func leads(ctx context.Context, s *session.Session, row *session.Row, name string) (ok, unsure bool) {
	all, err := s.Run.Names.LookupNetIP(ctx, "ip", name)
	if err != nil {
		return false, !missing(err)
	}
	var told []string
	for _, a := range all[:min(len(all), maxNames)] {
		told = append(told, a.Unmap().String())
	}
	row.Asked, row.Answered = append(row.Asked, "A/AAAA "+name), append(row.Answered, strings.Join(told, " "))
	return slices.ContainsFunc(all, func(a netip.Addr) bool { return a.Unmap().WithZone("") == s.Rep.At.Addr() }), false
}

// missing says that the name does not exist, as against: that could not be found out.
func missing(err error) bool {
	var d *net.DNSError
	return errors.As(err, &d) && d.IsNotFound
}
