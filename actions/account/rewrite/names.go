package rewrite

import "strings"

// Mark begins every password that account.lock has written, whatever incident it was.
const Mark = "hikeshi-"

// IdxCopy is the name under which account.audit keeps the account file of a domain.
func IdxCopy(domain string) string { return "idx-" + domain }

// AuthCopy is the name under which account.audit keeps the auth file of an account.
func AuthCopy(address string) string { return "auth-" + strings.ToLower(address) }

// NoAuthCopy is the name under which account.audit keeps that an account had no auth file; the copy is empty.
func NoAuthCopy(address string) string { return "noauth-" + strings.ToLower(address) }
