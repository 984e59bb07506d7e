package templates

import (
	"embed"
	"io/fs"
)

//go:embed letters
var letters embed.FS

// Letters returns the texts of letters: NAME.LANG.txt for each notice in English (en) and Japanese (ja), and parts.LANG.txt with what they
// share. Their form is described in package actions/delist/notice.
func Letters() fs.FS {
	below, err := fs.Sub(letters, "letters")
	if err != nil {
		return letters // the folder is part of the program
	}
	return below
}
