package release

import (
	"strings"

	"hikeshi/spool"
	"hikeshi/spool/aside"
)

// A Requeuer is the optional ability of a server to take retries as if they were new. Requeue returns the name of the folder through
// which the messages of folder go back, flat; ok is false if they go back to their own place.
type Requeuer interface {
	Requeue(folder string) (into string, ok bool)
}

// WayBack is where the content of a folder that was set aside goes when it is released: a path below the base, as dir is.
func WayBack(server spool.Server, dir string) string {
	name := folder(dir)
	if s, ok := server.(Requeuer); ok {
		if into, ok := s.Requeue(name); ok {
			return into
		}
	}
	if _, rest, sub := strings.Cut(dir, "/"); sub {
		return name + "/" + rest
	}
	return name
}

// folder is the name of the queue folder from which dir was set aside.
func folder(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	name, _, _ := aside.Parse(first)
	return name
}
