package nest

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/sys/unix"
)

// logSize is how much of the console is remembered, in bytes.
const logSize = 64 << 10

// console is the terminal on which the manager and its journal write. A plain file would not do: systemd writes to nothing but a
// terminal.
type console struct {
	ours, theirs *os.File
	ended        chan struct{}

	mu   sync.Mutex
	tail []byte
}

func openConsole() (*console, error) {
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a console: %w", err)
	}
	// As unlockpt(3) and ptsname(3) do.
	fd := int(ours.Fd())
	err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	number := 0
	if err == nil {
		number, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
	}
	var theirs *os.File
	if err == nil {
		theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		ours.Close()
		return nil, fmt.Errorf("opening a console: %w", err)
	}
	c := &console{ours: ours, theirs: theirs, ended: make(chan struct{})}
	go c.read()
	return c, nil
}

// read keeps the end of what is written, until close closes the last descriptor of the other end.
func (c *console) read() {
	defer close(c.ended)
	buf := make([]byte, 4096)
	for {
		n, err := c.ours.Read(buf)
		c.mu.Lock()
		c.tail = append(c.tail, buf[:n]...)
		c.tail = c.tail[max(0, len(c.tail)-logSize):]
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// close is called when the nest is gone; everything it wrote has been read when close returns.
func (c *console) close() {
	c.theirs.Close()
	<-c.ended
	c.ours.Close()
}

// text is what has been written, with nothing in it that would act on a terminal.
func (c *console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	plain := func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return '?'
		}
		return r
	}
	return strings.Map(plain, strings.ReplaceAll(strings.ToValidUTF8(string(c.tail), "?"), "\r", ""))
}
