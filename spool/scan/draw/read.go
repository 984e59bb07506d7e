package draw

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan/header"
	"hikeshi/spool/scan/sample"
)

// read reads one message by its files, and adds it unless all of them have vanished.
func (s *Sample) read(queue spool.Queue, folders []spool.Folder, files []sample.Ref, headers bool) {
	var m Message
	body := false
	for _, f := range files {
		if !f.Part.Envelope() && (f.Part != spool.Body || body) {
			continue
		}
		g, err := open(folders, f)
		if err == nil {
			if f.Part.Envelope() {
				err = m.envelope(queue, g, body)
			} else {
				body = true
				err = m.body(queue, g, headers)
			}
			g.Close()
		}
		switch {
		case err == nil:
			m.ID, _, _ = queue.Message(f.Name)
		case !errors.Is(err, fs.ErrNotExist):
			s.Unread++
		}
	}
	if m.ID != "" {
		s.Messages = append(s.Messages, m)
	}
}

// open opens a file of the sample; no symbolic link is followed below the parent of the queue folder.
func open(folders []spool.Folder, f sample.Ref) (*os.File, error) {
	number, sub, _ := strings.Cut(f.Sub, "/")
	i, err := strconv.Atoi(number)
	if err != nil {
		return nil, err
	}
	at := folders[i].Path
	d, err := disk.Open(filepath.Dir(at))
	if err != nil {
		return nil, err
	}
	for _, name := range append([]string{path.Base(at)}, strings.Split(sub, "/")...) {
		if name == "" {
			continue
		}
		next, err := d.Sub(name)
		d.Close()
		if err != nil {
			return nil, err
		}
		d = next
	}
	defer d.Close()
	return d.Read(f.Name)
}

// envelope takes in an envelope; body says that size and time are known already. A message may have several: the sender is that of the
// first.
func (m *Message) envelope(queue spool.Queue, g *os.File, body bool) error {
	fi, err := g.Stat()
	if err != nil {
		return err
	}
	e, err := queue.ReadEnvelope(g)
	if err != nil {
		return err
	}
	if !m.Enveloped {
		m.Sender, m.Enveloped = e.Sender, true
	}
	m.Recipients += e.Total
	if !body && m.Time.IsZero() {
		m.Size, m.Time = fi.Size(), fi.ModTime().UTC()
	}
	if e.Client.IsValid() {
		m.Client, m.HELO = e.Client, e.HELO
	}
	if !e.Arrived.IsZero() {
		m.Time = e.Arrived
	}
	return nil
}

// body takes in what the server wrote at the top of a body, and with headers its subject and sender.
func (m *Message) body(queue spool.Queue, g *os.File, headers bool) error {
	fi, err := g.Stat()
	if err != nil {
		return err
	}
	m.Size, m.Time = fi.Size(), fi.ModTime().UTC()
	if a, err := queue.ReadClient(g); err == nil {
		m.Client = a
	}
	names := []string{"Received"}
	if headers {
		names = append(names, "Subject", "From")
	}
	if _, err := g.Seek(0, io.SeekStart); err != nil {
		return err
	}
	fields, err := header.Take(g, names...)
	if err != nil {
		return err
	}
	m.HELO = header.HELO(fields[0])
	if headers {
		m.Subject, m.From = header.Decode(fields[1]), header.Decode(fields[2])
	}
	return nil
}
