package field

import (
	"net/netip"
	"slices"
	"strings"

	"hikeshi/actions/delist/casefile"
	"hikeshi/actions/delist/harmless"
)

// subject is what the request is about: the listed domain or address, else the server's only outgoing address; "" if that is not known.
func (w *writing) subject() string {
	if w.Domain {
		return w.domain()
	}
	if a, err := netip.ParseAddr(w.Subject); err == nil {
		return a.WithZone("").String()
	}
	if all := addresses(w.Case); w.Subject == "" && len(all) == 1 {
		return all[0].String()
	}
	return ""
}

func (w *writing) subjectIP() string {
	if !w.Domain && w.subject() != "" {
		return w.subject()
	}
	return w.join(", ")
}

func (w *writing) ips() string { return w.join("; ") }

// join lists the address in question and all outgoing ones, each once.
func (w *writing) join(sep string) string {
	var all []string
	if s := w.subject(); s != "" && !w.Domain {
		all = append(all, s)
	}
	for _, a := range addresses(w.Case) {
		if s := a.String(); !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return strings.Join(all, sep)
}

// network is the /24 of an address, and for IPv6 its /64: what lists of networks enter.
func (w *writing) network() string {
	a, err := netip.ParseAddr(w.Subject)
	if err != nil || w.Domain {
		return ""
	}
	bits := 64
	if a = a.Unmap().WithZone(""); a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// domain is the listed domain, or the main one of the server.
func (w *writing) domain() string {
	if name := strings.TrimSuffix(w.Subject, "."); w.Domain && harmless.IsName(name) {
		return name
	}
	if w.Domain {
		return ""
	}
	return w.mainDomain()
}

func (w *writing) mainDomain() string {
	if len(w.Writer.Domains) == 0 || !harmless.IsName(w.Writer.Domains[0]) {
		return ""
	}
	return strings.TrimSuffix(w.Writer.Domains[0], ".")
}

// hosts are the outgoing addresses that the request is about, with their reverse names.
func (w *writing) hosts() []casefile.Host {
	if w.Case.Lists == nil {
		return nil
	}
	a, err := netip.ParseAddr(w.subject())
	var some []casefile.Host
	for _, h := range w.Case.Lists.Hosts {
		b, bad := netip.ParseAddr(h.Address)
		if bad == nil && (err != nil || a.Unmap() == b.Unmap()) {
			some = append(some, h)
		}
	}
	return some
}

// rdns names the reverse names as they are now. An address without one leaves a gap.
func (w *writing) rdns() string {
	var all []string
	for _, h := range w.hosts() {
		names := hostNames(h)
		if len(names) == 0 {
			return ""
		}
		all = append(all, h.Address+": "+strings.Join(names, ", "))
	}
	return strings.Join(all, "\n")
}

// fcrdns names the reverse names that lead back, if there is one for every address.
func (w *writing) fcrdns() string {
	var all []string
	for _, h := range w.hosts() {
		names := hostNames(h)
		if h.State != "fine" || len(names) == 0 {
			return ""
		}
		all = append(all, w.say("leads_back", "subject", h.Address, "name", strings.Join(names, ", ")))
	}
	return strings.Join(all, "\n")
}

func hostNames(h casefile.Host) []string {
	var all []string
	for _, n := range h.Names {
		if n = strings.TrimSuffix(n, "."); harmless.IsName(n) {
			all = append(all, n)
		}
	}
	return all
}

// postmaster is the address at the own domain of a confirmed reverse name.
func (w *writing) postmaster() string {
	for _, h := range w.hosts() {
		for _, n := range hostNames(h) {
			for _, d := range w.Writer.Domains {
				if h.State == "fine" && harmless.IsName(d) && harmless.IsAt("@"+n, []string{d}) {
					return "postmaster@" + strings.TrimSuffix(d, ".")
				}
			}
		}
	}
	return ""
}

func (w *writing) helo() string {
	if w.Case.Lists == nil || !harmless.IsName(w.Case.Lists.HELO) {
		return ""
	}
	return w.Case.Lists.HELO
}

// static says that the address is a fixed one, if the configuration says so.
func (w *writing) static() string {
	if !w.Writer.Static || w.subject() == "" || w.Domain {
		return ""
	}
	return w.say("static")
}

// addresses are the outgoing addresses of the server that could be read, in their order.
func addresses(c casefile.Case) []netip.Addr {
	if c.Lists == nil {
		return nil
	}
	var all []netip.Addr
	for _, h := range c.Lists.Hosts {
		if a, err := netip.ParseAddr(h.Address); err == nil {
			all = append(all, a.WithZone(""))
		}
	}
	return all
}
