// Package denial refuses peers and envelope senders through two tables of Hikeshi's own, which main.cf and master.cf ask before everything
// else that a client has to pass:
//
//	smtpd_client_restrictions = check_client_access cidr:/etc/postfix/hikeshi-peers.cidr, ...
//	smtpd_sender_restrictions = check_sender_access texthash:/etc/postfix/hikeshi-senders, ...
//
// A restriction list that refuses cannot be overruled by another list (SMTPD_ACCESS_README), so what stands in the tables is refused after a
// login, too: permit_sasl_authenticated is a word of smtpd_relay_restrictions and of lists that begin with ours. Services of master.cf with a
// list of their own (-o smtpd_client_restrictions=…, as submission often has) get the table in front of that one. Those that listen on
// loopback only do not: they take mail back from a content filter, and what is refused there bounces.
package denial

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"hikeshi/spool"
	"hikeshi/spool/postfix/access"
	"hikeshi/spool/postfix/conf"
)

// Files are the tables and the settings of one Postfix.
type Files struct {
	Dir     string // the folder of main.cf, below the root
	Setting string // the same folder as the server sees it, without the root: as main.cf has to name it
	Queue   string // the queue directory, below the root
	Proc    string // /proc, or "" where no process of the server can be seen
	Program string // postfix, which is asked to reload; absolute

	Uptime func() (time.Duration, error) // since the boot of the machine, exactly; see Boottime. Needed where there is a Proc
}

// The names of the tables in the folder of main.cf.
const (
	peersName   = "hikeshi-peers.cidr"
	sendersName = "hikeshi-senders"
)

// hook is a list that has to begin with one of the tables.
type hook struct{ list, item string }

func (f Files) hooks() []hook {
	return []hook{
		{"smtpd_client_restrictions", "check_client_access cidr:" + filepath.Join(f.Setting, peersName)},
		{"smtpd_sender_restrictions", "check_sender_access texthash:" + filepath.Join(f.Setting, sendersName)},
	}
}

// Deniers are the table of peers and that of senders.
func (f Files) Deniers() []spool.Denier {
	return []spool.Denier{f.peers(), one{filepath.Join(f.Dir, sendersName), access.Senders{}, lookupSender}}
}

func (f Files) peers() one {
	return one{filepath.Join(f.Dir, peersName), access.Peers{}, lookupPeer}
}

// DenierOf is 0 for an address or a network, else 1.
func (f Files) DenierOf(target string) int {
	if (access.Peers{}).Takes(target) {
		return 0
	}
	return 1
}

// DenyFile is the table of peers.
func (f Files) DenyFile() string { return f.peers().DenyFile() }

// Decide says what the table of peers makes of a client.
func (f Files) Decide(file []byte, q spool.RelayQuery) spool.RelayDecision {
	return f.peers().Decide(file, q)
}

// Deny plans denials in the table of peers.
func (f Files) Deny(file []byte, targets []string) (spool.DenyEdit, error) {
	return f.peers().Deny(file, targets)
}

// Allow takes denials out of the table of peers.
func (f Files) Allow(file []byte, undo json.RawMessage, targets []string) (spool.DenyEdit, error) {
	return f.peers().Allow(file, undo, targets)
}

// HookFiles are main.cf and master.cf.
func (f Files) HookFiles() []string {
	return []string{filepath.Join(f.Dir, "main.cf"), filepath.Join(f.Dir, "master.cf")}
}

// Hook puts the tables in front of the lists of main.cf, or of the services of master.cf that have lists of their own.
func (f Files) Hook(path string, file []byte) (spool.DenyEdit, error) {
	put := conf.Before
	if filepath.Base(path) == "master.cf" {
		put = conf.BeforeInMaster
	} else if len(file) == 0 {
		return spool.DenyEdit{}, fmt.Errorf("%s is empty or not there", path)
	}
	e := spool.DenyEdit{After: file}
	var all []conf.Insert
	for _, h := range f.hooks() {
		var in []conf.Insert
		e.After, in = put(e.After, h.list, h.item)
		all = append(all, in...)
	}
	for _, in := range all {
		e.Added = append(e.Added, in.Text)
	}
	var err error
	e.Undo, err = json.Marshal(all)
	return e, err
}

