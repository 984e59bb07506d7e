// Package account holds the kinds around mail accounts: which there are (account.list), what is wrong with those that a thief has
// used (account.audit), making their passwords worthless (account.lock), giving them another name (account.rename) and the old one again
// (account.restore), taking out what the thief has left in their mailbox (account.clean), and whether they are closed (account.check).
//
// A password is overwritten, copied back from a kept copy and compared, and never shown: it leaves its file only into a backup of the
// incident, which begins with random bytes since the record holds its hash. How the files are written is the knowledge of the server
// (spool.Accounts, spool.AccountFiles); how a change of them goes on after a crash is in package rewrite.
package account

import (
	"context"
	"io"
	"time"

	"hikeshi/actions/account/clean"
	"hikeshi/actions/account/lock"
	"hikeshi/actions/account/pick"
	"hikeshi/actions/account/rename"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// Env is what the kinds of this package work with.
type Env struct {
	Server    spool.Server
	Protected []string                                                            // accounts that are never renamed, with or without domain: postmaster
	Prefix    string                                                              // of new names; {random} stands for six letters; default zz-{random}-
	Backend   string                                                              // how accounts are renamed: auto (default), idx, command, manual
	Command   []string                                                            // that renames an account, with {old}, {new}, {domain} and {address} in it
	Random    io.Reader                                                           // crypto/rand.Reader
	Run       func(ctx context.Context, argv []string) (output []byte, err error) // err holds nothing of the output
	Clock     func() time.Time
	Recorded  func() ([]Renamed, error) // what incidents have renamed and not given back; nil: nothing
	// Standing says whether the renaming of an incident to this address is not undone, given back or not. An undo of account.restore asks
	// it; nil: it is not undone.
	Standing func(incident, renamed string) (bool, error)
}

// Renamed is an account that an incident renamed.
type Renamed = rename.Renamed

// RenamedBy reads what a recorded change of account.rename renamed.
func RenamedBy(incident string, c runbook.Change) ([]Renamed, error) {
	return rename.RenamedBy(incident, c)
}

// RestoredBy reads what a recorded change of account.restore gave its old name again: the Renamed that is over.
func RestoredBy(c runbook.Change) ([]Renamed, error) { return rename.RestoredBy(c) }

// List lists all accounts, for the verb that shows them.
func (e Env) List() (spool.AccountList, error) {
	d, err := pick.Open(e.Server)
	if err != nil {
		return spool.AccountList{}, err
	}
	return d.List()
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	reads := []string{"accounts"}
	named := []runbook.Param{accounts}
	all := []runbook.Kind{
		{Name: "account.list", Short: runbook.T("list the accounts", "アカウントを一覧する"), Facts: ListFacts{}, Reads: reads, Action: list{env}},
		{Name: "account.audit", Short: runbook.T("look for what is wrong with accounts, and keep copies", "アカウントを点検し、控えを取る"), Params: named,
			Facts: AuditFacts{}, Reads: reads, Action: audit{env}},
		{Name: "account.lock", Short: runbook.T("overwrite both passwords of accounts", "アカウントの両方のパスワードを無効な値で上書きする"), Params: named,
			Facts: lock.Facts{}, MaxRisk: runbook.Reversible, Reads: reads, Touches: reads, Action: lock.Action{Server: env.Server, Random: env.Random, Protected: env.Protected}},
		{Name: "account.clean", Short: runbook.T("take planted settings out of mailboxes", "メールボックスに仕込まれた設定を取り除く"), Params: named,
			Facts: clean.Facts{}, MaxRisk: runbook.Reversible, Reads: reads, Touches: reads, Action: clean.Action{Server: env.Server}},
		{Name: "account.check", Short: runbook.T("check that accounts are closed", "アカウントが閉じられているか確かめる"), Params: append(named[:1:1],
			runbook.Param{Name: "cause", Type: runbook.String, Short: "of the incident; with b a new password does not count, the name must be gone"}),
			Facts: CheckFacts{}, Reads: reads, Action: check{env}},
	}
	return append(all, rename.Kinds(rename.Env{Server: env.Server, Protected: env.Protected, Prefix: env.Prefix, Backend: env.Backend,
		Command: env.Command, Random: env.Random, Run: env.Run, Clock: env.Clock, Recorded: env.Recorded, Standing: env.Standing})...)
}

var accounts = runbook.Param{Name: "accounts", Type: runbook.Strings, Required: true, Short: "accounts, with or without their domain: taro, taro@example.jp"}

// RenameFacts are the facts of account.rename.
type RenameFacts = rename.Facts
