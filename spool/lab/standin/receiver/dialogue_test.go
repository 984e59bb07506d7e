package receiver

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"hikeshi/spool/lab/standin"
	"hikeshi/spool/lab/standin/holes"
)

// server makes a small server: own domain example.jp, accounts taro and hanako with auth files (passwords secret-t and secret-h)
// and jiro without.
func server(t testing.TB) standin.Config {
	t.Helper()
	c := standin.Config{Root: t.TempDir(), Rate: 1}
	files := map[string]string{
		c.Program("effect.dat"):                                        "#<> default\n#blank false\n",
		c.Lab("keep"):                                                  "",
		c.Spool("receivelog/keep"):                                     "",
		c.Spool("reg/epost/ims/HostName.2"):                            "mail1.example.jp\n",
		c.Spool("reg/epost/ims/DomainNamesAreLocal.0"):                 "example.jp\x00",
		c.Spool("reg/epost/ims/EPST5RS/SMTPAUTHMode.2"):                "PLAIN LOGIN\n",
		c.Spool("reg/epost/ims/EPST5RS/AcceptlogEnabled.1"):            "1\n",
		c.Spool("reg/epost/ims/EPST5RS/Parameters/MailInlogEnabled.1"): "1\n",
		c.Spool("inbox/taro/apop.dat"):                                 "secret-t\n",
		c.Spool("inbox/hanako/apop.dat"):                               "secret-h\r\n1\r\n",
		c.Spool("inbox/jiro/keep"):                                     "",
		c.Spool("db/example.jp.idx"): standin.Account{Name: "taro", FullName: "Taro", Domain: "example.jp"}.Line("p") +
			standin.Account{Name: "hanako", FullName: "Hanako", Domain: "example.jp"}.Line("") +
			standin.Account{Name: "jiro", FullName: "Jiro", Domain: "example.jp"}.Line("p") +
			strings.TrimSuffix(standin.Account{Name: "unseen", Domain: "example.jp"}.Line("p"), "\n"),
	}
	for path, text := range files {
		put(t, path, text)
	}
	return c
}

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// start runs a receiver until the returned function is called.
func start(t testing.TB, c standin.Config, p *standin.Power) (stop func() error) {
	t.Helper()
	stop, err := launch(c, p)
	if err != nil {
		t.Fatalf("the receiver does not start: %v", err)
	}
	return stop
}

func launch(c standin.Config, p *standin.Power) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- Run(ctx, c, p, func() { close(ready) }) }()
	select {
	case <-ready:
		return func() error { cancel(); return <-ended }, nil
	case err := <-ended:
		cancel()
		return nil, err
	}
}

// TestDialogues plays the files of testdata. A line is
//
//	# a comment                      P: ADDRESS     a new connection of the host ADDRESS
//	effect: LINE                     C: TEXT        the client says
//	setting: KEY VALUE               S: TEXT        the server says
//	start                            closed         the server ends the connection
//	restart                          | TEXT         the next line there
//	file PATH, log NAME              gone PATH
//	account: OLD NEW                 rename OLD NEW
//	program: FILE LINE               hole: NAME      beside those that it has, from the next start on
//
// "effect" appends a line to effect.dat, "program" makes another file of the program folder, with \t for TAB; "account" gives a name
// in the account file another one. In what the server writes, * stands for any text; in what
// the client says, base64(TEXT) is encoded, with \0 for NUL.
func TestDialogues(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			p := &play{T: t, c: server(t)}
			for i, line := range strings.Split(strings.TrimRight(string(data), "\n"), "\n") {
				p.line = fmt.Sprintf("%s:%d: %s", filepath.Base(path), i+1, line)
				p.act(line)
			}
			p.hangUp()
			if p.stop != nil && p.stop() != nil {
				t.Error("the receiver ended with an error")
			}
		})
	}
}

type play struct {
	*testing.T
	c    standin.Config
	line string
	stop func() error
	conn net.Conn
	in   *bufio.Reader
	text []string // of the file or log that is being read
}

func (p *play) fail(format string, args ...any) {
	p.Helper()
	p.Fatalf(p.line+"\n"+format, args...)
}

func (p *play) must(err error) {
	p.Helper()
	if err != nil {
		p.fail("%v", err)
	}
}

