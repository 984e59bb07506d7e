// Package sweep reads all logs of a server once, in the order of time, on all processors and in bounded memory.
//
// The span that is asked for is cut into slices of time that hold about as much text each. A worker takes one slice, reads the bytes
// of that time from every log, and merges their lines by time; the deeds that they tell of come to the caller in batches, slice after
// slice, on one goroutine, as if there were one log. So whoever joins deeds of several logs, or of a session that goes on over several
// slices, need not know of slices at all. A line belongs to one slice only, whatever its time says, so none is counted twice.
//
// What a log can only tell with the lines before it (spool.Log.Sessions and Spread) is read with a run-up before the slice. A compressed file
// cannot be entered in the middle: it lies in one slice with everything of its time.
//
// With a time budget the newest part is read, and the result says from when on.
package sweep

import (
	"time"

	"hikeshi/actions/logs/deed"
	"hikeshi/spool"
)

// The sizes of the work.
const (
	sliceBytes = 8 << 20 // of text in a slice
	ahead      = 8       // batches of a slice that may wait to be taken
	runUp      = 600     // seconds before a slice, for logs of sessions and those that spread a message
	maxFiles   = 600     // that are open at a time
	maxSamples = 3       // lines of a log that were not understood, to be shown
)

// Options say what is read.
type Options struct {
	Logs        []spool.Log
	Parser      func(log string, f spool.LogFile) spool.LogParser
	From, Until int64             // on the wall clock; Until not included
	Own         map[string]bool   // own domains, in lower case; empty if nobody knows them
	Short       map[string]string // accounts by a login without a domain, where only one can be meant, in lower case; used where Own is not a single one
	Budget      time.Duration     // read only as much of the newest as can be read in it; 0: all
	Workers     int               // 0: one for each processor
	Progress    func(done, total int64)

	// Each is shown every event of the span before it becomes a deed, for what no deed carries, such as the text of a reply; nil: nobody
	// looks. The worker that read it calls: several at a time unless Workers is 1, and then in about the order of time. The event holds
	// until Each returns.
	Each func(e *spool.Event, at deed.Ref)

	slice int64 // bytes; 0: sliceBytes
}

// A Result says what was read.
type Result struct {
	From  int64 // on the wall clock: from here on everything was read
	Bytes int64 // of text; of compressed files as they lie on disk
	Files []File
	Logs  []LogRead
	Hide  func(login []byte) bool // the name of a failed login that is not to be shown: a line of it is not quoted; nil: none
}

// A File is a file that belongs to the span.
type File struct {
	Log     string
	Path    string
	Packed  bool // compressed
	Session bool
	Lines   int64 // of the span
	Unknown int64 // of these, not understood
	Long    int64 // lines that were too long to be read whole
	Note    Note
	Problem error // it could not be read, or not to its end
	source  spool.LogFile
}

// Note is what happened to a file while it was read.
type Note struct{ Shrunk, Rotated, Cut bool }

// A LogRead says what became of the lines of one log.
type LogRead struct {
	Name    string
	Lines   int64
	Unknown int64      // not understood
	Samples []deed.Ref // of those, the first ones
}
