// Package place says what a queue lies on: whether another server may use it at the same moment (queue.nodes), and whether there is room.
//
// Two servers on one spool are two deliveries from one queue: what one of them sets aside, the other may be sending. Whether there is another
// one is asked of the settings of the server and of the filesystem; that nothing is found proves little (a mirrored disk looks like any
// other), so what is found has to be answered for by the responder.
package place

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"hikeshi/runbook"
	"hikeshi/spool/aside/filesystem"
)

// Env is what is looked at.
type Env struct {
	Paths func() []string // folders of the queue and the one that holds them; the first must be there

	// Shared says by the settings of the server whether others use its spool, and why; nil: this server has no such setting.
	Shared func() (why runbook.Text, shared bool, err error)
	// Type says what a path lies on; nil: asks the system.
	Type func(path string) (filesystem.Type, error)

	// Room says what is left: bytes, and percent of the inodes; nil: asks the system about the first of Paths.
	Room       func() (free, total uint64, inodesFree float64, err error)
	MinFree    uint64  // bytes that have to be free; 0: 1 GiB
	MinPercent float64 // or so many percent, whichever is less; and of the inodes; 0: 5
}

// Facts are the facts of queue.nodes.
type Facts struct {
	Shared bool   `json:"shared" expr:"shared"` // another server may use this spool
	Why    string `json:"why" expr:"why"`       // "" if not
}

type nodes struct{ env Env }

// Kind is the kind queue.nodes.
func Kind(env Env) runbook.Kind {
	return runbook.Kind{
		Name: "queue.nodes", Short: runbook.T("says whether another server may use this spool", "このスプールをほかのサーバーも使っていないか調べる"),
		Facts: Facts{}, Reads: []string{"settings"}, Action: nodes{env},
	}
}

// Plan asks the settings and the filesystem.
func (n nodes) Plan(_ context.Context, in runbook.Input) (runbook.Outcome, error) {
	if err := in.Decode(&struct{}{}); err != nil {
		return runbook.Outcome{}, err
	}
	l, err := n.env.look()
	if err != nil {
		return runbook.Outcome{}, err
	}
	if l.shared() {
		l.findings = append(l.findings, runbook.Finding{Level: runbook.Warn, Text: runbook.T(
			"stop the mail services on every other node before the queue is set aside, and change settings on each of them",
			"キューを退避する前に、ほかの全ノードのメールサービスを止めること。設定もノードごとに変更が必要")})
	} else {
		l.findings = append(l.findings, runbook.Finding{Level: runbook.OK, Evidence: n.env.Paths()[0], Text: runbook.T(
			"nothing says that another server uses this spool", "ほかのサーバーがこのスプールを使う形跡はない")})
	}
	return runbook.Outcome{Findings: l.findings, Facts: Facts{Shared: l.shared(), Why: l.why().EN}}, nil
}

// A look is what was found of other nodes.
type look struct {
	reasons  []runbook.Text // why there may be others
	findings []runbook.Finding
}

func (l look) shared() bool { return len(l.reasons) > 0 }

func (l look) why() runbook.Text {
	var en, ja []string
	for _, r := range l.reasons {
		en, ja = append(en, r.EN), append(ja, r.In("ja"))
	}
	return runbook.T(strings.Join(en, "; "), strings.Join(ja, "、"))
}

// look asks both. What one of them says is not undone by what the other cannot tell.
func (e Env) look() (look, error) {
	var l look
	settings := e.settings(&l)
	types := e.types(&l)
	for _, err := range []error{settings, types} {
		if err == nil {
			continue
		}
		if !l.shared() {
			return l, fmt.Errorf("%w: whether another server uses this spool: %w", runbook.ErrUndetermined, err)
		}
		l.findings = append(l.findings, runbook.Finding{Level: runbook.Warn, Text: runbook.Tf("not all could be found out: %v", "すべては調べられなかった: %v", err)})
	}
	return l, nil
}

func (e Env) settings(l *look) error {
	if e.Shared == nil {
		l.findings = append(l.findings, runbook.Finding{Level: runbook.Info, Text: runbook.T("no setting of this server says whether others use its spool", "スプールの共有を示す設定は、このサーバーにはない")})
		return nil
	}
	why, shared, err := e.Shared()
	switch {
	case err != nil:
		return err
	case shared:
		l.add(why, "")
	}
	return nil
}

func (l *look) add(why runbook.Text, evidence string) {
	l.reasons = append(l.reasons, why)
	l.findings = append(l.findings, runbook.Finding{Level: runbook.Warn, Evidence: evidence, Text: runbook.Tf("another server may use this spool: %[1]s", "ほかのサーバーがこのスプールを使っている可能性: %[2]s", why.EN, why.In("ja"))})
}

func (e Env) types(l *look) error {
	ask := e.Type
	if ask == nil {
		ask = filesystem.Of
	}
	var told []string
	for i, path := range e.Paths() {
		t, err := ask(path)
		switch {
		case err != nil && i == 0:
			return err
		case err != nil:
			continue // a queue folder that is missing is for queue.check to tell
		case !t.Known:
			l.findings = append(l.findings, runbook.Finding{Level: runbook.Warn, Evidence: path, Text: runbook.T(
				"whether the spool lies on a filesystem of the network cannot be told on this system", "スプールがネットワーク上のファイルシステムにあるか、この OS では判定できない")})
			return nil
		case t.Network && !slices.Contains(told, t.Name):
			told = append(told, t.Name)
			l.add(runbook.Tf("%[1]s lies on %[2]s", "%[1]s が %[2]s の上にある", path, t.Name), path)
		}
	}
	return nil
}
