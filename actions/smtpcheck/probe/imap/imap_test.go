package imap

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"hikeshi/actions/smtpcheck/probe"
)

const user = "probe@example.com"

var secret = "Pass-" + `"\ word`

// certificate is one for localhost that is its own authority.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	pool, parsed := x509.NewCertPool(), must(x509.ParseCertificate(der))
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// mail is a literal for Append.
type mail struct{ *bytes.Reader }

func (m mail) Size() int64 { return m.Reader.Size() }

func put(t *testing.T, u *imapmemserver.User, text string) {
	t.Helper()
	if _, err := u.Append("INBOX", mail{bytes.NewReader([]byte(strings.ReplaceAll(text, "\n", "\r\n")))}, &imap.AppendOptions{}); err != nil {
		t.Fatal(err)
	}
}

func letter() probe.Letter {
	return probe.Letter{Cookie: probe.Cookie(), Test: "R01", Run: "x", Target: "192.0.2.25:25", From: user, To: user, Host: "example.com", At: time.Now()}
}

// real starts an IMAP server of somebody else's making.
func real(t *testing.T, o imapserver.Options, implicit bool) (string, *imapmemserver.User) {
	t.Helper()
	mem, u := imapmemserver.New(), imapmemserver.NewUser(user, secret)
	if err := u.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	mem.AddUser(u)
	o.NewSession = func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
		return mem.NewSession(), nil, nil
	}
	o.Logger = log.New(io.Discard, "", 0)
	s := imapserver.New(&o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serve := l
	if implicit {
		serve = tls.NewListener(l, o.TLSConfig)
	}
	go s.Serve(serve)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String(), u
}

// place is where a server on loopback is.
func place(t *testing.T, scheme, address string) Place {
	t.Helper()
	p, err := Parse(scheme + "://probe%40example.com@" + address + "/INBOX")
	if err != nil {
		t.Fatal(err)
	}
	var d net.Dialer
	p.Password, p.Dial, p.Clock = secret, d.DialContext, time.Now
	return p
}

func TestMailbox(t *testing.T) {
	cfg, pool := certificate(t)
	for name, c := range map[string]struct {
		scheme  string
		options imapserver.Options
		plain   bool // seen from elsewhere than loopback
	}{
		"TLS": {"imaps", imapserver.Options{TLSConfig: cfg}, false}, "STARTTLS": {"imap", imapserver.Options{TLSConfig: cfg}, false},
		"loopback": {"imap", imapserver.Options{InsecureAuth: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			address, u := real(t, c.options, c.scheme == "imaps")
			old := letter()
			put(t, u, old.Text())
			p := place(t, c.scheme, address)
			p.Roots = pool
			b, err := Open(t.Context(), p)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			if all, err := b.Poll(); err != nil || len(all) != 0 {
				t.Fatalf("before anything came: %+v, %v", all, err)
			}
			one, two := letter(), letter()
			put(t, u, one.Text())
			put(t, u, "Subject: no probe\n\nhello\n")
			put(t, u, "From: MAILER-DAEMON@example.com\nSubject: failure\n\n"+two.Text()+strings.Repeat(strings.Repeat("x", 70)+"\n", 3000))
			all, err := b.Poll()
			if err != nil || len(all) != 2 || all[0].Cookie != one.Cookie || all[0].Bounce || all[1].Cookie != two.Cookie || !all[1].Bounce || len(all[1].Raw) > maxLiteral {
				t.Fatalf("%d arrivals, %v", len(all), err)
			}
			if all, err := b.Poll(); err != nil || len(all) != 0 {
				t.Fatalf("again: %+v, %v", all, err)
			}
			b.s.conn.Close() // the connection is lost
			put(t, u, letter().Text())
			if all, err := b.Poll(); err != nil || len(all) != 1 {
				t.Fatalf("after a new connection: %+v, %v", all, err)
			}
		})
	}
}

// TestRefused: what cannot be opened says why, and never the password.
func TestRefused(t *testing.T) {
	cfg, pool := certificate(t)
	address, _ := real(t, imapserver.Options{TLSConfig: cfg}, true)
	clear, _ := real(t, imapserver.Options{}, false)
	for name, c := range map[string]struct {
		scheme, address string
		change          func(*Place)
		want            string
	}{
		"a wrong password":          {"imaps", address, func(p *Place) { p.Password = secret + "2" }, "the server refuses"},
		"a certificate of nobody":   {"imaps", address, func(p *Place) { p.Roots = nil }, "beginning TLS"},
		"a name that is not its":    {"imaps", address, func(p *Place) { p.Host = "other.example.com"; p.Dial = to(address) }, "beginning TLS"},
		"no such folder":            {"imaps", address, func(p *Place) { p.Folder = "Nowhere" }, "EXAMINE"},
		"no TLS, and a login wants": {"imap", clear, nil, "neither AUTHENTICATE PLAIN nor LOGIN"},
		"no TLS, from elsewhere":    {"imap", clear, func(p *Place) { p.Dial = far(p.Dial) }, "no STARTTLS"},
		"nobody is there":           {"imaps", "127.0.0.1:1", nil, "refused"},
	} {
		p := place(t, c.scheme, c.address)
		p.Roots = pool
		if c.change != nil {
			c.change(&p)
		}
		b, err := Open(t.Context(), p)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Pass-") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		b.Close()
	}
}

type dialer = func(context.Context, string, string) (net.Conn, error)

func to(address string) dialer {
	return func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, address)
	}
}

type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 25), Port: 143} }

func far(dial dialer) dialer {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		return elsewhere{c}, err
	}
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"imaps://probe@mail.example.com": "true mail.example.com 993 probe INBOX", "imap://p%40x.example@mail.example.com/Probe%20box": "false mail.example.com 143 p@x.example Probe box",
		"imaps://probe@example.com@mail.example.com:1993/INBOX": "true mail.example.com 1993 probe@example.com INBOX", "imaps://p@[2001:db8::25]:993/": "true 2001:db8::25 993 p INBOX",
		"imaps://p@[2001:db8::25]/a/b": "true 2001:db8::25 993 p a/b",
	} {
		p, err := Parse(text)
		if got := fmt.Sprint(p.TLS, " ", p.Host, " ", p.Port, " ", p.User, " ", p.Folder); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for text, want := range map[string]string{"https://x@y": "begins with", "imaps://mail.example.com/INBOX": "no user", "imaps://p:geheim@mail.example.com": "password", "imaps://p@": "no host", "imaps://p@h:0/": "no host", "imaps://p@h/%0a": "printable", "imaps://p%ZZ@h": "invalid"} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
	}
}
