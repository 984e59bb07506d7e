package strictyaml

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// inspect tells everything in the tree that is YAML and not allowed here, whatever it is decoded into.
func (d *Document) inspect(n *yaml.Node) {
	at := pos(n)
	switch {
	case d.leftOut(n):
		return
	case n.Kind == yaml.AliasNode:
		d.Mistake(at, "aliases (*%s) are not allowed; write the value again", n.Value)
		return
	case n.Anchor != "":
		d.Mistake(at, "anchors (&%s) are not allowed", n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		d.Mistake(at, "tags (%s) are not allowed", n.Tag)
	}
	if n.Kind == yaml.ScalarNode {
		d.inspectText(n)
	}
	if n.Kind == yaml.MappingNode {
		d.inspectKeys(n)
	}
	for _, child := range n.Content {
		d.inspect(child)
	}
}

// inspectText finds control characters that were written as escapes.
func (d *Document) inspectText(n *yaml.Node) {
	for _, r := range n.Value {
		if r != '\n' && r != '\t' && unsafeRune(r) {
			d.Mistake(pos(n), "the character U+%04X must not stand in a text", r)
			return
		}
	}
}

// inspectKeys finds keys that stand twice or are no words.
func (d *Document) inspectKeys(n *yaml.Node) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch line, twice := first[key.Value]; {
		case key.Kind == yaml.AliasNode:
		case key.Kind != yaml.ScalarNode:
			d.Mistake(pos(key), "a key is one word")
		case key.Value == "<<":
			d.Mistake(pos(key), "merge keys (<<) are not allowed")
		case twice:
			d.Mistake(pos(key), "key %q stands here again; it stands first in line %d", key.Value, line)
		default:
			first[key.Value] = key.Line
		}
	}
}

// leftOut says whether n stands for a line that was left out.
func (d *Document) leftOut(n *yaml.Node) bool {
	return d.torn[n.Line] && n.Kind == yaml.ScalarNode && strings.HasSuffix(n.Tag, tornTag)
}

func pos(n *yaml.Node) Pos { return Pos{n.Line, n.Column} }
