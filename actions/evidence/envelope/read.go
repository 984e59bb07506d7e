package envelope

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"hikeshi/actions/evidence/look"
	"hikeshi/spool"
	"hikeshi/spool/disk"
	"hikeshi/spool/scan/sample"
)

// read reads one message.
func (d Drawing) read(ref sample.Ref, own map[string]bool) (Message, error) {
	number, sub, _ := strings.Cut(ref.Sub, "/")
	i, err := strconv.Atoi(number)
	if err != nil {
		return Message{}, err
	}
	f := d.Folders[i]
	dir, err := openBelow(f.Path, strings.Split(sub, "/")...)
	if err != nil {
		return Message{}, err
	}
	defer dir.Close()
	m := Message{Path: filepath.Join(f.Path, sub, ref.Name)}
	if err := m.envelope(dir, ref.Name, d.Queue); err != nil {
		return m, err
	}
	m.Outside = d.outside(&m, own)
	m.Recipients = m.Recipients[:min(len(m.Recipients), maxShown)]
	if n, ok := d.Queue.(namer); ok {
		m.List = n.ListMail(f.Name, ref.Name)
	}
	if b, ok := d.Queue.(bouncer); ok {
		m.Bounce = b.Bounce(ref.Name)
	}
	m.body(d, dir, ref.Name)
	return m, nil
}

func (m *Message) envelope(dir *disk.Dir, name string, queue spool.Queue) error {
	g, err := dir.Read(name)
	if err != nil {
		return err
	}
	defer g.Close()
	if fi, err := g.Stat(); err == nil {
		m.Time = fi.ModTime().UTC()
	}
	e, err := queue.ReadEnvelope(g)
	m.Sender, m.Recipients, m.Total = e.Sender, e.Recipients, e.Total
	if m.Client = e.Client; !e.Arrived.IsZero() {
		m.Time = e.Arrived
	}
	return err
}

func (d Drawing) outside(m *Message, own map[string]bool) bool {
	for _, r := range m.Recipients {
		if domain := Domain(r); domain != "" && !own[domain] {
			return true
		}
	}
	return false
}

// body reads the head of the body: beside the envelope, or at the top of another folder, under the name of the envelope or that of
// the message.
func (m *Message) body(d Drawing, dir *disk.Dir, name string) {
	base, _, _ := d.Queue.Message(name)
	names := []string{sample.Entry(name) + ".MSG", sample.Entry(name) + ".msg", base + ".MSG", base + ".msg"}
	if m.head(d.Queue, dir, names) {
		return
	}
	for _, f := range d.Folders {
		other, err := openBelow(f.Path)
		if err != nil {
			continue
		}
		found := m.head(d.Queue, other, names)
		other.Close()
		if found {
			return
		}
	}
}

func (m *Message) head(queue spool.Queue, dir *disk.Dir, names []string) bool {
	for _, name := range names {
		g, err := dir.Read(name)
		if err != nil {
			continue
		}
		head, err := io.ReadAll(io.LimitReader(g, maxHead))
		g.Close()
		if err != nil {
			return false
		}
		m.Received = look.Safe(received(head))
		if a, err := queue.ReadClient(bytes.NewReader(head)); err == nil {
			m.Client = a
		}
		return true
	}
	return false
}

// received returns the first Received field of a header, unfolded, without its name.
func received(head []byte) string {
	var text []byte
	for line := range bytes.Lines(head) {
		line = bytes.TrimRight(line, "\r\n")
		folded := len(line) > 0 && (line[0] == ' ' || line[0] == '\t')
		switch {
		case len(line) == 0, text != nil && !folded:
			return string(text)
		case text != nil:
			text = append(append(text, ' '), bytes.TrimSpace(line)...)
		case len(line) >= 9 && bytes.EqualFold(line[:9], []byte("Received:")):
			text = append([]byte{}, bytes.TrimSpace(line[9:])...)
		}
	}
	return string(text)
}

// Domain is the part behind the last @ in lower case, "" for a local name.
func Domain(address string) string {
	i := strings.LastIndexByte(address, '@')
	if i < 0 {
		return ""
	}
	return strings.ToLower(strings.TrimSuffix(address[i+1:], "."))
}

// Lines writes the sample for people, one message a line. Nothing of a message but its envelope and one line of its header is in it.
func (s Sample) Lines() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %d of %d envelopes: time, envelope file, sender, recipients, client, topmost Received line\n", len(s.Messages), s.Envelopes)
	for _, m := range s.Messages {
		to := strings.Join(m.Recipients, " ")
		if m.Total > len(m.Recipients) {
			to += fmt.Sprintf(" (%d in all)", m.Total)
		}
		client := "-"
		if m.Client.IsValid() {
			client = m.Client.String()
		}
		fmt.Fprintf(&b, "%s\t%s\t<%s>\t%s\t%s\t%s\n", m.Time.Format(time.RFC3339), look.Safe(m.Path), look.Safe(m.Sender), look.Safe(to), client, m.Received)
	}
	return b.Bytes()
}

func ownDomains(o spool.Own) map[string]bool {
	own := map[string]bool{}
	for _, d := range append([]string{o.Hostname}, o.Domains...) {
		if d != "" {
			own[strings.ToLower(strings.TrimSuffix(d, "."))] = true
		}
	}
	return own
}
