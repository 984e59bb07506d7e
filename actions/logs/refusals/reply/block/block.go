// Package block says which replies speak of a block: that the sender is on a list, has a bad reputation, is banned, or sent what is
// taken for spam. It knows words and codes, and nothing of any list.
//
// Asked in this order:
//
//  1. An unknown user, a full or closed mailbox is none, by its enhanced code (x.1.1, x.1.2, x.1.3, x.1.6, x.1.10, x.2.1, x.2.2, x.2.3 of
//     RFC 3463) or by its words.
//  2. A code of an operator is one: 5.7.606 to 5.7.649, 5.7.511 and 4.7.650 (Microsoft 365), S31dd (Outlook.com), TSdd, TSSdd, BLdd (Yahoo,
//     Comcast), RTR:BL (AOL).
//  3. Words about lists are one, whatever the code: see sure.
//  4. Words about spam and policy, or the name of a host that is called like a list, are one where the enhanced code is of security and
//     policy (x.7.x), says nothing (x.0.x) or is missing, and the words give no other reason: relaying, authentication, a missing
//     name of the address. So mail that "has been blocked because the sender is unauthenticated" (Gmail, 5.7.26) speaks of none: SPF and
//     DKIM are to be mended, and nobody is to be asked for a removal.
package block

import (
	"slices"
	"strconv"
	"strings"
)

// A Reply is what is asked about.
type Reply struct {
	Enhanced string   // 5.7.1; "" if there is none
	Codes    []string // enhanced ones and marks of operators
	Names    []string // in lower case
	Words    string   // in lower case, with one space before and behind each
}

// The words. Each begins with a space; where none stands at the end, longer words count too.
var (
	nobody = []string{" user unknown ", " unknown user ", " user is unknown ", " no such user ", " no such recipient ", " no such mailbox ", " recipient unknown ", " invalid recipient ",
		" does not exist ", " not listed in ", " mailbox full ", " mailbox is full ", " over quota ", " overquota ", " quota exceeded ", " quota exceed "}
	sure = []string{" blacklist", " blocklist", " denylist", " black list", " black hole list", " block list", " deny list", " dnsbl", " rbl", " blocked using ",
		" listed ", " reputation ", " banned ", " delist", " spammer", " remove your ip ", " removal from "}
	likely = []string{" block", " spam", " policy ", " policies ", " access denied ", " abus", " suspicious", " junk ", " unsolicited ", " complaint", " bulk ", " ube ", " uce ",
		" unusual rate ", " rate limited ", " network not allowed "}
	other = []string{" dmarc ", " spf ", " dkim ", " unauthenticated ", " authenticat", " relay", " reverse dns ", " rdns ", " ptr ", " lookup failed "}
)

// mailboxes are the enhanced codes, without their class, of a recipient that does not exist or whose mailbox takes nothing.
const mailboxes = " .1.1 .1.2 .1.3 .1.6 .1.10 .2.1 .2.2 .2.3 "

// Speaks says whether a reply speaks of a block.
func Speaks(r Reply) bool {
	switch {
	case r.Enhanced != "" && strings.Contains(mailboxes, " "+r.Enhanced[1:]+" ") || has(r.Words, nobody):
		return false
	case coded(r.Codes) || has(r.Words, sure):
		return true
	}
	open := r.Enhanced == "" || strings.HasPrefix(r.Enhanced[1:], ".7.") || strings.HasPrefix(r.Enhanced[1:], ".0.")
	return open && (has(r.Words, likely) || called(r.Names)) && !has(r.Words, other)
}

func has(words string, some []string) bool {
	for _, w := range some {
		if strings.Contains(words, w) {
			return true
		}
	}
	return false
}

// coded says whether one of the codes is given to senders that are blocked.
func coded(codes []string) bool {
	for _, c := range codes {
		if c == "4.7.650" {
			return true
		}
		if n, ok := strings.CutPrefix(c, "5.7."); ok {
			if v, _ := strconv.Atoi(n); v >= 606 && v <= 649 || v == 511 {
				return true
			}
			continue
		}
		switch mark := strings.TrimRight(c, "0123456789"); mark {
		case "S":
			if len(c) == 5 && c[1:3] == "31" {
				return true
			}
		case "TS", "TSS", "BL", "RTR:BL":
			return true
		}
	}
	return false
}

// called says whether a name is that of a list.
func called(names []string) bool { return slices.ContainsFunc(names, Called) }

// Called says whether a name, in lower case, is that of a list, by the look of its labels.
func Called(name string) bool {
	for label := range strings.SplitSeq(strings.ReplaceAll(name, "-", "."), ".") {
		switch label {
		case "bl", "rbl", "dnsbl", "sbl", "xbl", "pbl", "blocklist", "blacklist":
			return true
		}
		if strings.Contains(label, "spam") || strings.Contains(label, "dnsbl") {
			return true
		}
	}
	return false
}
