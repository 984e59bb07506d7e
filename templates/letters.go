package templates

import (
	"embed"
	"io/fs"
)

//go:embed letters
var letters embed.FS

// Letters returns the texts of letters in English (en) and Japanese (ja): NAME.LANG.txt for each notice, and parts.LANG.txt with what they share
// (package actions/delist/notice); ask-WAY.LANG.txt for each form of a request (package actions/delist/sheet), and fields.yaml with what
// requests are made of (package actions/delist/field).
func Letters() fs.FS {
	below, err := fs.Sub(letters, "letters")
	if err != nil {
		return letters // the folder is part of the program
	}
	return below
}
