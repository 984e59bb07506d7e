package conf

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
)

// An Option is a parameter of main.cf that a service of master.cf has its own value of (-o NAME=VALUE).
type Option struct {
	Service, Type string // smtp, inet
	Program       string // smtpd
	Name, Value   string
	Line          int // 1-based, of the service
	at            int // behind the = in the file
}

// Path is the option as postconf -P writes it: submission/inet/smtpd_client_restrictions.
func (o Option) Path() string { return o.Service + "/" + o.Type + "/" + o.Name }

// Loopback says whether the service is for this machine only, such as the one that takes mail back from a content filter.
func (o Option) Loopback() bool {
	host := strings.TrimSuffix(o.Service[:strings.LastIndexByte(o.Service, ':')+1], ":")
	if host == "" {
		return false
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil && a.IsLoopback() || host == "localhost"
}

// word is a word of a logical line, or what stands in a pair of braces.
type word struct {
	text string
	at   int // of its first byte in the file
}

// fields are the fields in front of the arguments: service, type, private, unpriv, chroot, wakeup, maxproc, command.
const fields = 8

// Options are those of all services of a master.cf (master(5)), in its order.
func Options(file []byte) []Option {
	var all []Option
	for _, s := range spans(file) {
		words := wordsOf(file, s)
		if len(words) < fields {
			continue
		}
		base := Option{Service: words[0].text, Type: words[1].text, Program: words[7].text, Line: s.Line}
		args := words[fields:]
		for i := 0; i+1 < len(args); i++ {
			if args[i].text != "-o" {
				continue
			}
			i++
			name, value, ok := strings.Cut(args[i].text, "=")
			if !ok {
				continue
			}
			o := base
			o.Name, o.Value, o.at = strings.Trim(name, blanks), strings.Trim(value, blanks), args[i].at+len(name)+1
			all = append(all, o)
		}
	}
	return all
}

// wordsOf are the words of a logical line, without the comments between its lines.
func wordsOf(file []byte, s Span) []word {
	var all []word
	at := s.At
	for raw := range bytes.Lines(file[s.At:s.End]) {
		if text := bytes.Trim(raw, blanks); len(text) > 0 && (text[0] != '#' || at == s.At) {
			all = append(all, split(string(raw), at)...)
		}
		at += len(raw)
	}
	return all
}

func split(line string, at int) []word {
	var all []word
	for i := 0; i < len(line); {
		switch {
		case strings.ContainsRune(" \t\r\n", rune(line[i])):
			i++
		case line[i] == '{':
			end := strings.IndexByte(line[i:], '}')
			if end < 0 {
				end = len(line) - i
			}
			all = append(all, word{line[i+1 : i+end], at + i + 1})
			i = min(len(line), i+end+1)
		default:
			end := strings.IndexAny(line[i:], " \t\r\n")
			if end < 0 {
				end = len(line) - i
			}
			all = append(all, word{line[i : i+end], at + i})
			i += end
		}
	}
	return all
}

// BeforeInMaster puts item in front of the list that the parameter name is in the options of every smtpd of a master.cf that has an own value
// of it and is there for others than this machine. In them a list has no blanks. The rest have the value of main.cf.
func BeforeInMaster(file []byte, name, item string) ([]byte, []Insert) {
	var all []Insert
	seen := map[string]bool{}
	for _, o := range slices.Backward(Options(file)) {
		if seen[o.Path()] {
			continue // of two options of one name the last counts
		}
		seen[o.Path()] = true
		if o.Program != "smtpd" || o.Name != name || o.Loopback() || starts(Items(o.Value), item) {
			continue
		}
		text := strings.Join(Items(item), ",")
		if o.Value != "" {
			text += ","
		}
		file = splice(file, o.at, text)
		all = append([]Insert{{Name: o.Path(), Text: text}}, all...)
	}
	return file, all
}
