package talk

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"
)

// certificate is one that nobody signed but itself.
func certificate(t *testing.T) *tls.Config {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.example.jp\x1b"}, DNSNames: []string{"mail.example.jp"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, x, x, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}

func TestImplicitTLS(t *testing.T) {
	server := certificate(t)
	c, err := Open(t.Context(), quick(), peer(t, func(nc net.Conn, _ *bufio.Reader) {
		s := tls.Server(nc, server)
		script("220 x\r\n", "250 ok\r\n")(s, bufio.NewReader(s))
	}), true)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := c.TLS()
	if !s.On || s.Version != tls.VersionTLS13 || s.Cert == nil || s.Cert.VerifyHostname("mail.example.jp") != nil || strings.Contains(c.Log.String(), "\x1b") {
		t.Errorf("%+v\n%s", s, c.Log)
	}
	if _, ok, err := c.Stray(30 * time.Millisecond); ok || err != nil {
		t.Errorf("stray: %v, %v", ok, err)
	}
	if r, err := c.Cmd("NOOP"); err != nil || r.Code != 250 {
		t.Errorf("after a look for a stray reply: %v, %v", r, err)
	}
}

func TestSTARTTLS(t *testing.T) {
	server := certificate(t)
	starttls := func(reply string) func(net.Conn, *bufio.Reader) {
		return func(nc net.Conn, in *bufio.Reader) {
			fmt.Fprint(nc, "220 x\r\n")
			in.ReadString('\n')
			fmt.Fprint(nc, reply)
			s := tls.Server(nc, server)
			line, _ := bufio.NewReader(s).ReadString('\n')
			fmt.Fprintf(s, "250 got %s\r\n", strings.TrimSpace(line))
		}
	}
	c := open(t, quick(), peer(t, starttls("220 go\r\n")))
	if _, err := c.Secure(); err != nil || !c.TLS().On {
		t.Fatalf("%v", err)
	}
	if r, err := c.Cmd("NOOP"); err != nil || r.Text() != "got NOOP" {
		t.Errorf("%v, %v", r, err)
	}
	c = open(t, quick(), peer(t, starttls("220 go\r\n250 before the handshake\r\n")))
	if _, err := c.Secure(); !errors.Is(err, ErrBroken) {
		t.Errorf("a reply before the handshake: %v", err)
	}
	c = open(t, quick(), peer(t, script("220 x\r\n", "454 no\r\n", "250 ok\r\n")))
	if r, err := c.Secure(); !errors.Is(err, ErrNoTLS) || r.Code != 454 || c.Err() != nil {
		t.Errorf("refused: %v, %v", r, err)
	}
	c = open(t, quick(), peer(t, script("220 x\r\n", "220 go\r\n", "250 garbage, no TLS\r\n")))
	if _, err := c.Secure(); !errors.Is(err, ErrTLS) {
		t.Errorf("garbage: %v", err)
	}
	c = open(t, quick(), peer(t, func(nc net.Conn, _ *bufio.Reader) {
		fmt.Fprint(nc, "220 x\r\n")
		nc.Read(make([]byte, 64))
		fmt.Fprint(nc, "220 go\r\n")
		io.Copy(io.Discard, nc)
	}))
	if _, err := c.Secure(); !errors.Is(err, ErrTimeout) {
		t.Errorf("silence: %v", err)
	}
}

// TestInjected: what was written behind STARTTLS in one go is answered after the handshake by a server that is not mended (CVE-2011-0411).
func TestInjected(t *testing.T) {
	server := certificate(t)
	for _, vulnerable := range []bool{false, true} {
		c := open(t, quick(), peer(t, func(nc net.Conn, in *bufio.Reader) {
			fmt.Fprint(nc, "220 x\r\n")
			in.ReadString('\n')
			in.ReadString('\n')
			fmt.Fprint(nc, "220 go\r\n")
			s := tls.Server(nc, server)
			if vulnerable {
				fmt.Fprint(s, "250 NOOP was answered\r\n")
			}
			bufio.NewReader(s).ReadString('\n')
		}))
		if err := c.Raw("STARTTLS\r\nNOOP\r\n"); err != nil {
			t.Fatal(err)
		}
		if r, err := c.Next(); err != nil || r.Code != 220 {
			t.Fatalf("%v, %v", r, err)
		}
		if err := c.Handshake(); err != nil {
			t.Fatal(err)
		}
		if r, ok, err := c.Stray(400 * time.Millisecond); ok != vulnerable || err != nil || vulnerable && r.Code != 250 {
			t.Errorf("vulnerable %v: %v, %v, %v", vulnerable, r, ok, err)
		}
	}
}
