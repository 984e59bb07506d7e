package spool

// Origin says how an entry of the queue came about.
type Origin int

// The origins. Of several that fit the later one counts.
const (
	Handed  Origin = iota // a client handed it in; shares for some of its recipients and retries are the same message
	Derived               // the server made it from one that was handed in: a forward, a share of a mailing list, an automatic reply
	Bounce                // the server made it to tell of an error
)

// Origins is the optional ability of a server to tell by its name how a file of the queue came about. folder is the name of the queue
// folder: incoming. A name that is no queue file is Handed.
type Origins interface {
	Origin(folder, file string) Origin
}
