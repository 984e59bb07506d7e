package standin

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
)

// An Account is one line of an account file, without its password.
type Account struct {
	Name, FullName, Domain string
}

// Account looks the address up, as MAIL FROM, RCPT, VRFY and the delivery do at every check. Lines are read in pieces of 1024
// bytes, a last line without LF is not seen, and the first match counts, letter case apart. What the real one does at an empty
// line, which must not occur, is not known: here the file ends there.
func (s *Server) Account(user, domain string) (Account, bool) {
	if !s.Own(domain) || !plain(user) {
		return Account{}, false
	}
	f, err := os.Open(s.Spool("db", strings.ToLower(domain)+".idx"))
	if err != nil {
		return Account{}, false
	}
	defer f.Close()
	for r := bufio.NewReaderSize(f, 1024); ; {
		line, err := r.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull || string(line) == "\n" {
			return Account{}, false
		}
		if a, ok := parseAccount(line); ok && strings.EqualFold(a.Name, user) {
			return a, true
		}
	}
}

func parseAccount(line []byte) (Account, bool) {
	line, _, _ = bytes.Cut(bytes.TrimRight(line, "\n"), []byte(" "))
	if bytes.ContainsRune(line, '\r') { // is no line end, and the decoder below would pass over it
		return Account{}, false
	}
	record, err := base64.StdEncoding.DecodeString(string(line))
	if err != nil {
		return Account{}, false
	}
	fields := strings.Split(string(record), "\t")
	if len(fields) < 4 {
		return Account{}, false
	}
	return Account{Name: fields[0], FullName: fields[2], Domain: fields[3]}, true
}

// Line is the account as a line of an account file.
func (a Account) Line(password string) string {
	record := strings.Join([]string{a.Name, password, a.FullName, a.Domain, ""}, "\t")
	return base64.StdEncoding.EncodeToString([]byte(record)) + "\n"
}

// Mailbox is the folder of a user, whose name is used as it was typed: inbox/USER, or inbox/LINK/USER when the setting
// Domain/Folder/DOMAIN names a link (FAQ bsd/10-14).
func (s *Server) Mailbox(user, domain string) string {
	return s.Spool("inbox", filepath.Base("/"+s.Text("Domain/Folder/"+strings.ToLower(domain), "")), user)
}

// Login checks a name and password for SMTP AUTH and returns the account's own FROMSecLevel. Only the auth file in the mailbox
// folder of that name is asked, never the account file.
func (s *Server) Login(name, password string) (level int, ok bool) {
	user, domain := s.loginAddress(name)
	level = s.Number("EPST5RS/FROMSecLevel", 0)
	lines, there := s.authFile(user, domain)
	if !there || lines[0] == "" || subtle.ConstantTimeCompare([]byte(lines[0]), []byte(password)) == 0 {
		return level, false
	}
	if len(lines) > 1 && len(lines[1]) == 1 && lines[1][0] >= '0' && lines[1][0] <= '9' {
		level = int(lines[1][0] - '0')
	}
	return level, true
}

// loginAddress is the address that an AUTH name stands for: one without a domain is of the first own one.
func (s *Server) loginAddress(name string) (user, domain string) {
	user, domain, found := strings.Cut(name, "@")
	if !found {
		domain = s.Domains[0]
	}
	return user, domain
}

// HasAuth says whether an account has an auth file, which is what makes it use AUTH (FAQ bsd/01-73).
func (s *Server) HasAuth(user, domain string) bool {
	_, ok := s.authFile(user, domain)
	return ok
}

func (s *Server) authFile(user, domain string) ([]string, bool) {
	if !s.Own(domain) || !plain(user) {
		return nil, false
	}
	name := filepath.Base(s.Text("EPST5RS/PasswordFile", "apop.dat"))
	data, err := os.ReadFile(filepath.Join(s.Mailbox(user, domain), name))
	if err != nil || len(data) > 4096 {
		return nil, false
	}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	return lines, true
}

// plain lets through what can be the name of a mailbox folder.
func plain(user string) bool {
	if user == "" || len(user) > 128 || strings.Trim(user, ".") == "" {
		return false
	}
	for _, c := range []byte(user) {
		if c <= ' ' || c >= 0x7f || c == '/' {
			return false
		}
	}
	return true
}
