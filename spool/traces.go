package spool

import "time"

// Traces is where a server leaves what an investigation wants kept. Paths are absolute; an empty field means that the server has no
// such thing, or that nobody knows where.
type Traces struct {
	Counters     []string      // folders of failure counters, one file for each peer
	Counter      string        // how the names of such files end; they stand in the mailbox folders, too
	Tables       []string      // lock-out tables: files of peers that are refused before they can say anything
	Mailboxes    string        // folder of the mailboxes, which lie one or two levels below
	Login        string        // name of the file in a mailbox folder that lets its owner log in
	Accounts     string        // folder of the account files
	Account      string        // how the names of account files end
	Postmaster   []string      // mailbox folders of the administrator
	Logs         []string      // folders of the logs
	DeliveryScan time.Duration // from one look of the delivery service at its queue to the next
}

// Demand says of whom a server demands a login before it takes mail for outside.
type Demand string

// The demands.
const (
	DemandNobody    Demand = "nobody"    // naming an existing local sender is enough
	DemandLocal     Demand = "local"     // of local senders that have something to log in with
	DemandEverybody Demand = "everybody" // of every session
)

// LoginRule is what a server demands of those who hand in mail.
type LoginRule struct {
	Demand Demand
	Sender bool // who is logged in may name no other sender than himself
}

// Logins is what the end of a log says of logins. All figures are lower bounds: a session may log in more than once.
type Logins struct {
	On          bool // the log is switched on; nothing else is known when it is not
	Files       []string
	First, Last time.Time // of the lines read
	Sessions    int       // that have ended
	Unread      int       // lines that make no sense
	Cut         bool      // not all of the log was read
	Users       []Login   // most addresses first
}

// A Login is one name that was logged in with, or tried.
type Login struct {
	User      string
	Success   int
	Failed    int
	Addresses int      // different ones with success; IPv6 addresses of one /64 are one
	Top       []string // addresses of successes, most frequent first; bounded
}
