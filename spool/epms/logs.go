package epms

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"hikeshi/spool"
	"hikeshi/spool/epms/logs"
	"hikeshi/spool/epms/logs/files"
)

var _ spool.Logs = (*Server)(nil)

// Logs are all logs of the server with their files; see package logs. A log whose switch cannot be read is LogUnknown, and is read all
// the same.
func (s *Server) Logs(ctx context.Context) ([]spool.Log, error) {
	if _, err := os.Lstat(s.root); err != nil {
		return nil, err
	}
	switches := map[string]LogSwitch{}
	for _, l := range s.LogSwitches() {
		switches[l.Name] = l
	}
	var all []spool.Log
	for _, k := range logs.Kinds() {
		l := spool.Log{Name: k.Name, Dir: switches[k.Name].Dir, State: state(switches[k.Name]), Says: k.Says, Sessions: k.Sessions}
		how := k.HowTo()
		l.HowToEN, l.HowToJA = how.EN, how.JA
		l.Files, l.Odd, l.Problem = files.List(ctx, l.Dir)
		if err := switches[k.Name].Err; err != nil && !errors.Is(err, fs.ErrNotExist) {
			l.Problem = errors.Join(l.Problem, err)
		}
		all = append(all, l)
		if err := ctx.Err(); err != nil {
			return all, err
		}
	}
	return all, nil
}

func state(l LogSwitch) spool.LogState {
	switch {
	case l.Err != nil:
		return spool.LogUnknown
	case l.On:
		return spool.LogOn
	}
	return spool.LogOff
}

// Parser understands the lines of a file of a log; see package logs.
func (s *Server) Parser(log string, f spool.LogFile) spool.LogParser { return logs.Parser(log, f) }

// Unseen are the signs of abuse that no log of this server can show; see package logs.
func (s *Server) Unseen() []spool.Unseen { return logs.Unseen() }
