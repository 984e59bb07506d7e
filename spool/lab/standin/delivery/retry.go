package delivery

import (
	"crypto/md5" // names folders as the server does; protects nothing
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"hikeshi/spool/lab/standin"
)

// since1601 are the seconds from the beginning of 1601 to the beginning of 1970, UTC.
const since1601 = 11644473600

var retryName = regexp.MustCompile(`^(.*)-R(\d{4})$`)

// tries is how often a message was tried before, by its name.
func tries(name string) int {
	m := retryName.FindStringSubmatch(name)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[2])
	return n
}

// postpone keeps the message for the recipients of one domain: first the body, then the envelope, so that what a power cut leaves
// is a body that the next start deletes while the whole message still stands in incoming. Of several domains the second and
// further ones get a number of their own.
func (d *delivery) postpone(j job, domain string, rcpts []string, number int) error {
	first := j.name
	if m := retryName.FindStringSubmatch(j.name); m != nil {
		first = m[1]
	}
	if number > 1 {
		first = fmt.Sprintf("%s-%03d", first, number)
	}
	try := tries(j.name) + 1
	name := fmt.Sprintf("%s-R%04d", first, try)
	dir := d.Spool("domains", folderName(domain)+"-"+name)
	if err := d.Link(j.body, d.Spool("holding", name+".MSG")); err != nil {
		return err
	}
	if err := d.Sync(d.Spool("holding")); err != nil {
		return err
	}
	if err := d.Folders(filepath.Join("domains", filepath.Base(dir))); err != nil {
		return err
	}
	mri := fmt.Sprintf("Domain-name: %s\nLast-tried: %d\nTry-number: %d\nErr-code: 451\n", domain, uint32(time.Now().Unix()+since1601), try)
	if err := d.Write(filepath.Join(dir, "Domain.mri"), []byte(mri)); err != nil {
		return err
	}
	return d.writeEnvelope(filepath.Join(dir, name), standin.Envelope{ID: j.ID, Sender: j.Sender, Recipients: rcpts})
}

// folderName is the domain as part of a folder name: a long one by its MD5, an impossible one as baddomain.
func folderName(domain string) string {
	switch {
	case len(domain) > 64:
		sum := md5.Sum([]byte(domain))
		return hex.EncodeToString(sum[:])
	case strings.Trim(domain, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" || strings.Trim(domain, ".") == "":
		return "baddomain"
	}
	return domain
}

// due puts back into incoming what is to be tried again.
func (d *delivery) due(now time.Time) error {
	mris, err := filepath.Glob(d.Spool("domains", "*", "Domain.mri"))
	if err != nil {
		return err
	}
	for _, mri := range mris {
		last, ok := lastTried(mri, now)
		if ok && now.Sub(last) >= d.RetryAfter {
			if err := d.again(filepath.Dir(mri)); err != nil {
				return err
			}
		}
	}
	return nil
}

// again moves the retries of one folder.
func (d *delivery) again(dir string) error {
	envelopes, err := standin.List(dir, ".rcp")
	if err != nil {
		return err
	}
	for _, path := range envelopes {
		if err := d.requeue(path); err != nil {
			return err
		}
	}
	rest, err := standin.List(dir, ".mri", ".tmp") // the latter after a power cut
	for _, path := range rest {
		err = errors.Join(err, d.Remove(path))
	}
	if err := d.Remove(dir); err != nil && !errors.Is(err, syscall.ENOTEMPTY) { // what is not ours stays
		return err
	}
	return err
}

// requeue moves one retry, the body first. A body that is in incoming already was moved there before a power cut. An envelope whose
// body is nowhere is deleted.
func (d *delivery) requeue(envelope string) error {
	name := strings.TrimSuffix(filepath.Base(envelope), filepath.Ext(envelope))
	to := d.Spool("incoming", name)
	body, held := standin.Partner(d.Spool("holding", name), ".MSG")
	if held {
		if err := d.Move(body, to+".MSG"); err != nil {
			return err
		}
	}
	if !standin.Exists(to + ".MSG") {
		return d.Remove(envelope)
	}
	return d.Move(envelope, to+".RCP")
}

// lastTried reads the time from Domain.mri; only its low 32 bits are there, so the latest time not after now is meant.
func lastTried(path string, now time.Time) (time.Time, bool) {
	data, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, false
	}
	for line := range strings.Lines(string(data)) {
		value, found := strings.CutPrefix(line, "Last-tried: ")
		n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
		if found && err == nil {
			full := now.Unix() + since1601
			return now.Add(-time.Duration(uint32(full)-uint32(n)) * time.Second), true
		}
	}
	return time.Time{}, false
}
