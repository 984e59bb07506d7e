package fix

import (
	"fmt"
	"strings"

	"hikeshi/actions/edit"
	"hikeshi/runbook"
	"hikeshi/spool"
)

// What shuts a door that is left open.
const (
	byLastLine = "`hikeshi relay fix --catch-all`"
	bySetting  = "`hikeshi relay settings --profile auth`"
)

// door is what a stranger could still do once the file is as planned, with the settings as they stand now.
type door struct {
	asked bool                // the server can say it
	ways  []spool.LintFinding // by which a stranger reaches the outside without a login
	shut  []string            // what is known to shut all of them, each by itself
	last  bool                // the last line is in the plan
	err   error               // why it cannot be told
}

// door asks the server. A file with a last line, and the setting, are tried in thought: only what helps is recommended.
func (a action) door(s server, f edit.File, e spool.MendEdit, m spool.Mending) door {
	k, ok := a.env.Server.(spool.Doorkeeper)
	if !ok {
		return door{}
	}
	d := door{asked: true, last: m.CatchAll}
	if d.ways, d.err = k.Door(e.After); d.err != nil || len(d.ways) == 0 {
		return d
	}
	if !m.CatchAll {
		more, err := s.Mend(f.Data, a.env.Own, spool.Mending{All: true, CatchAll: true})
		if err == nil {
			left, err := k.Door(more.After)
			if err == nil && len(left) == 0 {
				d.shut = append(d.shut, byLastLine)
			}
		}
	}
	for _, w := range d.ways {
		if w.Code != spool.NoLoginDemanded {
			return d
		}
	}
	d.shut = append(d.shut, bySetting)
	return d
}

// findings says what is left open, and what shuts it.
func (d door) findings(path string) []runbook.Finding {
	switch {
	case d.err != nil:
		return []runbook.Finding{{Level: runbook.Warn, Text: runbook.Tf("whether a stranger still reaches the outside without a login cannot be told: %v",
			"他人が認証なしで外部へ送信できるかどうかは判定できない: %v", d.err), Evidence: path}}
	case len(d.ways) == 0:
		return nil
	}
	w := d.ways[0]
	if w.Line > 0 {
		path = fmt.Sprintf("%s:%d", path, w.Line)
	}
	en, ja := w.Text, w.TextJA
	if n := len(d.ways) - 1; n > 0 {
		en, ja = en+", and "+runbook.Count(int64(n), "sender")+" more", fmt.Sprintf("%s。ほかに差出人 %d 件", ja, n)
	}
	how := d.unknown(w.Line)
	if len(d.shut) > 0 {
		how = runbook.T(strings.Join(d.shut, " or ")+" closes it", strings.Join(d.shut, " か ")+" で閉じる")
	}
	return []runbook.Finding{{Level: runbook.Bad, Text: runbook.T("the door stays open: "+en+". "+how.EN, "まだ閉じない: "+ja+"。"+how.JA), Evidence: path}}
}

// unknown is what to do where neither the last line alone nor the setting alone is known to shut the door.
func (d door) unknown(line int) runbook.Text {
	both := []string{bySetting}
	if !d.last {
		both = []string{byLastLine, bySetting}
	}
	if line > 0 {
		both = append([]string{fmt.Sprintf("`hikeshi relay fix --line %d`", line)}, both...)
	}
	return runbook.Tf("No one thing is known to close it: look at `hikeshi relay lint`, then use %s", "これだけで閉じるという方法はない。`hikeshi relay lint` を確かめ、次を行う: %s", strings.Join(both, ", "))
}

// warning tells those whom the mended lines let through on purpose. That a login is asked for is claimed only where the server asks all for one.
func (d door) warning(path string) runbook.Finding {
	text := runbook.T("whoever relayed by these lines on purpose, such as a printer, a gateway or a partner, has to log in now, or be permitted by its address",
		"これらの行で意図して中継していた相手 (複合機、ゲートウェイ、取引先など) は、認証するか、アドレスで許可する必要がある")
	if !d.asked || d.err != nil || len(d.ways) > 0 {
		text = runbook.T("whoever relayed by these lines on purpose, such as a printer, a gateway or a partner, may be refused now, and is then to be permitted by its address",
			"これらの行で意図して中継していた相手 (複合機、ゲートウェイ、取引先など) は拒否されるようになることがある。その場合はアドレスで許可する")
	}
	return runbook.Finding{Level: runbook.Warn, Text: text, Evidence: path}
}
