package standin

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Left is one line of the sink: the server brought one message to the door of one recipient outside.
type Left struct {
	Time      time.Time `json:"time"` // UTC
	ID        string    `json:"id"`   // the server's: B0000000042@mail1.example.jp
	Lab       string    `json:"lab"`  // the lab's, from HeaderID
	Sender    string    `json:"sender"`
	Recipient string    `json:"recipient"`
	Answer    string    `json:"answer"` // of the recipient's server: 250 taken, 451 not now, 550 never
}

// Settled says whether the recipient's server took the message or refused it for good.
func (l Left) Settled() bool { return !strings.HasPrefix(l.Answer, "4") }

// ReadSink reads what has left so far; no sink is an empty one.
func ReadSink(path string) ([]Left, error) { return ReadLines[Left](path) }

// ReadLines reads a file of one JSON value a line, in which a last line without LF is still being written and does not count.
func ReadLines[T any](path string) ([]T, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []T
	for r := bufio.NewReader(f); ; {
		line, err := r.ReadBytes('\n')
		if err != nil {
			return all, nil
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("reading %s: line %d: %w", path, len(all)+1, err)
		}
		all = append(all, v)
	}
}