// Unhook takes out what Hook put in, as far as it stands there.
func (f Files) Unhook(path string, file []byte, undo json.RawMessage) (spool.DenyEdit, error) {
	var all []conf.Insert
	if err := json.Unmarshal(undo, &all); err != nil {
		return spool.DenyEdit{}, fmt.Errorf("reading what was put into %s: %w", path, err)
	}
	after, err := conf.TakeOut(file, all)
	return spool.DenyEdit{After: after}, err
}

// Others says whether one of the tables has a line for somebody besides the targets.
func (f Files) Others(targets []string) (bool, error) {
	for _, d := range f.Deniers() {
		file, err := read(d.DenyFile())
		if err != nil {
			return false, err
		}
		if access.Others(d.(one).table, file, targets) {
			return true, nil
		}
	}
	return false, nil
}

// one is one of the tables.
type one struct {
	path   string
	table  access.Table
	lookup func(file []byte, q spool.RelayQuery) (access.Found, bool)
}

// DenyFile is the path of the table.
func (o one) DenyFile() string { return o.path }

// Deny puts a line for each target above all others. Undo is an access.Added as JSON.
func (o one) Deny(file []byte, targets []string) (spool.DenyEdit, error) {
	e, err := access.Deny(o.table, file, targets)
	return planned(e, err)
}

// Allow takes the lines out as they were added.
func (o one) Allow(file []byte, undo json.RawMessage, targets []string) (spool.DenyEdit, error) {
	var added access.Added
	if err := json.Unmarshal(undo, &added); err != nil {
		return spool.DenyEdit{}, fmt.Errorf("taking out denials: reading what was added: %w", err)
	}
	e, err := access.Allow(o.table, file, added, targets)
	return planned(e, err)
}

func planned(e access.Edit, err error) (spool.DenyEdit, error) {
	if err != nil {
		return spool.DenyEdit{}, err
	}
	d := spool.DenyEdit{After: e.After, Already: e.Already, Offset: e.Offset, Tested: e.Tested}
	for _, l := range e.Lines {
		d.Added = append(d.Added, l.Line)
	}
	if len(e.Lines) > 0 {
		d.Undo, err = json.Marshal(access.Added{Lines: e.Lines})
	}
	return d, err
}

// Decide says what the table makes of a client. Whether the client then may relay is for the other restrictions.
func (o one) Decide(file []byte, q spool.RelayQuery) spool.RelayDecision {
	f, asked := o.lookup(file, q)
	d := spool.RelayDecision{Result: "none", Line: f.Line, Text: f.Text,
		Meaning: "no line of the table is about it: the other restrictions decide", MeaningJA: "この表に該当する行はない。ほかの制限で決まる"}
	switch {
	case !asked:
		d.Meaning, d.MeaningJA = "the table is about something else", "この表の対象ではない"
	case f.Line > 0 && access.Refused(f.Result):
		d.Result, d.Reply = "deny", "554 5.7.1 (RCPT TO)"
		d.Meaning, d.MeaningJA = "refused at RCPT TO, after a login too", "RCPT TO で拒否する。認証後でも同じ"
	case f.Line > 0:
		d.Result = "pass"
		d.Meaning, d.MeaningJA = "this line does not refuse it: the other restrictions decide", "この行は拒否しない。ほかの制限で決まる"
	}
	return d
}

func lookupPeer(file []byte, q spool.RelayQuery) (access.Found, bool) {
	if !q.Peer.IsValid() {
		return access.Found{}, false
	}
	return access.Peers{}.Lookup(file, q.Peer), true
}

func lookupSender(file []byte, q spool.RelayQuery) (access.Found, bool) {
	if q.Sender == nil {
		return access.Found{}, false
	}
	return access.Senders{}.Lookup(file, *q.Sender), true
}
