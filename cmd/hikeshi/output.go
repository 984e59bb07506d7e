package main

import (
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
)

// output is standard output. It remembers the first write that failed, so that a verb whose text went nowhere (a full disk) does not end
// as if all had been said. A reader that has gone away is none: it wants no more (`hikeshi run ... | head`).
type output struct {
	to io.Writer

	mu  sync.Mutex
	err error
}

// Write writes on.
func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.err == nil {
			o.err = err
		}
	}
	return n, err
}

// failed is the first error.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// fileOf is the file behind a writer, or nil.
func fileOf(w io.Writer) *os.File {
	if o, ok := w.(*output); ok {
		w = o.to
	}
	f, _ := w.(*os.File)
	return f
}
