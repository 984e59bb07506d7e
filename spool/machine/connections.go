package machine

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
)

// listening is the state of a socket that waits for callers.
const listening = 0x0A

// states are the kernel's numbers (include/net/tcp_states.h).
var states = [...]State{
	1: Established, 2: SynSent, 3: SynReceived, 4: FinWait, 5: FinWait, 6: TimeWait, 7: Close, 8: CloseWait, 9: LastAck, 11: Closing, 12: SynReceived,
}

// Connections returns the TCP connections of this machine, without the sockets that only listen. With an error it returns what
// could be read all the same: a line that makes no sense is passed over and counted in the error.
func (t Tables) Connections() ([]Connection, error) {
	var all []Connection
	var errs []error
	for _, name := range []string{"proc/net/tcp", "proc/net/tcp6"} {
		f, err := t.open(name)
		if errors.Is(err, fs.ErrNotExist) && name == "proc/net/tcp6" {
			continue // a machine without IPv6
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		part, err := readTCP(io.LimitReader(f, maxTable))
		f.Close()
		if err != nil {
			errs = append(errs, fmt.Errorf("reading /%s: %w", name, err))
		}
		all = append(all, part...)
	}
	return all, errors.Join(errs...)
}

// readTCP reads a table such as
//
//	sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
//	 0: 190200C0:0019 097100CB:D431 01 00000000:00000000 00:00000000 00000000   0        0 18134 1 …
func readTCP(r io.Reader) ([]Connection, error) {
	var all []Connection
	lines := bufio.NewReaderSize(r, 4096)
	bad, first := 0, 0
	for n := 1; ; n++ {
		line, err := lines.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			line = nil // no such line is written by a kernel
			_, err = lines.ReadSlice('\n')
		}
		if n > 1 && len(bytes.TrimSpace(line)) > 0 || line == nil {
			c, listens, ok := parseTCP(line)
			switch {
			case !ok:
				if bad++; first == 0 {
					first = n
				}
			case !listens:
				all = append(all, c)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return all, err
		}
	}
	if bad > 0 {
		return all, fmt.Errorf("lines that make no sense: %d, the first is line %d", bad, first)
	}
	return all, nil
}

func parseTCP(line []byte) (c Connection, listens, ok bool) {
	f := bytes.Fields(line)
	if len(f) < 4 || !bytes.HasSuffix(f[0], []byte(":")) || len(f[3]) != 2 {
		return c, false, false
	}
	number, err := strconv.ParseUint(string(f[3]), 16, 8)
	if err != nil {
		return c, false, false
	}
	var okLocal, okRemote bool
	c.Local, okLocal = parseAddress(f[1])
	c.Remote, okRemote = parseAddress(f[2])
	c.State = State(fmt.Sprintf("state-%02X", number))
	if number < uint64(len(states)) && states[number] != "" {
		c.State = states[number]
	}
	return c, number == listening, okLocal && okRemote
}

// parseAddress reads 0100007F:0019: the address in words of 32 bits, each as the processor keeps it, and the port.
func parseAddress(text []byte) (netip.AddrPort, bool) {
	digits, portDigits, ok := bytes.Cut(text, []byte(":"))
	if !ok || len(digits) != 8 && len(digits) != 32 || len(portDigits) != 4 {
		return netip.AddrPort{}, false
	}
	port, err := strconv.ParseUint(string(portDigits), 16, 16)
	if err != nil {
		return netip.AddrPort{}, false
	}
	raw := make([]byte, 0, 16)
	for ; len(digits) > 0; digits = digits[8:] {
		word, err := strconv.ParseUint(string(digits[:8]), 16, 32)
		if err != nil {
			return netip.AddrPort{}, false
		}
		raw = binary.NativeEndian.AppendUint32(raw, uint32(word))
	}
	a, _ := netip.AddrFromSlice(raw)
	return netip.AddrPortFrom(a.Unmap(), uint16(port)), true
}
