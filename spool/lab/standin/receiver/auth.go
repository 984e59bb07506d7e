package receiver

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
)

// authenticate answers AUTH PLAIN and AUTH LOGIN (RFC 4954). An AUTH that was tried and not finished with success counts as failed.
func (s *session) authenticate(arg string) error {
	mode, first, _ := strings.Cut(arg, " ")
	mode = strings.ToUpper(mode)
	switch {
	case !s.esmtp:
		return s.reply("503 5.0.0 Need EHLO before AUTH")
	case !strings.Contains(" "+s.r.authModes+" ", " "+mode+" "):
		return s.reply("503 5.5.1 Error: authentication not enabled.")
	}
	s.auth, s.mode, s.user = authFailed, mode, ""
	var name, password string
	var err error
	switch mode {
	case "PLAIN":
		name, password, err = s.plain(first)
	case "LOGIN":
		name, password, err = s.login(first)
	}
	if err != nil {
		return err
	}
	s.user = name
	level, ok := s.r.Login(name, password)
	if !ok {
		on := s.failed()
		err := s.reply("535 5.7.0 Authentication failed.")
		if !on {
			err = errors.Join(err, io.EOF)
		}
		return err
	}
	s.auth, s.level = authDone, level
	if err := s.succeeded(); err != nil {
		return err
	}
	return s.reply("235 2.0.0 Authentication successful.")
}

// plain reads authorization identity, name and password, with a NUL before each of the last two (RFC 4616).
func (s *session) plain(first string) (name, password string, err error) {
	text, err := s.answer(first, "")
	parts := strings.Split(text, "\x00")
	if err != nil || len(parts) != 3 {
		return "", "", err
	}
	return parts[1], parts[2], nil
}

func (s *session) login(first string) (name, password string, err error) {
	if name, err = s.answer(first, "Username:"); err != nil {
		return "", "", err
	}
	password, err = s.answer("", "Password:")
	return name, password, err
}

// answer decodes what came with the command, or asks for it.
func (s *session) answer(given, question string) (string, error) {
	if given == "" {
		if err := s.reply("334 %s", base64.StdEncoding.EncodeToString([]byte(question))); err != nil {
			return "", err
		}
		var err error
		if given, err = s.read(); err != nil {
			return "", err
		}
	}
	text, err := base64.StdEncoding.DecodeString(given)
	if err != nil {
		return "", nil // not Base64, so "*" too: no name, the login fails
	}
	return string(text), nil
}
