package templates

import _ "embed" // for the table of sender programmes

//go:embed programmes.yaml
var programmes []byte

// Programmes returns the table of the desks of mail providers, filter makers and carriers. Its format is described in package
// actions/delist/programme.
func Programmes() []byte { return append([]byte(nil), programmes...) }
