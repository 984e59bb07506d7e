package lab

import (
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"hikeshi/spool/lab/names"
	"hikeshi/spool/lab/traffic"
	"hikeshi/spool/lab/ways"
)

// A Scenario says what happens in a lab.
type Scenario struct {
	Name           string
	Cause          string // letter of the runbook: a stolen password, b no login, c open line, d own host, h not ours
	Title, TitleJA string

	// The server.
	Host     string   // its name
	Domain   string   // its own
	Accounts []string // of that domain, by name
	NoAuth   []string // those of Accounts without an auth file
	AuthOnly int      // setting SMTPAUTHOnly
	Relay    string   // lines of effect.dat below the two that the product is shipped with
	Way      ways.Way // how it is open besides
	Cluster  bool     // other hosts use the same spool, says the setting Clustering; see Lab.SecondNode

	// What DNS says of the server, and which blocklists do not answer.
	Addr     netip.Addr      // from which it sends
	Listings []names.Listing // its entries in blocklists
	Refusing []string        // zones of lists that refuse, see package names
	Failing  []string        // zones of lists whose own servers are gone

	// The thief.
	Abused     string       // the account that was abused, by name; "" if none was
	Stolen     bool         // its password is known to the thief
	Opening    string       // the line of Relay that lets the spam in; "" if none does
	Form       bool         // the spam comes from a form on the server itself, see Lab.CloseForm
	Senders    []string     // of the spam
	Sources    []netip.Addr // where it comes from: to be denied
	Fresh      []netip.Addr // further addresses of the thief, from which he tries what he is refused elsewhere
	Spam       int          // messages that come as fast as they can; then they go on more slowly
	Recipients [][]string   // of the spam

	// Everyone else.
	Mail    []traffic.Client
	Bounces []netip.Addr // hosts that return mail which was never sent here; they share Spam

	// The delivery.
	Rate       float64 // messages that it handles in a second
	RetryAfter time.Duration
	Refuses    map[string]int    // how often a domain refuses for the time being
	Rejects    []string          // domains that take nothing
	Answers    map[string]string // what these domains say; those without refuse in a few words that blame nobody
}

// Scenarios are all there are, the default first.
func Scenarios() []Scenario {
	return []Scenario{stolenPassword(), unauthenticatedSender(), openLine(), ownHost(), forged()}
}

// Find returns the scenario of that name, or the default for "".
func Find(name string) (Scenario, bool) {
	for _, s := range Scenarios() {
		if s.Name == name || name == "" {
			return s, true
		}
	}
	return Scenario{}, false
}

// Inputs are what a responder finds out about the scenario, as inputs of the runbook: cause, and accounts and sources if there are
// any, separated by commas.
func (s Scenario) Inputs() map[string]string {
	in := map[string]string{"cause": s.Cause}
	if s.Abused != "" {
		in["accounts"] = s.address(s.Abused)
	}
	var sources []string
	for _, a := range s.Sources {
		sources = append(sources, a.String())
	}
	if len(sources) > 0 {
		in["sources"] = strings.Join(sources, ",")
	}
	return in
}

func (s Scenario) address(account string) string { return account + "@" + s.Domain }

// formFile is there while the form on the server is on.
func formFile(root string) string { return filepath.Join(root, "var/www/form.enabled") }
