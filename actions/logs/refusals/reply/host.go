package reply

import (
	"strings"

	"golang.org/x/net/publicsuffix"
)

// Bounds of names (RFC 1035 section 2.3.4), and the length from which a label may be the key of a customer.
const (
	maxName  = 253
	maxLabel = 63
	keyLabel = 20
)

// host reads the name of a host or a zone, and returns it in lower case: without a port, without the address that is asked about (four
// numbers or 32 nibbles, RFC 5782 section 2; about says that one stood there), and without a key of the list's customer, which is a
// secret.
func host(w string) (name string, about, ok bool) {
	if i := strings.IndexByte(w, ':'); i >= 0 {
		if !number(w[i+1:]) {
			return "", false, false
		}
		w = w[:i]
	}
	labels := strings.Split(w, ".")
	if len(w) > maxName || len(labels) < 2 || !top(labels[len(labels)-1]) || !spelled(labels) {
		return "", false, false
	}
	all := strings.Split(strings.ToLower(w), ".")
	labels = asked(all)
	about = len(labels) < len(all)
	if len(labels) > 2 && len(labels[0]) >= keyLabel && strings.ContainsAny(labels[0], "0123456789") {
		labels = labels[1:]
	}
	return strings.Join(labels, "."), about, len(labels) > 1
}

// leads are words before the name of a list, or of a host that is meant. A user with a dot in the name (taro.tokyo) mostly stands
// behind another word.
var leads = map[string]bool{"using": true, "by": true, "at": true, "in": true, "on": true, "see": true, "visit": true, "via": true, "list": true, "listed": true, "rbl": true,
	"dnsbl": true, "bl": true, "blacklist": true, "blocklist": true, "blacklisted": true, "blocklisted": true, "blocked": true, "zone": true}

// exists says whether a name ends like one under which names are given out (the public suffix list, its ICANN section): taro.yamada does
// not.
func exists(name string) bool {
	suffix, icann := publicsuffix.PublicSuffix(name)
	return icann && suffix != name || !icann && strings.Contains(suffix, ".") // the latter are of private owners, below one of ICANN
}

// top says whether a label may be the last one: letters, or an international name.
func top(label string) bool {
	low := strings.ToLower(label)
	if strings.HasPrefix(low, "xn--") {
		return len(label) <= maxLabel
	}
	for i := range len(label) {
		if !letter(label[i]) {
			return false
		}
	}
	return len(label) >= 2 && len(label) <= 24 && !strings.Contains(" html htm php cgi asp aspx ", " "+low+" ")
}

// spelled says whether the labels are those of a name, and spelled like one: "denied.Please" is two sentences that meet.
func spelled(labels []string) bool {
	for i, l := range labels {
		if l == "" || len(l) > maxLabel || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsAny(l, "#:") {
			return false
		}
		first, rest := l[:1], l[1:]
		small, large := rest != strings.ToUpper(rest), rest != strings.ToLower(rest)
		if small && large || small && first != strings.ToLower(first) && i == len(labels)-1 {
			return false
		}
	}
	return true
}

// asked cuts off the address that stands before a zone.
func asked(labels []string) []string {
	for _, n := range []int{4, 32} {
		if len(labels) < n+2 {
			continue
		}
		all := true
		for _, l := range labels[:n] {
			all = all && (n == 4 && number(l) && len(l) <= 3 || n == 32 && len(l) == 1)
		}
		if all {
			return labels[n:]
		}
	}
	return labels
}

// hostFolded is a name in the normal form: of a host with a number in its first label, one of many.
func hostFolded(name string) string {
	first, rest, _ := strings.Cut(name, ".")
	if !strings.ContainsAny(first, "0123456789") || !strings.Contains(rest, ".") {
		return name
	}
	return "{host}." + rest
}
