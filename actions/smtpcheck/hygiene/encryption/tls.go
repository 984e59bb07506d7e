// Package encryption holds the hygiene tests of TLS and of the ways of logging in. See package session.
package encryption

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"time"

	"hikeshi/actions/smtpcheck/hygiene/session"
	"hikeshi/actions/smtpcheck/talk"
	"hikeshi/actions/smtpcheck/target"
	"hikeshi/runbook"
)

// soon: a certificate that ends within it is worth a note.
const soon = 14 * 24 * time.Hour

// TLS is H07: the version, the name and the time of the certificate.
func TLS(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	if s.Secured == nil {
		if row.Why = s.NoTLS; !s.Torn {
			row.Verdict, row.Codes = session.Bad, "none"
		}
		return
	}
	if !s.Open(row, true) {
		return
	}
	t := s.Conn.TLS()
	if !t.On {
		row.Why = runbook.T("no agreement over TLS", "TLS のハンドシェイクに失敗")
		return
	}
	row.Asked, row.Answered = []string{"STARTTLS"}, []string{described(t)}
	if s.Implicit() {
		row.Asked = []string{"(TLS)"}
	}
	row.Codes = tls.VersionName(t.Version)
	certificate(s, row, t)
	s.Close()
	switch yes, err := older(s); {
	case yes:
		row.Codes += ", TLS 1.1 or older too"
		if row.Verdict != session.Bad {
			row.Verdict, row.Why = session.Note, runbook.T("TLS 1.1 or 1.0 is agreed to as well (RFC 8996)", "TLS 1.1 以前でも接続できる (RFC 8996)")
		}
	case errors.Is(err, talk.ErrTimeout):
		if row.Verdict == session.Good {
			row.Verdict = session.Unknown
		}
		row.Why = runbook.T(row.Why.EN+"; whether TLS 1.1 or older is agreed to was not answered in time", row.Why.In("ja")+"。TLS 1.1 以前で接続できるかは、時間内に応答がなく不明")
	}
}

func described(t talk.Session) string {
	s := tls.VersionName(t.Version) + " " + tls.CipherSuiteName(t.Cipher)
	if t.Cert != nil {
		s += fmt.Sprintf(", certificate for %s, by %s, until %s", certified(t.Cert), t.Cert.Issuer.CommonName, t.Cert.NotAfter.UTC().Format(time.DateOnly))
	}
	return session.Cut(talk.Safe(s))
}

// certified are the names of a certificate.
func certified(c *x509.Certificate) string {
	names := c.DNSNames
	if len(names) == 0 {
		return c.Subject.CommonName + " (no DNS name)"
	}
	if len(names) > 4 {
		return strings.Join(names[:4], ", ") + ", ..."
	}
	return strings.Join(names, ", ")
}

// certificate judges what was shown.
func certificate(s *session.Session, row *session.Row, t talk.Session) {
	now, c := s.Run.Clock(), t.Cert
	why := func(v session.Verdict, en, ja string, args ...any) {
		row.Verdict, row.Why = v, runbook.Tf(en, ja, args...)
	}
	switch {
	case t.Version < tls.VersionTLS12:
		why(session.Bad, "%s, which is too old", "%s は古すぎる", tls.VersionName(t.Version))
	case c == nil:
		why(session.Bad, "no certificate is shown", "証明書が提示されない")
	case now.After(c.NotAfter):
		why(session.Bad, "the certificate ended on %s", "証明書の期限切れ (%s)", c.NotAfter.UTC().Format(time.DateOnly))
	case now.Before(c.NotBefore):
		why(session.Bad, "the certificate begins on %s only", "証明書の開始日前 (%s)", c.NotBefore.UTC().Format(time.DateOnly))
	case !target.IsName(s.Rep.Host):
		why(session.Note, "by what name the server is called is not known, so the certificate's name (%s) is not compared", "サーバ名が分からず、証明書の名前 (%s) と比べられない", talk.Safe(certified(c)))
	case c.VerifyHostname(s.Rep.Host) != nil && s.Submission():
		why(session.Bad, "the certificate is for %s, not for %s", "証明書は %s のもので、%s のものではない", talk.Safe(certified(c)), s.Rep.Host)
	case c.VerifyHostname(s.Rep.Host) != nil:
		why(session.Note, "the certificate is for %s, not for %s; servers do not mind, users' programs do", "証明書は %s のもので、%s のものではない。サーバ間では使われるが、メールソフトは警告する", talk.Safe(certified(c)), s.Rep.Host)
	case c.CheckSignatureFrom(c) == nil || c.Issuer.String() == c.Subject.String():
		why(session.Note, "the certificate is signed by itself", "自己署名証明書")
	case c.NotAfter.Sub(now) < soon:
		why(session.Note, "the certificate ends on %s", "証明書の期限が近い (%s)", c.NotAfter.UTC().Format(time.DateOnly))
	default:
		why(session.Good, "%s, the name fits, until %s", "%s、名前は一致、期限は %s", tls.VersionName(t.Version), c.NotAfter.UTC().Format(time.DateOnly))
	}
}

