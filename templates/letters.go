package templates

import (
	"embed"
	"io/fs"
)

//go:embed letters
var letters embed.FS

// Letters returns the texts of letters: fields.yaml with what requests are made of. Its form is described in package actions/delist/field.
func Letters() fs.FS {
	below, err := fs.Sub(letters, "letters")
	if err != nil {
		return letters // the folder is part of the program
	}
	return below
}
