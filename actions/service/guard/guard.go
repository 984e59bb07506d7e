// Package guard keeps a unit from being started, over a reboot too. E-Post's units lie in /etc/systemd/system, where a mask is refused
// or without effect, so the guard of a unit is a drop-in and a file that its condition asks for:
//
//	/etc/systemd/system/epstdd.service.d/50-hikeshi-hold.conf:
//	# Held by hikeshi, incident 1121-0312, since 2026-11-21T03:12:00Z. `hikeshi service start` takes this away.
//	# folder made: yes
//	[Unit]
//	ConditionPathExists=!/var/lib/hikeshi/hold/epstdd.service
//
//	/var/lib/hikeshi/hold/epstdd.service:
//	1121-0312 2026-11-21T03:12:00Z
//
// Both are needed for it to hold, and the manager has to have read the drop-in. "folder made" says whether the folder of the drop-in
// was made for it and goes with it.
//
// [Place.Read] says what stands; [Guard.Missing] and [Guard.Standing] give the Posts that a change is to put up or take away.
package guard

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	dropInName = "50-hikeshi-hold.conf"
	maxRead    = 64 << 10 // bytes of one of its files
)

// A Place is where guards are put.
type Place struct {
	Units string // /etc/systemd/system
	State string // absolute path of the state folder
}

func (p Place) folder(unit string) string { return filepath.Join(p.Units, unit+".d") }

func (p Place) dropIn(unit string) string { return filepath.Join(p.folder(unit), dropInName) }

// A Guard is what stands of the guard of one unit.
type Guard struct {
	Unit     string
	Incident string    // "" if it cannot be told
	Since    time.Time // UTC; zero if it cannot be told

	place        Place
	made         bool    // the folder of the drop-in was made for it
	path         string  // of the file that the condition asks for
	dropIn, file *string // what stands in them; nil: not there
	whole        bool    // the drop-in is not one that was cut short
}

// Holds says whether the unit cannot be started, once the manager has read the guard.
func (g Guard) Holds() bool { return g.whole && g.file != nil }

// Stands says whether there is anything of a guard.
func (g Guard) Stands() bool { return g.dropIn != nil || g.file != nil }

// Loaded says whether a manager that names these drop-ins of the unit has read the guard.
func Loaded(unit string, dropIns []string) bool {
	return slices.ContainsFunc(dropIns, func(path string) bool {
		return filepath.Base(path) == dropInName && filepath.Base(filepath.Dir(path)) == unit+".d"
	})
}

var written = regexp.MustCompile("^# Held by hikeshi, incident (\\S+), since (\\S+)\\. `[^\\n]*\\n# folder made: (yes|no)\\n\\[Unit\\]\\nConditionPathExists=!(/[^\\n]*)\\n$")

func (g Guard) text() string {
	made := "no"
	if g.made {
		made = "yes"
	}
	// systemd.unit(5): a percent sign begins a specifier.
	return fmt.Sprintf("# Held by hikeshi, incident %s, since %s. `hikeshi service start` takes this away.\n# folder made: %s\n[Unit]\nConditionPathExists=!%s\n",
		g.Incident, g.Since.Format(time.RFC3339), made, strings.ReplaceAll(g.path, "%", "%%"))
}

// Read says what stands of the guard of a unit. A drop-in of its name with a condition that is not as written here is an error; one
// whose writing was cut short has no effect.
func (p Place) Read(unit string) (Guard, error) {
	g := Guard{Unit: unit, place: p, path: filepath.Join(p.State, "hold", unit)}
	err := g.read()
	if err != nil {
		return g, fmt.Errorf("reading the guard of %s: %w", unit, err)
	}
	return g, nil
}

func (g *Guard) read() (err error) {
	if g.dropIn, err = readSmall(g.place.dropIn(g.Unit)); err != nil {
		return err
	}
	if g.dropIn != nil {
		if err := g.parse(*g.dropIn); err != nil {
			return fmt.Errorf("%s: %w", g.place.dropIn(g.Unit), err)
		}
	}
	g.file, err = readSmall(g.path)
	if errors.Is(err, fs.ErrPermission) && g.whole {
		g.file, err = new(string), nil // not for everyone to see; there is no reason to think that it is not there
	}
	if g.file != nil && !g.whole {
		g.Incident, _, _ = strings.Cut(strings.TrimSpace(*g.file), " ")
	}
	return err
}

func (g *Guard) parse(text string) (err error) {
	m := written.FindStringSubmatch(text)
	if m == nil {
		torn := strings.HasPrefix(text, "# Held by hikeshi") && !strings.HasSuffix(text, "\n")
		if !torn && strings.Contains(text, "Condition") {
			return errors.New("not as hikeshi writes it; look at it and take it away by hand")
		}
		return nil
	}
	g.whole, g.Incident, g.made, g.path = true, m[1], m[3] == "yes", strings.ReplaceAll(m[4], "%%", "%")
	g.Since, err = time.Parse(time.RFC3339, m[2])
	return err
}

// readSmall returns nil for a file that is not there.
func readSmall(path string) (*string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRead))
	s := string(b)
	return &s, err
}

// A Hold is a guard that stands, or what is left of one.
type Hold struct {
	Unit      string
	Incident  string    // "" if it cannot be told
	Since     time.Time // UTC; zero if it cannot be told
	Forgotten bool      // only a part is left, which bars nothing
}

// Held lists what stands of guards of any unit, by unit.
func (p Place) Held() ([]Hold, error) {
	units := map[string]bool{}
	folders, err := entries(p.Units)
	if err != nil {
		return nil, fmt.Errorf("listing guards: %w", err)
	}
	for _, name := range folders {
		unit, ok := strings.CutSuffix(name, ".d")
		if !ok {
			continue
		}
		if _, err := os.Lstat(p.dropIn(unit)); err == nil {
			units[unit] = true
		}
	}
	files, err := entries(filepath.Join(p.State, "hold"))
	if err != nil {
		return nil, fmt.Errorf("listing guards: %w", err)
	}
	for _, name := range files {
		units[name] = true
	}
	var all []Hold
	for unit := range units {
		g, err := p.Read(unit)
		if err != nil {
			return nil, err
		}
		all = append(all, Hold{Unit: g.Unit, Incident: g.Incident, Since: g.Since, Forgotten: !g.Holds()})
	}
	slices.SortFunc(all, func(a, b Hold) int { return strings.Compare(a.Unit, b.Unit) })
	return all, nil
}

// entries are the names in a folder; none if it is not there or not for us to read.
func entries(path string) ([]string, error) {
	d, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}
