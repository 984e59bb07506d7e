package queuefile

import (
	"strings"
	"time"
)

// The alphabets of long queue ids: without vowels, in which words could form (src/global/mail_queue.h).
const (
	letters   = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz" // base 52
	separator = 'z'                                                    // in front of the inode, which is written in base 51
)

// An ID is what a queue id says.
type ID struct {
	Inode uint64
	Long  bool
	Time  time.Time // of making, UTC; of a short one only Micro is known
	Micro int       // the microseconds of it
}

// ParseID reads a queue id: a short one is five hexadecimal digits of microseconds and the inode in hexadecimal; a long one the seconds in
// base 52, six characters at least, four more of microseconds, z, and the inode in base 51. ok is false for names that are none.
func ParseID(name string) (id ID, ok bool) {
	if at := strings.LastIndexByte(name, separator); at >= 10 {
		sec, ok1 := digits(name[:at-4], 52)
		micro, ok2 := digits(name[at-4:at], 52)
		inode, ok3 := digits(name[at+1:], 51)
		if ok1 && ok2 && ok3 && sec < 1<<40 && micro < 1_000_000 {
			return ID{Inode: inode, Long: true, Time: time.Unix(int64(sec), int64(micro)*1000).UTC(), Micro: int(micro)}, true
		}
	}
	if len(name) < 6 {
		return ID{}, false
	}
	micro, ok1 := hex(name[:5])
	inode, ok2 := hex(name[5:])
	return ID{Inode: inode, Micro: int(micro)}, ok1 && ok2
}

// digits reads a number in the first base letters.
func digits(s string, base uint64) (n uint64, ok bool) {
	if s == "" || len(s) > 12 {
		return 0, false
	}
	for i := range len(s) {
		d := strings.IndexByte(letters[:base], s[i])
		if d < 0 || n > (1<<63)/base {
			return 0, false
		}
		n = n*base + uint64(d)
	}
	return n, true
}

// hex reads a number in capital hexadecimal digits.
func hex(s string) (n uint64, ok bool) {
	if s == "" || len(s) > 16 {
		return 0, false
	}
	for i := range len(s) {
		d := strings.IndexByte("0123456789ABCDEF", s[i])
		if d < 0 {
			return 0, false
		}
		n = n<<4 | uint64(d)
	}
	return n, true
}
