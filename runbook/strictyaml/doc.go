// Package strictyaml is the one wrapper of the YAML library: it reads a document into a struct and tells all mistakes of the document
// at once, each with its line.
//
// An empty document, or one of comments only, has no mistakes and fills nothing.
//
// In order: ReadAll takes the bytes, bounded; Read parses them; Document.Decode fills a struct by its `yaml` tags;
// Document.Mistake adds what the caller finds wrong; Document.Err is nil or a *Mistakes with all of it, in the order of the lines.
// Decode does all of that where the caller has nothing to add. Fields of type At know where their value stands.
//
// What is accepted is less than YAML, so that a document means what it seems to mean: one document of at most 1 MiB; keys that
// are known and stand once; a text is a text (123 and true have to be put in quotes), true and false are the only words
// for a bool, numbers are decimal, durations are written as Go writes them (90s, 5m, 2h30m); no anchors and aliases, no merge
// keys, no tags, no control characters, no empty values.
//
// After a mistake in the syntax the rest of the document is read as well as can be: the line is left out and the caller asked, by
// Document.Torn, not to complain of what is missing.
package strictyaml
