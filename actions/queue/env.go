package queue

import (
	"context"
	"time"

	"hikeshi/actions/queue/blocks"
	"hikeshi/actions/queue/place"
	"hikeshi/runbook"
	"hikeshi/spool"
	"hikeshi/spool/aside"
	"hikeshi/spool/disk"
)

// Env is what the kinds of this package work with.
type Env struct {
	Server     spool.Server
	Own        spool.Own // what belongs to the owner of the server
	Thresholds Thresholds
	Clock      func() time.Time // the present moment

	// InUse names what runs now and uses the queue folders: units, or processes with their number. Nil means that nobody can
	// tell, as on a mounted disk.
	InUse func(ctx context.Context) ([]string, error)
	// Recorded returns what an incident has set aside, by the records of it: folders and files. Nil means that nobody can tell.
	Recorded func(incident string) ([]disk.ID, error)
	// Counted returns how much an incident has set aside, as counted at that time; nil means that nobody can tell. See Counted.
	Counted func(incident string) (aside.Stock, error)
	// Shared says by the settings of the server whether other servers use its spool, and why; nil: there is no such setting.
	Shared func() (why runbook.Text, shared bool, err error)
	// Room says what is left on the filesystem of the spool: bytes, and percent of the inodes (0 to 100); nil asks the system.
	Room func() (free, total uint64, inodesFree float64, err error)
	// Earlier is an earlier look at the queue, for the growth; nil, or a nil result, means that there was none.
	Earlier func() *spool.Backlog
	// Whose says by the logs who handed in messages of the queue; nil means that there are no logs to ask.
	Whose func(ctx context.Context, q blocks.Question) (blocks.Answer, error)
}

// Thresholds say when a queue is too full; a zero means that this is not looked at.
type Thresholds struct {
	Messages        int64         // in one folder
	Oldest          time.Duration // age of the oldest file
	GrowthPerMinute float64       // messages a minute
	MoveLimit       int           // up to so many messages are moved one by one; folders with more are renamed
	MinFree         uint64        // bytes that have to be free before mail may come in again; 0: 1 GiB
	MinPercent      float64       // or so many percent, whichever is less; and of the inodes; 0: 5
}

// Kinds are the kinds of this package.
func Kinds(env Env) []runbook.Kind {
	return append([]runbook.Kind{scanKind(env), checkKind(env), place.Kind(env.place()), blocks.Kind(blocks.Env{Server: env.Server, Whose: env.Whose})}, asideKinds(env)...)
}

// now is the present moment in UTC.
func (e Env) now() time.Time {
	if e.Clock == nil {
		return time.Now().UTC()
	}
	return e.Clock().UTC()
}

// place is what the queue lies on.
func (e Env) place() place.Env {
	return place.Env{Shared: e.Shared, Room: e.Room, MinFree: e.Thresholds.MinFree, MinPercent: e.Thresholds.MinPercent, Paths: func() []string {
		all := []string{e.Server.Root()}
		for _, f := range e.set() {
			all = append(all, f.Path)
		}
		return all
	}}
}

// set are the folders that are set aside together.
func (e Env) set() []spool.Folder {
	var all []spool.Folder
	for _, f := range e.Server.Folders() {
		if f.Set {
			all = append(all, f)
		}
	}
	return all
}
