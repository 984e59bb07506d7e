package delivery

import (
	"errors"
	"path/filepath"
	"strings"

	"hikeshi/spool/lab/standin"
)

// lockFile in a folder of a list says that it is being worked on.
const lockFile = "$LockFile"

// repair is what the delivery does at every start and stop: what was in work begins again, and every half is deleted.
func (d *delivery) repair() error {
	return errors.Join(d.restart(), d.dropResults(), d.dropHeld(), d.dropListHalves())
}

// restart gives envelopes in work their name back, or deletes them if their body is gone.
func (d *delivery) restart() error {
	working, err := standin.List(d.Spool("incoming"), ".$cp")
	for _, path := range working {
		if _, whole := standin.Partner(path, ".MSG"); whole {
			err = errors.Join(err, d.Move(path, strings.TrimSuffix(path, filepath.Ext(path))+".RCP"))
		} else {
			err = errors.Join(err, d.Remove(path))
		}
	}
	return err
}

func (d *delivery) dropResults() error {
	results, err := standin.List(d.Spool("incoming"), ".$ok", ".$ng")
	for _, path := range results {
		err = errors.Join(err, d.Remove(path))
	}
	return err
}

// dropHeld deletes every holding/NAME.MSG for which no folder domains/*-NAME holds NAME.RCP.
func (d *delivery) dropHeld() error {
	envelopes, err := filepath.Glob(d.Spool("domains", "*", "*"))
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, path := range envelopes {
		name, isRCP := strings.CutSuffix(strings.ToUpper(filepath.Base(path)), ".RCP")
		if isRCP && strings.HasSuffix(strings.ToUpper(filepath.Dir(path)), "-"+name) {
			known[name] = true
		}
	}
	bodies, err := standin.List(d.Spool("holding"), ".msg")
	for _, path := range bodies {
		name := strings.ToUpper(filepath.Base(path))
		if !known[strings.TrimSuffix(name, ".MSG")] {
			err = errors.Join(err, d.Remove(path))
		}
	}
	return err
}

// dropListHalves deletes in lists what lacks its other half, except where a list is locked, and takes the locks away.
func (d *delivery) dropListHalves() error {
	folders, err := filepath.Glob(d.Spool("lists", "*"))
	for _, dir := range folders {
		if !standin.Exists(filepath.Join(dir, lockFile)) {
			err = errors.Join(err, d.dropHalves(dir))
		}
	}
	for _, tree := range []string{"domains", "lists"} {
		locks, _ := filepath.Glob(d.Spool(tree, "*", lockFile))
		for _, path := range locks {
			err = errors.Join(err, d.Remove(path))
		}
	}
	return err
}

func (d *delivery) dropHalves(dir string) error {
	files, err := standin.List(dir, ".rcp", ".msg")
	for _, path := range files {
		other := ".MSG"
		if strings.EqualFold(filepath.Ext(path), ".MSG") {
			other = ".RCP"
		}
		if _, whole := standin.Partner(path, other); !whole {
			err = errors.Join(err, d.Remove(path))
		}
	}
	return err
}
