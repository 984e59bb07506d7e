package pattern

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"hikeshi/runbook"
)

// Weight says how much a 2xx at RCPT tells.
type Weight string

// The weights.
const (
	Control Weight = "control" // has to be taken, or refusals prove nothing
	Strong  Weight = "S"
	Weak    Weight = "W"
)

// A Need is something that a test cannot do without.
type Need string

// The needs: things to be known, and things to be allowed.
const (
	Account      Need = "account"
	Domain       Need = "domain"
	BackupDomain Need = "backup_domain"
	Credentials  Need = "credentials"   // a login, with the leave to use it
	FailingLogin Need = "failing_login" // the leave to fail one login
	POP          Need = "pop"           // a login over POP3
)

// A Pattern is one relay test.
type Pattern struct {
	ID     string
	Weight Weight
	Forms  []Form
	Why    runbook.Text
	Needs  []Need
	Ports  []uint16 // on these listeners only; none: on all
	Same   []string // its result is the worst of these tests; it has no forms then
}

// Wants says whether the pattern has a need.
func (p Pattern) Wants(n Need) bool { return slices.Contains(p.Needs, n) }

// On says whether the pattern is for a listener.
func (p Pattern) On(port uint16) bool { return len(p.Ports) == 0 || slices.Contains(p.Ports, port) }

// A Form is one transaction, with place-holders or, after Fill, without.
type Form struct {
	Helo   string   // "" for the tester's own name
	From   string   // "<>" for the null sender
	To     []string // in this order
	Params string   // after MAIL FROM; may be ""
	Needs  []Need   // of this form, beside those of the pattern
}

// Names are the place-holders and what they stand for.
func Names() map[string]string {
	return map[string]string{
		"P": "the probe mailbox", "u": "its local part", "d": "its domain", "T": "a domain of the target", "U": "the local part of an account there",
		"H": "the target's host name", "IP": "its address as a literal", "F": "a second foreign sender", "B": "a domain that it is secondary MX for",
		"L": "the tester's own address as a literal", "R": "random letters",
	}
}

// implied is the need that a place-holder has, or "".
func implied(name string) Need {
	switch name {
	case "T":
		return Domain
	case "U":
		return Account
	case "B":
		return BackupDomain
	}
	return ""
}

var placeholder = regexp.MustCompile(`\{([A-Za-z]+)\}`)

// Values are the values of place-holders. One that is "" or missing is not known.
type Values map[string]string

// Literal is an address in an envelope (RFC 5321 section 4.1.3).
func Literal(a netip.Addr) string {
	if a.Is6() {
		return "[IPv6:" + a.String() + "]"
	}
	return "[" + a.String() + "]"
}

// ErrUnknown says that a place-holder has no value; its text names what is missing.
var ErrUnknown = errors.New("not known")

// Fill returns the form with values for its place-holders. The error wraps ErrUnknown where one has none; any other error means that the
// values do not make an envelope, and that nothing may be sent.
func (f Form) Fill(v Values) (Form, error) {
	out := Form{To: make([]string, len(f.To)), Needs: f.Needs}
	fill := func(to *string, from string, check func(string) string) error {
		*to = placeholder.ReplaceAllStringFunc(from, func(s string) string { return v[s[1:len(s)-1]] })
		for _, name := range holders(from) {
			if v[name] == "" {
				return fmt.Errorf("%s: %w", Names()[name], ErrUnknown)
			}
		}
		if why := check(*to); why != "" {
			return fmt.Errorf("filling %q: %s", from, why)
		}
		return nil
	}
	errs := []error{fill(&out.Helo, f.Helo, badHelo), fill(&out.From, f.From, badPath), fill(&out.Params, f.Params, badParams)}
	for i := range f.To {
		errs = append(errs, fill(&out.To[i], f.To[i], badPath))
	}
	for _, err := range errs {
		if err != nil {
			return Form{}, err
		}
	}
	return out, nil
}

// Mail is the MAIL command of a filled form.
func (f Form) Mail() string {
	from := "<" + f.From + ">"
	if f.From == "<>" {
		from = "<>"
	}
	return strings.TrimRight("MAIL FROM:"+from+" "+f.Params, " ")
}

