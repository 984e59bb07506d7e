package receiver

import (
	"bufio"
	"os"
	"strings"
)

// headerFits says whether the From header of a message in temp begins with the login, as FROMSecLevel 2 asks (FAQ bsd/19-25). A
// message without one does not.
func (s *session) headerFits(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for r := bufio.NewScanner(f); r.Scan() && r.Text() != ""; {
		if !hasPrefixFold(r.Text(), "From:") {
			continue
		}
		addr := strings.TrimSpace(r.Text()[len("From:"):])
		if i := strings.LastIndexByte(addr, '<'); i >= 0 {
			addr = addr[i+1:]
		}
		return hasPrefixFold(addr, s.user), nil
	}
	return false, nil
}
