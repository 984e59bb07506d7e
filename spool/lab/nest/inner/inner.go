// Package inner is the side of a nest that runs in its namespaces: it lays out what is seen there, becomes the system manager, and
// carries programs in. Only package nest, which describes all of it, starts it.
package inner

const (
	// Manager is the system manager, at its path on every distribution that has one, merged /usr or not.
	Manager = "/lib/systemd/systemd"

	// Marker is a file of the nest that holds the path of its lab folder. It is written when nothing of the machine's own /run is
	// in sight any more.
	Marker = "/run/nest/dir"
)

// Plan is what the outer side decides.
type Plan struct {
	Host     string   // the mount namespace of the machine, as /proc/self/ns/mnt names it
	Dir      string   // the lab folder
	Config   string   // the folder that becomes /etc/systemd
	Self     string   // the program, which stays visible
	Console  string   // the terminal that becomes /dev/console
	Writable []string // more folders that stay visible and writable
	Start    []string // units to start at boot
	Net      bool     // the network is the nest's own
}
