package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Senders is the table of envelope senders, of type texthash.
type Senders struct{}

// Takes says whether the target is a sender: it is no address and no network.
func (Senders) Takes(target string) bool { return !Peers{}.Takes(target) }

func (Senders) key(target string) (string, error) {
	if err := sane(target); err != nil {
		return "", err
	}
	key := strings.ToLower(target)
	local, domain, whole := strings.Cut(key, "@")
	switch {
	case strings.ContainsAny(key, "#<>,;\"\\()[]*/:"):
		return "", errors.New("quotes, brackets, stars, lists and addresses with a mistake are not taken here: name one network, domain or sender")
	case whole && (local == "" || domain == ""):
		return "", errors.New("a sender has text on both sides of the @; a domain is written without it")
	case strings.Contains(domain, "@"):
		return "", errors.New("it has more than one @")
	}
	if !whole {
		domain = key
	}
	if slices.Contains(strings.Split(domain, "."), "") {
		return "", errors.New("its domain has an empty label")
	}
	if strings.Trim(domain, "0123456789.") == "" {
		return "", errors.New("it is no whole address and no domain")
	}
	return key, nil
}

// table is the file as Postfix has it in memory: of two lines with the same key the first one counts, and Postfix warns of the other.
func table(rules []rule) map[string]rule {
	m := map[string]rule{}
	for _, r := range rules {
		key := strings.ToLower(r.pattern)
		if _, there := m[key]; !there {
			m[key] = r
		}
	}
	return m
}

// Lookup is what Postfix finds for an envelope sender without its brackets, "" being the null sender: the address, its domain, the domains
// above it, the local part (access(5), EMAIL ADDRESS PATTERNS, with smtpd_access_maps in parent_domain_matches_subdomains, which is the
// default).
func (Senders) Lookup(file []byte, sender string) Found {
	m := table(parse(file))
	for _, key := range lookups(sender) {
		if r, ok := m[key]; ok {
			return r.found()
		}
	}
	return Found{}
}

func lookups(sender string) []string {
	sender = strings.ToLower(sender)
	if sender == "" || sender == "<>" {
		return []string{"<>"}
	}
	i := strings.LastIndexByte(sender, '@')
	if i < 0 {
		return []string{sender, sender + "@"}
	}
	all := []string{sender}
	for domain := sender[i+1:]; domain != ""; {
		all = append(all, domain)
		_, domain, _ = strings.Cut(domain, ".")
	}
	return append(all, sender[:i+1])
}

// refuses says whether the key is refused: a sender is if its domain is.
func (Senders) refuses(rules []rule, key string) bool {
	m := table(rules)
	sender := key
	if !strings.Contains(key, "@") {
		sender = unnamed + "@" + key
	}
	for _, k := range lookups(sender) {
		if r, ok := m[k]; ok {
			return Refused(r.result)
		}
	}
	return false
}

// unnamed is a local part that no line can name.
const unnamed = "\x00"

// against returns the line that lets a part of what the key means through: nothing that is added could refuse that.
func (Senders) against(rules []rule, key string) (rule, bool) {
	for _, r := range table(rules) {
		name := strings.ToLower(r.pattern)
		below := !strings.Contains(key, "@") && (strings.HasSuffix(name, "@"+key) || strings.HasSuffix(name, "."+key))
		if (name == key || below) && !Refused(r.result) {
			return r, true
		}
	}
	return rule{}, false
}

// proof looks up every key of both files as it stands and as a sender of it.
func (t Senders) proof(before, after []byte, keys []string) (int, error) {
	asked := map[string]bool{"<>": true}
	for _, file := range [][]byte{before, after} {
		for key := range table(parse(file)) {
			asked[key], asked["x."+key], asked["x@"+key] = true, true, true
		}
	}
	n := 0
	for _, s := range slices.Sorted(maps.Keys(asked)) {
		if n++; n > mostAsked {
			break
		}
		b, f := t.Lookup(before, s), t.Lookup(after, s)
		if b.Result != f.Result && !belongs(s, keys) {
			return n, fmt.Errorf("%.80q is named by nobody, and the lookup changes from %.80q to %.80q", s, b.Result, f.Result)
		}
	}
	return n, nil
}

// belongs says whether one of the keys is looked up for sender.
func belongs(sender string, keys []string) bool {
	return slices.ContainsFunc(append(lookups(sender), lookups("x@"+sender)...), func(k string) bool { return slices.Contains(keys, k) })
}
