package guard

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hikeshi/runbook"
)

// shared is the range that providers put between their own translator and their customers (RFC 6598).
const shared = "100.64.0.0/10"

// Care says what to look at before targets are denied. Who logs in from an address, and what is forwarded from it, stands in the logs and
// not in the deny file, so it cannot be told here.
func Care(targets []string) []runbook.Finding {
	var wide, inside, senders []string
	for _, t := range targets {
		p, ok := prefix(t)
		switch {
		case !ok:
			senders = append(senders, t)
		case p.Addr().IsPrivate() || p.Addr().IsLinkLocalUnicast() || overlaps(p, netip.MustParsePrefix(shared)):
			inside = append(inside, t)
		case !p.IsSingleIP():
			wide = append(wide, size(p))
		}
	}
	var all []runbook.Finding
	warn := func(targets []string, en, ja string) {
		if len(targets) > 0 {
			all = append(all, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf(en, ja, some(targets))})
		}
	}
	warn(wide, "%s: a network may hold customers of yours behind one translated address, mobile users, a partner, or a server that forwards mail to you; look in acceptlog for good logins from it before you deny it, and deny single addresses if they are enough",
		"%s: ネットワークには、NAT の内側の自社利用者、携帯回線、取引先、転送元のサーバーが含まれうる。拒否する前に acceptlog で正当な認証がないか確かめ、足りるならアドレス単位で拒否すること")
	warn(inside, "%s: an address of the inside, or of a provider's own network: many machines may stand behind it; find the one that sends, and mend it",
		"%s: 組織内または回線事業者内のアドレス。背後に多数の端末がありうる。送信している端末を突き止めて対処すること")
	warn(senders, "%s: a sender is chosen by who sends, so a thief names another one; mail that others forward from there to your users is refused as well",
		"%s: 差出人は送る側が自由に名乗れるため、別の名前に変えられる。そこから自社の利用者へ転送されるメールも拒否される")
	return all
}

// size names a network with how many addresses it has, and what is wider than usual.
func size(p netip.Prefix) string {
	switch host := p.Addr().BitLen() - p.Bits(); {
	case host <= 16:
		return fmt.Sprintf("%s (%d)", p, 1<<host)
	default:
		return fmt.Sprintf("%s (2^%d)", p, host)
	}
}

// some names the first few.
func some(all []string) string {
	const few = 8
	shown := slices.Clone(all[:min(len(all), few)])
	if len(all) > few {
		shown = append(shown, "...")
	}
	return strings.Join(shown, ", ")
}