func (p *play) act(line string) {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "", "#":
	case "setting:":
		key, value, _ := strings.Cut(rest, " ")
		put(p, p.c.Spool("reg/epost/ims", key), value)
	case "effect:":
		data, err := os.ReadFile(p.c.Program("effect.dat"))
		p.must(err)
		put(p, p.c.Program("effect.dat"), string(data)+rest+"\n")
	case "program:":
		name, text, _ := strings.Cut(rest, " ")
		put(p, p.c.Program(name), strings.ReplaceAll(text, `\t`, "\t")+"\n")
	case "account:", "rename":
		p.rename(word, rest)
	case "gone":
		if standin.Exists(p.c.Spool(rest)) {
			p.fail("it is there")
		}
	case "hole:":
		p.c.Holes = append(p.c.Holes, holes.Hole(rest))
	case "start":
		p.stop = start(p, p.c, &standin.Power{})
	case "restart":
		p.hangUp()
		p.must(p.stop())
		p.stop = start(p, p.c, &standin.Power{})
	case "P:":
		p.connect(rest)
	case "C:":
		_, err := p.conn.Write([]byte(encode(rest) + "\r\n"))
		p.must(err)
	case "S:":
		got, err := p.in.ReadString('\n')
		p.must(err)
		p.same(strings.TrimSuffix(got, "\r\n"), rest)
	case "closed":
		if got, err := p.in.ReadString('\n'); err == nil {
			p.fail("the server says %q", got)
		}
	case "file":
		p.read(p.c.Spool(rest))
	case "log":
		p.hangUp()
		p.read(p.c.Spool(rest, "mail1", time.Now().Format("060102")+".log"))
	case "|":
		if len(p.text) == 0 {
			p.fail("the file ends here")
		}
		p.same(strings.TrimSuffix(p.text[0], "\r"), rest)
		p.text = p.text[1:]
	default:
		p.fail("unknown line")
	}
}

// rename gives a file, or an account in its line, another name.
func (p *play) rename(what, names string) {
	old, name, _ := strings.Cut(names, " ")
	if what == "rename" {
		p.must(os.Rename(p.c.Spool(old), p.c.Spool(name)))
		return
	}
	path := p.c.Spool("db/example.jp.idx")
	data, err := os.ReadFile(path)
	p.must(err)
	var text strings.Builder
	for line := range strings.Lines(string(data)) {
		record, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(line, "\n"))
		p.must(err)
		if rest, ok := strings.CutPrefix(string(record), old+"\t"); ok {
			line = base64.StdEncoding.EncodeToString([]byte(name+"\t"+rest)) + "\n"
		}
		text.WriteString(line)
	}
	put(p, path, text.String())
}

func (p *play) connect(peer string) {
	p.hangUp()
	addr, err := os.ReadFile(p.c.Address())
	p.must(err)
	p.conn, err = net.Dial("tcp", string(addr))
	p.must(err)
	p.must(p.conn.SetDeadline(time.Now().Add(10 * time.Second)))
	p.in = bufio.NewReader(p.conn)
	_, err = fmt.Fprintf(p.conn, "LAB-PEER %s\r\n", peer)
	p.must(err)
}

// hangUp ends the connection and waits until the server has noticed.
func (p *play) hangUp() {
	if p.conn == nil {
		return
	}
	p.conn.(*net.TCPConn).CloseWrite()
	for _, err := p.in.ReadByte(); err == nil; _, err = p.in.ReadByte() {
	}
	p.conn.Close()
	p.conn = nil
}

func (p *play) read(path string) {
	data, err := os.ReadFile(path)
	p.must(err)
	p.text = strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
}

func (p *play) same(got, want string) {
	p.Helper()
	pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(want), `\*`, ".*") + "$"
	if !regexp.MustCompile(pattern).MatchString(got) {
		p.fail("got %q", got)
	}
}

var base64Word = regexp.MustCompile(`base64\(([^)]*)\)`)

func encode(line string) string {
	return base64Word.ReplaceAllStringFunc(line, func(w string) string {
		text := strings.ReplaceAll(base64Word.FindStringSubmatch(w)[1], `\0`, "\x00")
		return base64.StdEncoding.EncodeToString([]byte(text))
	})
}
