package epms

import (
	"encoding/json"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/epms/effect/mend"
	"hikeshi/spool/epms/lockout"
	"hikeshi/spool/epms/settings"
)

var (
	_ spool.Tuner      = (*Server)(nil)
	_ spool.Mender     = (*Server)(nil)
	_ spool.HardDenier = (*Server)(nil)
)

func (s *Server) tuner() settings.Tuner {
	return settings.Tuner{Tree: s.tree, Root: s.root, Services: s.Services()}
}

// Settings are the settings that matter in an incident; see package settings.
func (s *Server) Settings() ([]spool.Setting, error) { return s.tuner().Settings() }

// Tune checks a value of a setting; see package settings.
func (s *Server) Tune(name, value string) (spool.Tuning, error) { return s.tuner().Tune(name, value) }

// Profile are the values of auth, logs or lockouts; see package settings.
func (s *Server) Profile(name string) (spool.Profile, error) { return s.tuner().Profile(name) }

// HardTables are rejectsmtpip.dat, rejectpopip.dat and rejectimapip.dat in the program folder; see package lockout.
func (s *Server) HardTables() []spool.HardTable {
	var all []spool.HardTable
	for _, t := range [...]struct{ name, process string }{{"smtp", "epstrd"}, {"pop", "epstpop3d"}, {"imap", "epstimap4d"}} {
		table := spool.HardTable{Name: t.name, Path: filepath.Join(s.program, "reject"+t.name+"ip.dat"), Like: s.DenyFile()}
		for _, service := range s.Services() {
			if service.Process == t.process {
				table.Service = service
			}
		}
		all = append(all, table)
	}
	return all
}

// HardDeny plans rows of a table; see lockout.File.Deny.
func (s *Server) HardDeny(table []byte, targets []string) (spool.HardEdit, error) {
	return lockout.Parse(table).Deny(targets)
}

// HardAllow takes rows out of a table; see lockout.Remove.
func (s *Server) HardAllow(table []byte, e spool.HardEdit) ([]byte, error) {
	return lockout.Remove(table, e)
}

// Opening are the lines of effect.dat that open the server; see package effect/mend.
func (s *Server) Opening(file []byte, own spool.Own) []int { return mend.Opening(file, ownOf(own)) }

// Mend changes lines of effect.dat that open the server to the default rule; see package effect/mend.
func (s *Server) Mend(file []byte, own spool.Own, m spool.Mending) (spool.MendEdit, error) {
	e, err := mend.Plan(file, ownOf(own), m)
	for i := range e.Affected {
		a := &e.Affected[i]
		q := spool.RelayQuery{Peer: a.Peer, Sender: a.Sender}
		a.Before, a.After = s.Decide(file, q), s.Decide(e.After, q)
	}
	return e, err
}

// Unmend puts mended lines back; see package effect/mend.
func (s *Server) Unmend(file []byte, undo json.RawMessage) ([]byte, error) {
	return mend.Undo(file, undo)
}
