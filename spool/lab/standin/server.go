package standin

import (
	"fmt"
	"strings"
	"time"
)

// A Server is the server as a daemon sees it: with the settings as they were when it started (FAQ bsd/01-11: they are read once),
// and with accounts and files as they are at each look.
type Server struct {
	Config
	Settings
	Host    string   // own name
	Domains []string // own domains, the first one is that of logins without a domain
	power   *Power
}

// Open reads the settings.
func Open(c Config, p *Power) (*Server, error) {
	settings, err := ReadSettings(c.Spool("reg/epost/ims"))
	if err != nil {
		return nil, fmt.Errorf("reading settings of the stand-in: %w", err)
	}
	s := &Server{Config: c, power: p, Settings: settings}
	s.Host = s.Text("HostName", "")
	for d := range strings.SplitSeq(s.Bytes("DomainNamesAreLocal"), "\x00") {
		if d != "" {
			s.Domains = append(s.Domains, strings.ToLower(d))
		}
	}
	if s.Host == "" || len(s.Domains) == 0 {
		return nil, fmt.Errorf("reading settings of the stand-in below %s: no host name or no own domain", s.Settings.root)
	}
	return s, nil
}

// Own says whether domain is one of the server's own.
func (s *Server) Own(domain string) bool {
	for _, d := range s.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// stamp is a time as all logs write it: local, without a zone (FAQ bsd/05-03).
func stamp(t time.Time) string { return t.Format("[02/Jan/2006:15:04:05]") }
