package standin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// HeaderID is the header line by which the lab knows its messages again, wherever they lie.
const HeaderID = "X-Lab-Id"

// An Envelope is the content of an .RCP file.
type Envelope struct {
	ID         string // B0000000042@mail1.example.jp
	Sender     string // "" is the null sender
	Recipients []string
}

// Bytes is the envelope as it is written.
func (e Envelope) Bytes() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "Message-ID: <%s>\nReturn-path: %s\n", e.ID, e.Sender)
	for _, r := range e.Recipients {
		fmt.Fprintf(&b, "Recipient: %s\n", r)
	}
	return b.Bytes()
}

// ReadEnvelope reads an .RCP file of up to 1 MiB.
func ReadEnvelope(path string) (Envelope, error) {
	data, err := readStart(path, 1<<20)
	if err != nil {
		return Envelope{}, err
	}
	var e Envelope
	for line := range strings.Lines(string(data)) {
		key, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ": ")
		switch strings.ToLower(strings.TrimRight(key, ": ")) {
		case "message-id":
			e.ID = strings.Trim(value, "<>")
		case "return-path":
			e.Sender = value
		case "recipient":
			e.Recipients = append(e.Recipients, value)
		}
	}
	if e.ID == "" || len(e.Recipients) == 0 {
		return e, fmt.Errorf("reading %s: no message id or no recipient", path)
	}
	return e, nil
}

// LabID reads the HeaderID of a body file, "" if it has none among its first lines.
func LabID(path string) (string, error) {
	data, err := readStart(path, 8<<10)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if key, value, ok := strings.Cut(line, ": "); ok && strings.EqualFold(key, HeaderID) {
			return value, nil
		}
	}
	return "", nil
}

func readStart(path string, most int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, int64(most)))
}

// NextID counts LastMsgId up and returns the name of the next message. Unlike a setting the counter is read each time. Only the receiver calls it, one session at a time.
func (s *Server) NextID() (string, error) {
	file := s.Settings.File("LastMsgId")
	n := number(readValue(file+".1"), 0) + 1
	err := s.power.Do(func() error { return os.WriteFile(file+".tmp", fmt.Appendf(nil, "%d\n", n), 0o640) })
	if err == nil {
		err = s.Move(file+".tmp", file+".1")
	}
	if err != nil {
		return "", fmt.Errorf("counting messages: %w", err)
	}
	return fmt.Sprintf("B%010d", n), nil
}

// Partner returns the path of the file beside path with another extension, in whichever letter case it stands there. path may be
// without extension.
func Partner(path, ext string) (string, bool) {
	base := strings.TrimSuffix(path, filepath.Ext(path))
	for _, x := range []string{strings.ToUpper(ext), strings.ToLower(ext)} {
		if _, err := os.Lstat(base + x); !errors.Is(err, fs.ErrNotExist) {
			return base + x, true
		}
	}
	return base + strings.ToUpper(ext), false
}

// SplitAddress splits at the first @.
func SplitAddress(addr string) (user, domain string) {
	user, domain, _ = strings.Cut(addr, "@")
	return user, domain
}
