// Package delist writes letters about an incident for people to send: requests to get off blocklists, and notices. It never sends one, and
// never pays.
//
// What a letter says comes from the record of the incident (package casefile) and, as to who writes, from the configuration. What neither
// knows is a marked gap in the letter, which is then called incomplete.
package delist

import (
	"io/fs"
	"time"

	"hikeshi/actions/delist/casefile"
	"hikeshi/runbook"
)

// Env is what the kinds of this package work with.
type Env struct {
	History    func(incident string) (*runbook.History, error)         // the error wraps fs.ErrNotExist where there is no such incident
	Asked      func(incident string) ([]*runbook.LetterHistory, error) // letters of other incidents of this server that were sent; may be nil
	Words      fs.FS                                                   // the texts of letters: fields.yaml, and NAME.LANG.txt for each notice
	Programmes []byte                                                  // the table of sender programmes
	Writer     casefile.Writer
	Lang       string         // of the responder, for instructions: en or ja
	Zone       *time.Location // in which letters give times
	Clock      func() time.Time
}

func (e Env) now() time.Time {
	if e.Clock == nil {
		return time.Now().UTC()
	}
	return e.Clock().UTC()
}

func (e Env) zone() *time.Location {
	if e.Zone == nil {
		return time.UTC
	}
	return e.Zone
}

// Kinds are the kinds of this package.
func Kinds(e Env) []runbook.Kind {
	return append([]runbook.Kind{
		{Name: "delist.draft", Short: runbook.T("draft the requests to get off blocklists", "ブロックリストの掲載解除の申請文を作る"), Params: []runbook.Param{
			{Name: "only", Type: runbook.Strings, Short: "ids of requests, or the beginnings of ids (default: all)"},
			{Name: "language", Type: runbook.Choice, Choices: []string{"en", "ja"}, Short: "of what is sent (default: the operator's)"},
			{Name: "programmes", Type: runbook.Strings, Short: "sender programmes to ask though no refusal in the logs points to them"},
			{Name: "force", Type: runbook.Bool, Short: "write also what is not ready, marked NOT READY"}},
			Facts: Facts{}, Action: draft{e}},
	}, NoticeKinds(e)...)
}
