package blocks

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"hikeshi/spool/scan/draw"
)

// subjects counts the subjects of the sample, the most frequent first. Messages without one are left out.
func subjects(all []draw.Message, top int) []Subject {
	found := map[string]*Subject{}
	for _, m := range all {
		if m.Subject == "" {
			continue
		}
		h := hash(m.Subject)
		s := found[h]
		if s == nil {
			s = &Subject{Hash: h, Subject: m.Subject, From: m.From}
			found[h] = s
		}
		s.Messages++
	}
	list := []Subject{}
	for _, s := range found {
		list = append(list, *s)
	}
	slices.SortFunc(list, func(a, b Subject) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), strings.Compare(a.Hash, b.Hash))
	})
	return list[:min(len(list), top)]
}

// hash is the same for subjects that differ in letter case, spaces and digits alone: spammers number them.
func hash(subject string) string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) || unicode.IsSpace(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, subject)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
