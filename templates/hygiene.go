package templates

import _ "embed" // for the hygiene tests

//go:embed hygiene.yaml
var hygiene []byte

// Hygiene returns the words of the hygiene tests. Their format is described in package actions/smtpcheck/hygiene/advice.
func Hygiene() []byte { return append([]byte(nil), hygiene...) }
