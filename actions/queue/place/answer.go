package place

import (
	"fmt"

	"hikeshi/runbook"
)

// The answers to the question for other nodes.
const (
	Unanswered = ""
	Stopped    = "stopped" // there are others, and their mail services are stopped
	Single     = "single"  // there is no other
)

// Answers are all of them.
func Answers() []string { return []string{Unanswered, Stopped, Single} }

// Answered says what is to be told before the queue is set aside. Where another server may use the spool and nobody has answered for it, the
// error wraps runbook.ErrInput; where that cannot be found out, runbook.ErrUndetermined.
func (e Env) Answered(answer string) ([]runbook.Finding, error) {
	if answer != Unanswered && answer != Stopped && answer != Single {
		return nil, fmt.Errorf("%w: nodes is %q; it is %s or %s", runbook.ErrInput, answer, Stopped, Single)
	}
	l, err := e.look()
	switch {
	case answer == Unanswered && err != nil:
		return nil, fmt.Errorf("%w; stop the mail services on every other node, then say `--nodes stopped`, or `--nodes single` if there is none", err)
	case answer == Unanswered && l.shared():
		return nil, fmt.Errorf("%w: another server may use this spool (%s): stop the mail services on every other node, then say `--nodes stopped`; `--nodes single` if there is none",
			runbook.ErrInput, l.why().EN)
	case answer == Unanswered || err == nil && !l.shared():
		return nil, nil
	}
	why := l.why()
	if err != nil {
		why = runbook.T(err.Error(), "")
	}
	text := runbook.Tf("the responder says that the mail services on every other node are stopped (%[1]s)", "ほかの全ノードのメールサービスは停止済みとの回答 (%[2]s)", why.EN, why.In("ja"))
	if answer == Single {
		text = runbook.Tf("the responder says that there is no other node (%[1]s)", "ほかのノードはないとの回答 (%[2]s)", why.EN, why.In("ja"))
	}
	return []runbook.Finding{{Level: runbook.Warn, Text: text}}, nil
}
