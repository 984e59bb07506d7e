// Package host looks at what receivers look at before any blocklist: whether an outgoing address has a reverse name (PTR), whether that
// name leads back to it (forward-confirmed, FCrDNS), whether it looks like the server's own, and whether the name given at HELO exists.
// Several lists remove nothing before that is right.
//
// It needs no more than an Asker; what cannot be asked is not known, never wrong.
package host

import (
	"context"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"hikeshi/actions/dnsbl/ask"
	"hikeshi/runbook"
)

// maxNames bounds how many reverse names of one address are followed.
const maxNames = 8

// An Asker puts one question.
type Asker interface {
	Ask(ctx context.Context, name string, t ask.Type) ask.Reply
}

// State is what is known of a name.
type State string

// The states.
const (
	Fine      State = "fine"
	Missing   State = "missing"     // there is no name, or it does not exist
	Elsewhere State = "unconfirmed" // it does not lead back
	Generic   State = "generic"     // it leads back, and looks like that of a customer's line
	Unknown   State = "unknown"     // could not be asked
)

// An Address is an outgoing address and its reverse names.
type Address struct {
	Addr  netip.Addr
	Names []string // made safe
	State State
}

// Addresses looks at all addresses at once, in their order.
func Addresses(ctx context.Context, a Asker, addrs []netip.Addr) []Address {
	out := make([]Address, len(addrs))
	var all sync.WaitGroup
	for i, addr := range addrs {
		all.Go(func() { out[i] = address(ctx, a, addr) })
	}
	all.Wait()
	return out
}

func address(ctx context.Context, a Asker, addr netip.Addr) Address {
	out := Address{Addr: addr, State: Unknown}
	r := a.Ask(ctx, ask.Pointer(addr), ask.PTR)
	switch r.Status {
	case ask.None:
		out.State = Missing
		return out
	case ask.Found:
	default:
		return out
	}
	out.State = Elsewhere
	for i, name := range r.Names {
		if i == maxNames {
			break
		}
		out.Names = append(out.Names, safe(name))
		switch there, known := leads(ctx, a, name, addr); {
		case there && out.State != Fine && IsGeneric(name, addr):
			out.State = Generic
		case there && !IsGeneric(name, addr):
			out.State = Fine
		case !known && out.State == Elsewhere:
			out.State = Unknown
		}
	}
	return out
}

// leads says whether name has the address addr; known is false if that cannot be told.
func leads(ctx context.Context, a Asker, name string, addr netip.Addr) (there, known bool) {
	t := ask.A
	if !addr.Is4() {
		t = ask.AAAA
	}
	r := a.Ask(ctx, name, t)
	return slices.Contains(r.Addrs, addr), r.Status == ask.Found || r.Status == ask.None
}

// customer are words by which names of customers' lines are known.
var customer = regexp.MustCompile(`(^|[.0-9_-])(dyn|dynamic|dhcp|pool|ppp|pppoe|dial|dialup|dsl|adsl|cable|broadband|customer|cust|client|unassigned)([.0-9_-]|$)`)

// IsGeneric says whether name looks like that of a customer's line: the address stands in it, or a word for such lines.
func IsGeneric(name string, addr netip.Addr) bool {
	name = strings.ToLower(name)
	if customer.MatchString(name) {
		return true
	}
	if !addr.Is4() {
		return strings.Contains(name, strings.ReplaceAll(addr.StringExpanded(), ":", "-")) || strings.Contains(name, strings.ReplaceAll(addr.StringExpanded(), ":", ""))
	}
	var numbers []string
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(word); err == nil && len(word) <= 3 {
			numbers = append(numbers, strconv.Itoa(n))
		}
	}
	o := strings.Split(addr.String(), ".")
	back := slices.Clone(o)
	slices.Reverse(back)
	return holds(numbers, o) || holds(numbers, back) || holds(numbers, o[2:]) && len(numbers) == 2
}

// holds says whether part stands in all, in one piece.
func holds(all, part []string) bool {
	for i := 0; i+len(part) <= len(all); i++ {
		if slices.Equal(all[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

// Finding tells what was seen of an address.
func (a Address) Finding() runbook.Finding {
	names := strings.Join(a.Names, ", ")
	switch a.State {
	case Fine:
		return runbook.Finding{Level: runbook.OK, Text: runbook.Tf("%s: reverse name %s, which leads back", "%s: 逆引き %s、正引きと一致", a.Addr, names)}
	case Missing:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s has no reverse name (PTR): many receivers refuse its mail; ask the provider for one", "%s に逆引き (PTR) がない。受信を拒否されやすい。プロバイダーに設定を依頼する", a.Addr)}
	case Elsewhere:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s: its reverse name %s does not lead back to it", "%s: 逆引き %s を正引きしても元のアドレスに戻らない", a.Addr, names)}
	case Generic:
		return runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s: its reverse name %s looks like that of a customer's line", "%s: 逆引き %s が一般回線の名前に見える", a.Addr, names)}
	}
	return runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("%s: its reverse name could not be asked", "%s: 逆引きを確認できない", a.Addr)}
}

// HELO looks at the name that the server gives at HELO, whose addresses should be among addrs.
func HELO(ctx context.Context, a Asker, name string, addrs []netip.Addr) (State, runbook.Finding) {
	shown := safe(name)
	if !strings.Contains(strings.Trim(name, "."), ".") {
		return Missing, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the HELO name %s is no full host name", "HELO の名前 %s が完全なホスト名 (FQDN) ではない", shown)}
	}
	v4, v6 := a.Ask(ctx, name, ask.A), a.Ask(ctx, name, ask.AAAA)
	found := slices.Concat(v4.Addrs, v6.Addrs)
	answered := func(r ask.Reply) bool { return r.Status == ask.Found || r.Status == ask.None }
	switch {
	case slices.ContainsFunc(found, func(f netip.Addr) bool { return slices.Contains(addrs, f) }):
		return Fine, runbook.Finding{Level: runbook.OK, Text: runbook.Tf("the HELO name %s leads to an outgoing address", "HELO の名前 %s は送信元アドレスを指している", shown)}
	case !answered(v4) || !answered(v6):
		return Unknown, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the HELO name %s could not be asked", "HELO の名前 %s を確認できない", shown)}
	case len(found) == 0:
		return Missing, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the HELO name %s has no address", "HELO の名前 %s にアドレスがない", shown)}
	case len(addrs) == 0:
		return Unknown, runbook.Finding{Level: runbook.Info, Text: runbook.Tf("the HELO name %s exists; the outgoing addresses are not known", "HELO の名前 %s は存在するが、送信元アドレスが不明", shown)}
	}
	return Elsewhere, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("the HELO name %s leads to none of the outgoing addresses", "HELO の名前 %s がどの送信元アドレスも指していない", shown)}
}

// safe makes a name from DNS fit to be shown.
func safe(name string) string {
	if len(name) > 255 {
		name = name[:255]
	}
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r >= 0x7f {
			return '?'
		}
		return r
	}, name)
}