// older says whether TLS 1.1 or 1.0 would be agreed to. A server that hangs up says no; one that says nothing is a talk.ErrTimeout.
func older(s *session.Session) (bool, error) {
	cfg := s.Config()
	cfg.Most = tls.VersionTLS11
	s.Rest(s.Run.Pause)
	c, err := talk.Open(s.Ctx, cfg, s.Rep.At.String(), s.Implicit())
	if err != nil {
		return false, err
	}
	defer c.Quit()
	if !s.Implicit() {
		if r, err := c.Hello(s.Run.Helo); err != nil || !r.Good() {
			return false, err
		}
		if _, err := c.Secure(); err != nil {
			return false, err
		}
	}
	return c.TLS().On, nil
}

// Injection is H08 (CVE-2011-0411): what was sent in clear behind STARTTLS must not be answered inside TLS.
func Injection(s *session.Session, row *session.Row) {
	if !s.Look(row) {
		return
	}
	if s.Clear == nil || !s.Clear.Has("STARTTLS") {
		row.Verdict, row.Why = session.NotRun, runbook.T("STARTTLS is not offered", "STARTTLS が提供されていない")
		return
	}
	if !s.Open(row, false) {
		return
	}
	defer s.Close()
	row.Asked = []string{"STARTTLS + NOOP"}
	r, err := talk.Reply{}, s.Conn.Raw("STARTTLS\r\nNOOP\r\n")
	if err == nil {
		r, err = s.Conn.Next()
	}
	row.Answered, row.Codes = []string{session.Cut(r.String())}, session.Codes(r)
	switch {
	case err != nil:
		s.Unmet(row, "STARTTLS", err)
		return
	case r.Hard():
		row.Verdict, row.Why = session.Good, runbook.T("refused as a whole", "まとめて拒否")
		return
	case r.Soft():
		row.Why = runbook.Tf("STARTTLS is offered, and refused for now: %s", "STARTTLS を一時的に拒否: %s", session.Cut(r.String()))
		return
	case r.Code != 220:
		return
	}
	if err := s.Conn.Handshake(); err != nil {
		s.Unmet(row, "STARTTLS", err)
		return
	}
	injected(s, row)
}

// injected looks for the answer to what was sent in clear, at once and behind the answer to the next command.
func injected(s *session.Session, row *session.Row) {
	bad := func(r talk.Reply) {
		row.Answered, row.Codes = append(row.Answered, session.Cut(r.String())), row.Codes+" then "+session.Codes(r)
		row.Asked = append(row.Asked, "(inside TLS)")
		row.Verdict, row.Why = session.Bad, runbook.T("a command that was sent in clear is carried out inside TLS (CVE-2011-0411)", "平文で送られたコマンドが TLS 内で実行される (CVE-2011-0411)")
	}
	for _, more := range []bool{false, true} {
		if more {
			if r, err := s.Conn.Cmd("RSET"); err != nil || r.Code == 421 { // one reply, whatever it is
				s.Unmet(row, "RSET", errors.Join(err, talk.ErrClosed))
				return
			}
		}
		r, there, err := s.Unasked()
		switch {
		case there && r.Code != 421:
			bad(r)
			return
		case there || err != nil:
			s.Unmet(row, "STARTTLS", errors.Join(err, talk.ErrClosed))
			return
		}
	}
	row.Verdict, row.Why = session.Good, runbook.T("what was sent in clear is forgotten", "平文で送られた分は破棄される")
}
