package logs

import (
	"bytes"
	"fmt"
	"path/filepath"

	"hikeshi/spool"
	"hikeshi/spool/disk"
)

const (
	samples    = 32        // places of a file that are looked at
	sampleSize = 8 << 10   // bytes
	backwards  = 7 * 86400 // seconds by which no clock is put back
)

// years says that a file has lines of more than a year: stamps without a year are then taken for those of the last one. It looks at a few
// places whether time goes backwards. What cannot be read is told when it is read.
func (l *Logs) years(f spool.LogFile) error {
	if f.Compressed != "" || f.Size < samples*sampleSize {
		return nil
	}
	d, err := disk.Open(filepath.Dir(f.Path))
	if err != nil {
		return nil
	}
	defer d.Close()
	file, err := d.Read(filepath.Base(f.Path))
	if err != nil {
		return nil
	}
	defer file.Close()
	p, latest := NewParser(l.config.Zone, f.Modified), int64(0)
	buf := make([]byte, sampleSize)
	for i := range int64(samples) {
		n, _ := file.ReadAt(buf, f.Size/samples*i)
		for text := buf[:n]; len(text) > 0; {
			_, rest, ok := bytes.Cut(text, []byte{'\n'})
			if !ok {
				break
			}
			text = rest
			wall, ok := p.Wall(text)
			if !ok {
				continue
			}
			if latest-wall > backwards {
				return fmt.Errorf("log %s: it has lines of more than a year, and stamps without a year: those before the last year count as later ones; move the older part of it to a file of its own", f.Path)
			}
			latest = max(latest, wall)
			break
		}
	}
	return nil
}
