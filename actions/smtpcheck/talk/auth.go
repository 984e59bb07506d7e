package talk

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Mechanism is a way of AUTH (RFC 4954).
type Mechanism string

// The mechanisms that are spoken here.
const (
	Plain Mechanism = "PLAIN" // RFC 4616
	Login Mechanism = "LOGIN" // never standardised; the common one of old servers
)

// maxSecret bounds names and passwords, maxBlob what they are in base64; both in bytes.
const (
	maxSecret = 256
	maxBlob   = (2*maxSecret + 2 + 2) / 3 * 4
)

// hidden stands where a secret stood.
const hidden = "[redacted]"

// Login logs in and returns the last reply: 235 is success. The exchange does not reach the transcript, nor does the password if the
// peer repeats it, in clear or in base64.
func (c *Conn) Login(m Mechanism, user, password string) (Reply, error) {
	if user == "" || password == "" || len(user) > maxSecret || len(password) > maxSecret || strings.ContainsRune(user+password, 0) {
		return Reply{}, errors.New("logging in: a name and a password of 1 to 256 bytes are wanted")
	}
	blob := base64.StdEncoding.EncodeToString
	plain := blob([]byte("\x00" + user + "\x00" + password))
	c.hide(plain, blob([]byte(password)), password)
	c.hush = true
	defer func() { c.hush = false }()
	switch m {
	case Plain:
		r, err := c.secret("AUTH PLAIN "+plain, "AUTH PLAIN "+hidden)
		if err == nil && r.Code == 334 { // a server that takes no initial response
			r, err = c.secret(plain, hidden)
		}
		return r, err
	case Login:
		r, err := c.secret("AUTH LOGIN", "AUTH LOGIN")
		for _, answer := range []string{user, password} {
			if err != nil || r.Code != 334 {
				return r, err
			}
			r, err = c.secret(blob([]byte(answer)), hidden)
		}
		return r, err
	}
	return Reply{}, fmt.Errorf("logging in: mechanism %q is not spoken here", m)
}

func (c *Conn) secret(line, shown string) (Reply, error) { return c.say(line+"\r\n", shown) }

// hide keeps secrets out of everything that is stored from now on, the longest first.
func (c *Conn) hide(secrets ...string) {
	c.secrets = append(c.secrets, secrets...)
	slices.SortFunc(c.secrets, func(x, y string) int { return len(y) - len(x) })
}

// redact takes out what must not be stored: AUTH commands given by hand, what a peer challenges with in an exchange, and secrets.
func (c *Conn) redact(line string) string {
	if up := strings.ToUpper(line); strings.HasPrefix(up, "AUTH ") {
		if words := strings.Fields(line); len(words) > 2 {
			line = strings.Join(words[:2], " ") + " " + hidden
		}
	}
	if c.hush && strings.HasPrefix(line, "334 ") {
		return "334 " + hidden
	}
	for _, s := range c.secrets {
		line = strings.ReplaceAll(line, s, hidden)
	}
	return line
}
