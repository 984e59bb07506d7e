package denied

import (
	"net/netip"
	"slices"

	"hikeshi/actions/smtpcheck/denied/weigh"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/runbook"
)

// A Report is what a verification has shown.
type Report struct {
	Results                []Result
	Open                   []Listener
	Closed                 []string     // addresses and ports at which nothing listens
	Nothing                runbook.Text // why nothing was asked at all; empty if it was
	Account, Probe, Sender string       // that were used; Account "" if none is known
	Tested                 bool         // a test account was there to log in with
	Log                    *talk.Log
}

// A Listener is one address and port that answers.
type Listener struct {
	At    netip.AddrPort
	By    string // who said yes
	Reply string // to a stranger's mail from elsewhere
	Taken bool
}

// A Result is one denied source at one address and port.
type Result struct {
	Denied     string       `json:"denied" expr:"denied"`
	Listener   string       `json:"listener" expr:"listener"`
	From       string       `json:"from" expr:"from"` // where it was asked from; "" if it was not
	Result     string       `json:"result" expr:"result"`
	Login      string       `json:"login" expr:"login"`     // refused, cut-off, taken, not-tested
	Null       string       `json:"null" expr:"null"`       // mail with the null sender to an account: taken, refused, deferred, not-tested
	Relayed    bool         `json:"relayed" expr:"relayed"` // mail to the outside was taken without a login
	Reply      string       `json:"reply" expr:"reply"`
	LoginReply string       `json:"login_reply" expr:"login_reply"`
	Reference  string       `json:"reference" expr:"reference"` // the answer to the same from elsewhere
	Why        runbook.Text `json:"why" expr:"why"`
	NoLogin    runbook.Text `json:"no_login" expr:"no_login"`   // why the login was not tested
	Elsewhere  bool         `json:"elsewhere" expr:"elsewhere"` // somebody else has to ask: see Facts.Asks
	Besides    bool         `json:"besides" expr:"besides"`     // says nothing, and another listener proves the denial
	File       []Decision   `json:"file" expr:"file"`           // what the server's own files decide, without and with a login
}

// transcript is the name of the evidence.
const transcript = "denied.txt"

// Facts are the facts of smtp.denied.
type Facts struct {
	State      string   `json:"state" expr:"state"`   // the worst result; nothing-asked if there is none
	Proven     bool     `json:"proven" expr:"proven"` // everything is denied, and no login walks around it
	Open       []string `json:"open" expr:"open"`     // what is not denied, or not after a login
	Untold     []string `json:"untold" expr:"untold"` // of which nothing can be said
	Results    []Result `json:"results" expr:"results"`
	Asks       []Ask    `json:"asks" expr:"asks"` // for somebody who has the address
	Account    string   `json:"account" expr:"account"`
	Transcript string   `json:"transcript" expr:"transcript"` // name of the evidence
}

// NothingAsked is the state where nothing could be asked, or nothing was named.
const NothingAsked = "nothing-asked"

// enter enters what follows from the answers.
func (x *Result) enter(v weigh.Verdict) {
	x.Result, x.Login, x.Null, x.Relayed, x.Reply, x.LoginReply, x.Why, x.NoLogin = v.Result, v.Login, v.Null, v.Relayed, v.Reply, v.LoginReply, v.Why, v.NoLogin
}

// settle marks the results that are no open question: at a listener that refuses everybody (submission without a login) nothing can be
// compared, and another one proves the denial; what no IPv6 address can reach another listener can show.
func (r *Report) settle() {
	all := slices.Clone(r.Results)
	for i, x := range all {
		r.Results[i].Besides = slices.ContainsFunc(all, func(y Result) bool {
			return y.Denied == x.Denied && (x.Besides && !y.Besides || x.Result == Otherwise && y.Result == Denied)
		})
	}
}

// State is the worst result.
func (r Report) State() string {
	state := NothingAsked
	for _, x := range r.Results {
		if !x.Besides && (state == NothingAsked || weigh.Rank(x.Result) > weigh.Rank(state)) {
			state = x.Result
		}
	}
	return state
}

// Proven says whether every source is denied, and no login walks around it.
func (r Report) Proven() bool {
	return r.State() == Denied && !slices.ContainsFunc(r.Results, func(x Result) bool { return !x.Besides && x.Login == NotTested })
}

// Facts says in short what was seen.
func (r Report) Facts() Facts {
	f := Facts{State: r.State(), Proven: r.Proven(), Open: []string{}, Untold: []string{}, Results: []Result{}, Asks: r.Asks(), Account: r.Account, Transcript: transcript}
	add := func(all *[]string, one string) {
		if !slices.Contains(*all, one) {
			*all = append(*all, one)
		}
	}
	for _, x := range r.Results {
		f.Results = append(f.Results, x)
		switch {
		case x.Besides:
		case x.Result == NotDenied || x.Result == AfterLogin:
			add(&f.Open, x.Denied)
		case x.Result == CannotTell || x.Result == Otherwise:
			add(&f.Untold, x.Denied)
		}
	}
	return f
}
