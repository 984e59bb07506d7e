package servers

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// The test account at the servers that have logins, beside the account that is written to.
const (
	loginUser     = "hanako@example.jp"
	loginPassword = "Kaji-hanako-1"
)

// logins are what a Postfix with logins has beside: the process that knows passwords, at a socket of the protocol that Dovecot documents for it
// (https://doc.dovecot.org/developer_manual/design/auth_protocol/), and a mailbox server, whose logins a table of Postfix tells of.
type logins struct {
	Socket string // for Postfix, in the tree
	Certs  string // a file with certificate and key, in the tree
	Table  string // HOST:PORT of a table (tcp_table(5)) that says OK for addresses from which somebody has read mail; "" for none
}

// serve starts them, in the tree.
func (l logins) serve() error {
	pair, err := tls.LoadX509KeyPair(l.Certs, l.Certs)
	if err != nil {
		return err
	}
	auth, err := net.Listen("unix", l.Socket)
	if err != nil {
		return err
	}
	if err := os.Chmod(l.Socket, 0o666); err != nil {
		return err
	}
	go accept(auth, passwords)
	var seen sync.Map // addresses that have read mail
	pop, err := tls.Listen("tcp", serverIP+":995", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		return err
	}
	go accept(pop, func(c net.Conn) { mailbox(c, &seen) })
	if l.Table == "" {
		return nil
	}
	table, err := net.Listen("tcp", l.Table)
	if err != nil {
		return err
	}
	go accept(table, func(c net.Conn) {
		answerLines(c, func(line string) string {
			if _, ok := seen.Load(strings.TrimPrefix(line, "get ")); ok {
				return "200 OK\n"
			}
			return "500 nobody\n"
		})
	})
	return nil
}

func accept(l net.Listener, serve func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			serve(c)
		}()
	}
}

// answerLines answers each line; "" is no answer.
func answerLines(c net.Conn, answer func(string) string) {
	for s := bufio.NewScanner(c); s.Scan(); {
		if _, err := io.WriteString(c, answer(strings.TrimRight(s.Text(), "\r"))); err != nil {
			return
		}
	}
}

// passwords is one connection of Postfix, which asks for PLAIN with its initial response.
func passwords(c net.Conn) {
	io.WriteString(c, "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t0123456789abcdef0123456789abcdef\nDONE\n")
	want := "resp=" + base64.StdEncoding.EncodeToString([]byte("\x00"+loginUser+"\x00"+loginPassword))
	answerLines(c, func(line string) string {
		f := strings.Split(line, "\t")
		switch {
		case f[0] != "AUTH" || len(f) < 3: // VERSION, CPID
			return ""
		case f[len(f)-1] == want:
			return "OK\t" + f[1] + "\tuser=" + loginUser + "\n"
		}
		return "FAIL\t" + f[1] + "\n"
	})
}

// mailbox is one connection to the mailbox server. Who logs in may send for a while.
func mailbox(c net.Conn, seen *sync.Map) {
	io.WriteString(c, "+OK ready\r\n")
	user := ""
	answerLines(c, func(line string) string {
		verb, arg, _ := strings.Cut(line, " ")
		switch {
		case verb == "USER":
			user = arg
		case verb == "PASS" && (user != loginUser || arg != loginPassword):
			return "-ERR no\r\n"
		case verb == "PASS":
			seen.Store(c.RemoteAddr().(*net.TCPAddr).IP.String(), true)
		}
		return "+OK\r\n"
	})
}

// selfSigned is a certificate of the server with its key, in PEM.
func selfSigned() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	x := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hostName}, DNSNames: []string{hostName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, x, x, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic(err)
	}
	var b bytes.Buffer
	for kind, der := range map[string][]byte{"CERTIFICATE": cert, "PRIVATE KEY": private} {
		fmt.Fprintf(&b, "%s", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return b.String()
}

// postfixLogins is a Postfix with STARTTLS and logins on port 25, and with submission on 587 (STARTTLS) and 465 (TLS), as its master.cf.dist
// proposes them. own and submission are what stands before reject in the rules for recipients of the outside, on 25 and on both others (there
// with commas).
func postfixLogins(name, own, submission, sender, table, state string) server {
	s := postfix(name, "permit_mynetworks permit_sasl_authenticated "+own+" reject_unauth_destination", state)
	more := `
cat >/etc/postfix/both.pem <<'END'
` + selfSigned() + `END
postconf smtpd_tls_cert_file=/etc/postfix/both.pem smtpd_tls_key_file=/etc/postfix/both.pem smtpd_tls_security_level=may smtpd_tls_auth_only=yes \
  smtpd_sasl_auth_enable=yes smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth broken_sasl_auth_clients=no \
  smtpd_sender_login_maps='inline:{taro@example.jp=taro@example.jp hanako@example.jp=` + loginUser + `}' smtpd_sender_restrictions='` + sender + `'
for listener in submission submissions; do
  postconf -M $listener/inet="$listener inet n - n - - smtpd"
  postconf -P "$listener/inet/smtpd_tls_security_level=encrypt" "$listener/inet/smtpd_relay_restrictions=permit_sasl_authenticated,` + submission + `reject"
done
postconf -P submissions/inet/smtpd_tls_wrappermode=yes
`
	s.tree.Setup = strings.Replace(s.tree.Setup, "postfix check\n", more+"postfix check\n", 1)
	s.tree.Logins = &logins{Socket: "/var/spool/postfix/private/auth", Certs: "/etc/postfix/both.pem", Table: table}
	return s
}
