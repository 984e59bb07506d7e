package templates

import _ "embed" // for the table of blocklists

//go:embed dnsbl.yaml
var dnsbl []byte

// DNSBL returns the built-in table of DNS blocklists, living and dead. Its format is described in package actions/dnsbl/table.
func DNSBL() []byte { return append([]byte(nil), dnsbl...) }
