package templates

import _ "embed" // for the relay tests

//go:embed relaytests.yaml
var relayTests []byte

// RelayTests returns the table of relay tests. Its format is described in package actions/smtpcheck/pattern.
func RelayTests() []byte { return append([]byte(nil), relayTests...) }