// Rcpt are the RCPT commands of a filled form.
func (f Form) Rcpt() []string {
	var all []string
	for _, to := range f.To {
		all = append(all, "RCPT TO:<"+to+">")
	}
	return all
}

// ToProbe says whether the only recipient of the form, with its place-holders, is the probe mailbox in some spelling: nobody else could get a
// message.
func (f Form) ToProbe() bool {
	if len(f.To) != 1 {
		return false
	}
	names := holders(f.To[0])
	if !slices.Contains(names, "P") && !(slices.Contains(names, "u") && slices.Contains(names, "d")) {
		return false
	}
	return !slices.Contains(names, "U") && !slices.Contains(names, "L") && words(f.To[0]) == ""
}

func holders(s string) []string {
	var names []string
	for _, m := range placeholder.FindAllStringSubmatch(s, -1) {
		names = append(names, m[1])
	}
	return names
}

// words are the letters and digits of s that are not in place-holders.
func words(s string) string {
	return strings.Join(strings.FieldsFunc(placeholder.ReplaceAllString(s, "@"), func(r rune) bool { return strings.ContainsRune(`%@!:."[]`, r) }), " ")
}

// maxPath is the length of a path in bytes without its brackets (RFC 5321 section 4.5.3.1.3).
const maxPath = 254

// badPath says why s is nothing that may stand between the brackets of an envelope; "" if it may.
func badPath(s string) string {
	switch {
	case s == "<>":
		return ""
	case s == "":
		return "it is empty; the null sender is \"<>\""
	case len(s) > maxPath:
		return fmt.Sprintf("it is longer than %d bytes", maxPath)
	case !printable(s):
		return "an envelope holds printable ASCII characters without spaces only"
	case strings.ContainsAny(s, `<>\`):
		return "brackets and backslashes would leave the form of the envelope"
	case strings.Count(s, `"`)%2 != 0:
		return "a quotation mark is not closed"
	}
	return ""
}

var (
	heloForm  = regexp.MustCompile(`^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Fa-f.:]{3,45}\]|\[IPv6:[0-9A-Fa-f.:]{2,45}\])$`)
	paramForm = regexp.MustCompile(`^[A-Z0-9][A-Z0-9-]{0,30}=[!-<>-~]{1,250}$`)
)

func badHelo(s string) string {
	if s != "" && !heloForm.MatchString(s) {
		return "a host name or an address in square brackets is wanted"
	}
	return ""
}

func badParams(s string) string {
	if s != "" && !paramForm.MatchString(s) {
		return "one parameter such as AUTH=name is wanted (RFC 5321 section 4.1.2)"
	}
	return ""
}

func printable(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// A Table is what is tested, in the order in which it stands in the files.
type Table struct {
	Patterns []Pattern
	Off      []string // built-in tests that the own file has switched off
}

// Tests is how many tests there are: controls are none, and the forms of a test are one.
func (t Table) Tests() int {
	n := 0
	for _, p := range t.Patterns {
		if p.Weight != Control {
			n++
		}
	}
	return n
}

// needs are all needs there are.
func needs() []string {
	return []string{string(Account), string(BackupDomain), string(Credentials), string(Domain), string(FailingLogin), string(POP)}
}

// Ordered are the patterns in the order in which they are asked: controls, strong ones, weak ones, and those that follow from others.
func (t Table) Ordered() []Pattern {
	rank := map[Weight]int{Control: 0, Strong: 1, Weak: 2}
	all := slices.Clone(t.Patterns)
	slices.SortStableFunc(all, func(a, b Pattern) int {
		if (len(a.Same) > 0) != (len(b.Same) > 0) {
			return min(1, len(a.Same)) - min(1, len(b.Same))
		}
		return rank[a.Weight] - rank[b.Weight]
	})
	return all
}

// Name is how form i of a test is called, from 0: R25, R25.2.
func (p Pattern) Name(i int) string {
	if i > 0 {
		return fmt.Sprintf("%s.%d", p.ID, i+1)
	}
	return p.ID
}
