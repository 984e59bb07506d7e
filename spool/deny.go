package spool

import "encoding/json"

// DenyFiles is the ability of a server to refuse through more than one file. It is a Denier as well: of the first of them.
type DenyFiles interface {
	// Deniers are the files, each with what it can do.
	Deniers() []Denier
	// DenierOf is the index of the one that refuses target.
	DenierOf(target string) int
}

// DeniersOf are the deny files of s, and which of them a target belongs into; none if it cannot refuse anybody.
func DeniersOf(s Server) ([]Denier, func(target string) int) {
	if m, ok := s.(DenyFiles); ok {
		return m.Deniers(), m.DenierOf
	}
	if d, ok := s.(Denier); ok {
		return []Denier{d}, func(string) int { return 0 }
	}
	return nil, nil
}

// A DenyHooker is a server whose deny files count only if its settings name them.
type DenyHooker interface {
	// HookFiles are the settings files that name the deny files.
	HookFiles() []string
	// Hook returns file, the content of the settings file at path, so that the deny files are asked before everything that lets a client
	// pass; edit.Added is empty when they are.
	Hook(path string, file []byte) (DenyEdit, error)
	// Unhook makes the inverse edit, given the Undo of a Hook. The error wraps fs.ErrNotExist when nothing of it stands there.
	Unhook(path string, file []byte, undo json.RawMessage) (DenyEdit, error)
	// Others says whether the deny files, as they stand now, refuse anybody besides the targets.
	Others(targets []string) (bool, error)
}

// A Rereader is a server whose services read its files when they start.
type Rereader interface {
	// Reread is the command by which running services come to read their files again.
	Reread() []string
	// Behind says whether the server runs and has not been told to read its files again since the one at path was written.
	Behind(path string) (bool, error)
}
