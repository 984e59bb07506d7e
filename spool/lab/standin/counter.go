package standin

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
)

// CountFailure counts one failed login of peer under an AUTH name and returns how many there are by now. They stand as a decimal
// number in ADDRESS.smtp in the mailbox folder of that name, or in authlock if there is no such folder; an IPv6 address is written
// with "$" for ":". Whether the real server counts while AuthLockOut is 0 is not known; here it does. One session at a time.
func (s *Server) CountFailure(name string, peer netip.Addr) (int, error) {
	path := s.counter(name, peer)
	n := number(readValue(path), 0) + 1
	err := s.power.Do(func() error { return os.WriteFile(path, fmt.Appendf(nil, "%d\n", n), 0o640) })
	if err != nil {
		return n, fmt.Errorf("counting failed logins: %w", err)
	}
	return n, nil
}

// ForgetFailures deletes the count, as a success does and a lock.
func (s *Server) ForgetFailures(name string, peer netip.Addr) error {
	return s.Remove(s.counter(name, peer))
}

func (s *Server) counter(name string, peer netip.Addr) string {
	file := strings.ReplaceAll(peer.String(), ":", "$") + ".smtp"
	user, domain := s.loginAddress(name)
	if s.Own(domain) && plain(user) && Exists(s.Mailbox(user, domain)) {
		return filepath.Join(s.Mailbox(user, domain), file)
	}
	return s.Spool("authlock", file)
}
