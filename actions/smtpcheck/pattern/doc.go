// Package pattern is the table of relay tests: what is said to a server so that it passes a stranger's mail on.
//
// Load reads the built-in table and, if there is one, an own file that adds tests or switches some off. Both are YAML:
//
//	format: 1
//	off: [R12]                       # an own file only: ids of built-in tests that are left out
//	patterns:
//	  - id: X01                      # capital letters, digits, - and _
//	    weight: S                    # S: a 2xx at RCPT is strong evidence; W: weak, only delivery proves it; control
//	    helo: "{H}"                  # optional: what is said in EHLO
//	    from: "spamtest@{T}"         # without brackets; "<>" is the null sender
//	    to: ["{u}%{d}@{T}"]          # the recipients of one transaction
//	    params: "AUTH={U}@{T}"       # optional: what follows MAIL FROM
//	    also: [{helo: localhost}]    # optional: further forms; what they leave out is as above
//	    needs: [domain]              # what has to be known: account, domain, backup_domain; or be allowed: credentials, failing_login, pop
//	    ports: [465, 587]            # optional: on these listeners only
//	    same: [R01, R06]             # instead of from and to: the worst result of those, on these ports
//	    why: {en: "what it catches", ja: "..."}
//
// A place-holder is a letter in braces; Names tells which there are. What is not a place-holder in a recipient is punctuation, postmaster,
// root or localhost, so that no test can name a stranger; the domain of a sender is a place-holder or localhost. A value that would end the line or
// leave the form of an envelope is refused, when the table is loaded and again when the place-holders are filled.
package pattern
