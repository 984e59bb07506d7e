package talk

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Caps is what a server says after EHLO.
type Caps struct {
	Greeting string            // the first line: its name, and with sendmail and Exim our address as it sees us
	Params   map[string]string // by keyword in capitals; AUTH: PLAIN LOGIN. The old form AUTH=... is the keyword AUTH=
}

// Has says whether a keyword is there.
func (c Caps) Has(keyword string) bool { _, ok := c.Params[keyword]; return ok }

// Names are the keywords, sorted.
func (c Caps) Names() []string { return slices.Sorted(maps.Keys(c.Params)) }

// Mechanisms are the ways of AUTH that are offered, in capitals, those of the old form last.
func (c Caps) Mechanisms() []string {
	return strings.Fields(strings.ToUpper(c.Params["AUTH"] + " " + c.Params["AUTH="]))
}

// Hello says EHLO, and HELO to a server that does not know it (RFC 5321 section 4.1.1.1). The reply is that of the last of them.
func (c *Conn) Hello(name string) (Reply, error) {
	c.Caps = Caps{}
	r, err := c.Cmd("EHLO " + name)
	if err == nil && r.Hard() {
		r, err = c.Cmd("HELO " + name)
		c.Caps.Greeting = r.Text()
		return r, err
	}
	if err == nil && r.Good() {
		r, err = c.unmarked(r)
	}
	if err != nil || !r.Good() {
		return r, err
	}
	c.Caps = Caps{r.Lines[0], map[string]string{}}
	for _, line := range r.Lines[1:] {
		key, value, _ := strings.Cut(line, " ")
		if key = strings.ToUpper(key); strings.HasPrefix(key, "AUTH=") {
			key, value = "AUTH=", strings.TrimSpace(line[len("AUTH="):])
		}
		c.Caps.Params[key] = value
	}
	return r, nil
}

// ErrNoTLS says that the server refused STARTTLS; the conversation goes on in clear.
var ErrNoTLS = errors.New("STARTTLS refused")

// Secure says STARTTLS and does the handshake (RFC 3207). The caller says Hello again. Anything that the peer has sent before the
// handshake but after its reply is broken: it would be taken for encrypted (CVE-2011-0411).
func (c *Conn) Secure() (Reply, error) {
	r, err := c.Cmd("STARTTLS")
	if err != nil {
		return r, err
	}
	if r.Code != 220 {
		return r, fmt.Errorf("asking for TLS: %w: %s", ErrNoTLS, r)
	}
	if c.in.Buffered() > 0 {
		return r, c.fail("reading", errors.New("more than a reply before TLS"), ErrBroken)
	}
	return r, c.handshake()
}

// Handshake begins TLS now, after Raw.
func (c *Conn) Handshake() error {
	if c.err != nil {
		return c.err
	}
	return c.handshake()
}

func (c *Conn) handshake() error {
	if err := c.deadline(); err != nil {
		return err
	}
	t := tls.Client(c.net, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: c.cfg.Most, ServerName: c.cfg.Name}) // tests; TLS tells what was seen
	if err := t.HandshakeContext(c.ctx); err != nil {
		return c.fail("shaking hands", err, ErrTLS)
	}
	c.use(t)
	c.Caps = Caps{} // what was said in clear does not count any more (RFC 3207 section 4.2)
	s := t.ConnectionState()
	c.note("TLS: %s %s", tls.VersionName(s.Version), tls.CipherSuiteName(s.CipherSuite))
	if cert := c.TLS().Cert; cert != nil {
		c.note("certificate: %s, by %s, until %s", cert.Subject, cert.Issuer, cert.NotAfter.UTC().Format("2006-01-02"))
	}
	return nil
}

// A Session is what is known of a TLS connection. Nothing of it was verified.
type Session struct {
	On      bool
	Version uint16              // as in crypto/tls
	Cipher  uint16              // as in crypto/tls
	Cert    *x509.Certificate   // of the server; nil if it has shown none
	Chain   []*x509.Certificate // what it has shown after it
}

// TLS tells what is known of the TLS in use.
func (c *Conn) TLS() Session {
	t, ok := c.net.(*tls.Conn)
	if !ok {
		return Session{}
	}
	s := t.ConnectionState()
	out := Session{On: true, Version: s.Version, Cipher: s.CipherSuite}
	if len(s.PeerCertificates) > 0 {
		out.Cert, out.Chain = s.PeerCertificates[0], s.PeerCertificates[1:]
	}
	return out
}
