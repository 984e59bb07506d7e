// Package standin is what the two stand-in daemons of a rehearsal share: the folders, settings, accounts, queue files and logs of
// an E-Post server below the folder of a lab. Package receiver takes mail as epstrd does, package delivery sends it as epstdd does;
// both are given a Server from Open and keep to what is known of the real ones, so that a mistake that loses mail there loses it
// here too. What is not known of them is chosen simply and said where it is.
//
// # Folders
//
// Below Config.Root: var/spool/epms (the spool root), usr/local/mta/bin (effect.dat), and lab, which no real server has: it holds
// this configuration (standin.json), the address the receiver listens on (smtp.addr, there only while it listens), and the world
// outside (sink.jsonl, a line for each recipient of each message that left).
//
// # Queue files
//
// A message is a pair of files in incoming, B and ten digits: the body .MSG with CRLF line ends, as it came, and the envelope .RCP
// with LF line ends (FAQ bsd/01-78):
//
//	Message-ID: <B0000000042@mail1.example.jp>
//	Return-path: taro@example.jp
//	Recipient: a@example.com
//	Recipient: b@example.net
//
// Nothing behind "Return-path: " is the null sender. A retry is holding/B0000000042-R0001.MSG and, in a folder of its own below
// domains, B0000000042-R0001.RCP beside Domain.mri (FAQ bsd/01-67), whose time is in seconds since 1601 UTC, low 32 bits.
//
// # Settings and accounts
//
// A setting is a file below reg/epost/ims: NAME.1 a decimal number, NAME.2 a text, NAME.0 bytes. Accounts are db/DOMAIN.idx, each
// line the Base64 of account, password, full name, domain and home folder, separated by TABs (FAQ bsd/01-87). The password that
// SMTP AUTH asks for is another one: the first line of apop.dat in the mailbox folder, with the account's own FROMSecLevel in the
// second.
//
// # What it does not do
//
// Aliases, mailing lists, forwards, personal effect.dat files, sender.dat, limits by connection count, filters, TLS and CRAM-MD5 are
// left out; so are POP3 and IMAP4, as in the product without mailboxes (SMTP Server V). It writes with plain system calls and not
// through package disk, because it plays a program that is not Hikeshi.
package standin
