package postfix

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hikeshi/spool/postfix/conf"
)

// settings are the parameters of a main.cf, as far as they are needed.
type settings struct {
	path    string
	text    map[string]string // as they stand
	resolve func(path string) (string, error)
}

// maxSettings bounds main.cf, and files with lists that it names, in bytes.
const maxSettings = 4 << 20

func readSettings(dir string) (settings, error) {
	s := settings{path: filepath.Join(dir, "main.cf"), text: map[string]string{}}
	b, err := readFile(s.path)
	if err != nil {
		return s, fmt.Errorf("reading the settings: %w", err)
	}
	for _, p := range conf.Parameters(b) {
		s.text[p.Name] = p.Value
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSettings+1))
	if len(b) > maxSettings {
		err = fmt.Errorf("%s has more than %d bytes", path, maxSettings)
	}
	return b, err
}

// The values where main.cf says nothing (postconf(5)); myhostname is the name of the machine.
var defaultValues = map[string]string{
	"mydestination": "$myhostname, localhost.$mydomain, localhost", "myorigin": "$myhostname", "queue_directory": defaultQueue,
	"relay_domains": "", "virtual_alias_domains": "", "virtual_mailbox_domains": "",
}

// maxExpansion is how often the names in a value are replaced, and maxValue how long it may become.
const (
	maxExpansion = 10
	maxValue     = 64 << 10
)

// value is a parameter with the names in it replaced: $name, ${name} and $(name). Conditions (${name?…}) are left out.
func (s settings) value(name string) string {
	text, ok := s.text[name]
	if !ok {
		text = s.fallback(name)
	}
	for range maxExpansion {
		next := s.expand(text)
		if next == text || len(next) > maxValue {
			break
		}
		text = next
	}
	return text
}

func (s settings) fallback(name string) string {
	if name != "myhostname" && name != "mydomain" {
		return defaultValues[name]
	}
	host := s.text["myhostname"]
	if name == "myhostname" || host == "" || strings.Contains(host, "$") { // of which mydomain would be a part
		host, _ = os.Hostname() // "" if it cannot be told
	}
	if _, domain, ok := strings.Cut(host, "."); ok && name == "mydomain" && strings.Contains(domain, ".") {
		return domain
	}
	return host
}

// expand replaces the names in text once.
func (s settings) expand(text string) string {
	return os.Expand(strings.NewReplacer("$(", "${", ")", "}").Replace(closed(text)), func(name string) string {
		if strings.ContainsAny(name, "?:{}") {
			return ""
		}
		if v, ok := s.text[name]; ok {
			return v
		}
		return s.fallback(name)
	})
}

// closed leaves parentheses alone where none opens a name.
func closed(text string) string {
	if !strings.Contains(text, "$(") {
		return strings.NewReplacer("(", "", ")", "").Replace(text)
	}
	return text
}

// domains are the domains that the server takes mail for: those of mailboxes here, those that it hosts, and those that it relays to. Names in
// files are read, tables are not.
func (s settings) domains() []string {
	var all []string
	for _, name := range []string{"mydestination", "virtual_mailbox_domains", "virtual_alias_domains", "relay_domains"} {
		for _, item := range conf.Items(s.value(name)) {
			all = append(all, s.item(item)...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// item is the domain that an item of a list is, or those of the file that it names.
func (s settings) item(item string) []string {
	if !strings.HasPrefix(item, "/") {
		if d := strings.ToLower(strings.Trim(item, ".")); domain(d) {
			return []string{d}
		}
		return nil
	}
	at, err := s.resolve(item)
	if err != nil {
		return nil
	}
	b, err := readFile(at)
	if err != nil {
		return nil
	}
	var all []string
	for line := range strings.Lines(string(b)) {
		if word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word != "" && word[0] != '#' {
			if d := strings.ToLower(word); domain(d) {
				all = append(all, d)
			}
		}
	}
	return all
}

// domain says whether a word can be one, and no table, address or exception.
func domain(s string) bool {
	return strings.Contains(s, ".") && !strings.ContainsAny(s, ":/@!$[]{}*") && strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}
