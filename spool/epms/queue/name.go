// Package queue reads the files of the queue of E-Post Mail Server V.
//
// A name is a base, suffixes and an extension: B0000123123-T001-R0001.MSG. The base is the message ID, B and ten digits (FAQ
// bsd/01-78); an OEM build puts up to two hexadecimal digits for year and month behind the B. The suffixes (FAQ bsd/05-18) tell
// where a file comes from: -00x several recipients or a list, -T00x an auto-forward, -R000x a retry, -M0000000x a list split,
// -E00x and -EP00x an error mail to the sender and to the postmaster. Letter case means nothing.
//
// Extensions: MSG header and text; RCP and RCX the envelope, $CP the same while the delivery service works on it; $OK and $NG its
// result; RST, TMP, RCB and MSB what the receiver has half received.
//
// The envelope is text (FAQ bsd/01-78), with LF or CRLF; nothing behind Return-path is the null sender:
//
//	Message-ID: <B0000123123@mail.example.jp>
//	Return-path: <taro@example.jp>
//	Recipient: <a@example.com>
//	Recipient: <b@example.net>
//
// It holds no address of the client and no login. The address is in the newest Received line of the header alone:
//
//	Received: from HELO (unverified [203.0.113.9]) by mail.example.jp
//		(E-POST ESMTP Receiver 5.00) with ESMTP id <B0000123123@mail.example.jp>;
//		Sat, 21 Nov 2026 03:12:00 +0900
package queue

import (
	"strings"

	"hikeshi/spool"
)

// Message reads the name of a file: the base name in its canonical spelling (B in upper case, hexadecimal digits in lower
// case) and the part that the file plays; ok is false for names that are no queue files.
func Message(file string) (base string, part spool.Part, ok bool) {
	n := baseLen(file)
	if n == 0 {
		return "", spool.Other, false
	}
	rest := file[n:]
	dot := strings.IndexByte(rest, '.')
	if dot < 0 || !suffixes(rest[:dot]) {
		return "", spool.Other, false
	}
	if part, ok = extension(rest[dot+1:]); !ok {
		return "", spool.Other, false
	}
	return canonical(file[:n]), part, true
}

// baseLen is the length of the base name that file begins with, 0 if there is none.
func baseLen(file string) int {
	if len(file) < 11 || file[0]|0x20 != 'b' {
		return 0
	}
	n := 1
	for n < len(file) && n <= 13 && isHex(file[n]) {
		n++
	}
	if n < 11 || n > 13 {
		return 0
	}
	for _, c := range []byte(file[n-10 : n]) {
		if c < '0' || c > '9' {
			return 0
		}
	}
	return n
}

// canonical needs no memory for the spelling that the server uses.
func canonical(base string) string {
	plain := base[0] == 'B'
	for i := 1; i < len(base)-10; i++ {
		plain = plain && (base[i] < 'A' || base[i] > 'F')
	}
	if plain {
		return base
	}
	return "B" + strings.ToLower(base[1:])
}

// suffixes says whether s is empty or a run of -XX000.
func suffixes(s string) bool {
	for s != "" {
		if s[0] != '-' {
			return false
		}
		n := 1
		for n < len(s) && isAlnum(s[n]) {
			n++
		}
		if n == 1 {
			return false
		}
		s = s[n:]
	}
	return true
}

func extension(s string) (spool.Part, bool) {
	if len(s) != 3 {
		return spool.Other, false
	}
	switch [3]byte{upper(s[0]), upper(s[1]), upper(s[2])} {
	case [3]byte{'M', 'S', 'G'}:
		return spool.Body, true
	case [3]byte{'R', 'C', 'P'}, [3]byte{'R', 'C', 'X'}, [3]byte{'$', 'C', 'P'}:
		return spool.Envelope, true
	case [3]byte{'$', 'O', 'K'}, [3]byte{'$', 'N', 'G'}, [3]byte{'R', 'S', 'T'}, [3]byte{'T', 'M', 'P'}, [3]byte{'R', 'C', 'B'}, [3]byte{'M', 'S', 'B'}:
		return spool.State, true
	}
	return spool.Other, false
}

func upper(c byte) byte {
	if c >= 'a' && c <= 'z' {
		c -= 'a' - 'A'
	}
	return c
}

// Companion says whether the server lays such a file beside its messages: the state of a retry, and its lock.
func Companion(file string) bool {
	return strings.EqualFold(file, "Domain.mri") || strings.EqualFold(file, "$LockFile")
}

// Bounce says whether the file belongs to an error mail that this server made.
func Bounce(file string) bool {
	return hasSuffix(file, "E") || hasSuffix(file, "EP")
}

// ListSplit says whether the file is one share of a mailing list's recipients.
func ListSplit(file string) bool { return hasSuffix(file, "M") }

// hasSuffix looks for a suffix of these letters and a number behind them.
func hasSuffix(file, letters string) bool {
	n := baseLen(file)
	if n == 0 {
		return false
	}
	rest, _, _ := strings.Cut(file[n:], ".")
	for s := range strings.SplitSeq(rest, "-") {
		if len(s) > len(letters) && strings.EqualFold(s[:len(letters)], letters) && strings.Trim(s[len(letters):], "0123456789abcdefABCDEF") == "" {
			return true
		}
	}
	return false
}

func isHex(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f' }

func isAlnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }
