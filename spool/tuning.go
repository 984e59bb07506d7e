package spool

import (
	"encoding/json"
	"net/netip"
)

// A Tuner is the ability to read, check and write the settings that matter in an incident.
type Tuner interface {
	// Settings are the known settings as they stand now. A value that cannot be read is told in its Text.
	Settings() ([]Setting, error)
	// Tune checks a value and says what would be written where. The error is a *Refusal for a setting that is not known, may not
	// be set, or cannot have the value.
	Tune(name, value string) (Tuning, error)
	// Profile are values that belong together: auth, logs, lockouts. The error is a *Refusal for another name.
	Profile(name string) (Profile, error)
}

// A Refusal is an error that says in both languages why something is not done.
type Refusal struct{ EN, JA string }

// Error is the reason in English.
func (r *Refusal) Error() string { return r.EN }

// A Setting is one setting as it stands.
type Setting struct {
	Name         string // SMTPAUTHOnly; EPST5IMAP4S/AuthLockOut where several services have one of the name
	Value        string // "" when it is not set, or cannot be read
	Default      string // what holds when it is not set
	Set          bool
	Path         string
	Base         string  // the folder above Path below which no symbolic link is followed
	Level        string  // ok, info, warn, bad
	Text, TextJA string  // what the value means
	Reader       Service // that reads it when it starts; zero if every service does
	ReadOnly     bool    // shown, never written
}

// A Profile is a set of values under one name.
type Profile struct {
	Values       []string // NAME=VALUE
	Text, TextJA string   // what they do and what they leave alone
}

// A Tuning is a setting with the value that it is to get.
type Tuning struct {
	Setting             // as it stands
	New        string   // the value
	Means      Words    // what it means
	After      []byte   // the content of the file at Path; nil when Path is a folder, whose being there is the setting
	Lock       string   // a file that stands there while somebody else writes the value; "" if there is none
	Folders    []string // folders that are missing, the outermost first; Path itself if it is a folder
	Like       string   // a file whose owner and mode a new one gets; "": those of LikeFolder, without the right to execute
	LikeFolder string   // a folder whose owner and mode a new one gets
	Care       *Words   // what the responder should know of the new value; nil if nothing
	Opens      bool     // the new value opens a door that the old one keeps shut
	Closes     bool     // the reverse
	Login      bool     // it demands a login of the accounts that have an auth file: those without can still send
}

// Words is a remark in both languages.
type Words struct{ EN, JA string }

// A Mender is the ability to mend lines of the deny file that open the server.
type Mender interface {
	// Opening are the 1-based numbers of the lines that open the server.
	Opening(file []byte, own Own) []int
	// Mend returns file with the lines mended, and what that changes. The error is a *Refusal when it cannot be done.
	Mend(file []byte, own Own, m Mending) (MendEdit, error)
	// Unmend makes the inverse edit on file, given the Undo of a MendEdit. The error wraps fs.ErrNotExist when nothing of it stands
	// there, and says so when lines of it have been changed.
	Unmend(file []byte, undo json.RawMessage) ([]byte, error)
}

// Mending says which lines to mend.
type Mending struct {
	Lines    []int // 1-based
	All      bool  // all that open the server
	CatchAll bool  // add a last line by which everybody else has to log in to relay
}

// A MendEdit is a change of the deny file.
type MendEdit struct {
	After    []byte          // the whole file as it would be
	Fixed    []int           // numbers of the lines mended
	CatchAll bool            // the last line was added
	Left     []int           // lines that open the server after it
	Shut     []int           // lines that were named and open nothing; they stay as they are
	Everyone int             // line for everyone below which no last line is read, so that none was added; 0: none
	Undo     json.RawMessage // for Unmend
	Tested   int             // decisions compared before and after
	Affected []Affected      // those that change, bounded
	More     bool            // there are more of these
}

// Affected is a decision that changes.
type Affected struct {
	Peer          netip.Addr
	Sender        *string // as in RelayQuery
	Before, After RelayDecision
	Other         bool // no mended line decided before, nor does an added one now
}

// A HardDenier is the ability to cut peers off when they connect, through tables of addresses. All methods work on bytes.
type HardDenier interface {
	// HardTables are the tables, that of the receiver first.
	HardTables() []HardTable
	// HardDeny plans that table refuses targets for ever. The error is a *Refusal for a target that the tables cannot hold.
	HardDeny(table []byte, targets []string) (HardEdit, error)
	// HardAllow takes out exactly the rows that an edit added. The error wraps fs.ErrNotExist when none of them stands there.
	HardAllow(table []byte, e HardEdit) ([]byte, error)
}

// A HardTable is one of these tables.
type HardTable struct {
	Name    string // smtp, pop, imap
	Path    string
	Service Service // that reads it at every connection, and appends to it
	Like    string  // a file whose owner and mode a new one gets
}

// A HardEdit adds rows to a table. It is plain data.
type HardEdit struct {
	Rows    []HardRow `json:"rows"`              // in the order of the table
	Insert  bool      `json:"insert,omitempty"`  // somewhere above the end: by rewriting the table while its service is stopped
	Offset  int64     `json:"offset"`            // where they go in; the size of the table unless Insert
	Open    int       `json:"open,omitempty"`    // length of the last line of the table, if it lacks its LF and the edit puts that in first
	Already []string  `json:"already,omitempty"` // targets that the table refuses for ever without an edit
}

// A HardRow is one row of a HardEdit.
type HardRow struct {
	Target string `json:"target"` // as it was given
	Row    string `json:"row"`    // with its LF
	Twins  int    `json:"twins"`  // rows of the same bytes that stood in the table before
}

// Bytes are the bytes that the edit adds at Offset.
func (e HardEdit) Bytes() []byte {
	var b []byte
	if e.Open > 0 && len(e.Rows) > 0 {
		b = append(b, '\n')
	}
	for _, r := range e.Rows {
		b = append(b, r.Row...)
	}
	return b
}
