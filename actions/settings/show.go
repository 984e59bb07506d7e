package settings

import (
	"context"
	"fmt"
	"strconv"

	"hikeshi/runbook"
	"hikeshi/spool"
)

// ShowFacts are the facts of settings.show. A number is that which holds: the default where none is set, -1 where it cannot be read.
type ShowFacts struct {
	AuthOnly  int      `json:"auth_only" expr:"auth_only"`   // SMTPAUTHOnly
	FromLevel int      `json:"from_level" expr:"from_level"` // FROMSecLevel
	Vrfy      int      `json:"vrfy" expr:"vrfy"`
	LockOut   int      `json:"lock_out" expr:"lock_out"`   // AuthLockOut
	Clustered bool     `json:"clustered" expr:"clustered"` // other nodes may be there, or it cannot be told
	LogsOff   []string `json:"logs_off" expr:"logs_off"`   // logs that matter and are not written
	Bad       []string `json:"bad" expr:"bad"`             // settings whose value opens the server, or has no meaning
}

// logNames are the logs whose switches are looked at; outlocallog has two, one of which is enough.
var logNames = [...][]string{{"acceptlog"}, {"inlog"}, {"receivelog"}, {"outlog"}, {"outlocallog", "EPST5DS/MailSendLocallogEnabled"}, {"faillog"}, {"pop3log"}, {"imap4log"}}

type show struct{ env Env }

// Plan reads the settings.
func (s show) Plan(_ context.Context, _ runbook.Input) (runbook.Outcome, error) {
	t, err := s.env.tuner()
	if err != nil {
		return runbook.Outcome{}, err
	}
	all, err := t.Settings()
	if err != nil {
		return runbook.Outcome{}, fmt.Errorf("%w: %w", runbook.ErrUndetermined, err)
	}
	out := runbook.Outcome{Facts: factsOf(all)}
	for _, v := range all {
		out.Findings = append(out.Findings, finding(v))
	}
	out.Findings = append(out.Findings, runbook.Finding{Level: runbook.Info, Text: runbook.T(
		"a service reads its settings when it starts: a new value needs the restart that stands behind it; the deny file, the tables and accounts need none",
		"設定はサービスの起動時に読まれる。変更後は、かっこ内のサービスの再起動が必要。拒否ファイル、遮断の表、アカウントは再起動不要")})
	return out, nil
}

// finding tells one setting: its value, what it means, who has to be restarted for a new one.
func finding(v spool.Setting) runbook.Finding {
	en, ja := v.Name+" "+v.Value, v.Name+" "+v.Value
	switch {
	case !v.Set:
		en, ja = v.Name+" is not set (default "+v.Default+")", v.Name+" 未設定 (既定値 "+v.Default+")"
	case v.Value == "":
		en, ja = v.Name+" is unreadable", v.Name+" は読めない"
	case v.Value != v.Default:
		en, ja = en+" (default "+v.Default+")", ja+" (既定値 "+v.Default+")"
	}
	en, ja = en+": "+v.Text, ja+": "+v.TextJA
	if v.Reader.Unit != "" && !v.ReadOnly {
		en, ja = en+" (restart: "+v.Reader.Unit+")", ja+" (再起動: "+v.Reader.Unit+")"
	}
	return runbook.Finding{Level: runbook.Level(v.Level), Text: runbook.T(en, ja), Evidence: v.Path}
}

func factsOf(all []spool.Setting) ShowFacts {
	facts := ShowFacts{LogsOff: []string{}, Bad: []string{}}
	by := map[string]int{}
	for _, v := range all {
		by[v.Name] = number(v)
		if v.Level == string(runbook.Bad) {
			facts.Bad = append(facts.Bad, v.Name)
		}
	}
	facts.AuthOnly, facts.FromLevel, facts.Vrfy, facts.LockOut = by["SMTPAUTHOnly"], by["FROMSecLevel"], by["Vrfy"], by["AuthLockOut"]
	facts.Clustered = by["Clustering"] != 0
	for _, names := range logNames {
		on := false
		for _, name := range names {
			on = on || by[name] > 0
		}
		if !on {
			facts.LogsOff = append(facts.LogsOff, names[0])
		}
	}
	return facts
}

// number is the value that holds.
func number(v spool.Setting) int {
	text := v.Value
	if !v.Set {
		text = v.Default
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}
