package strictyaml

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"hikeshi/runbook/nearest"
)

// At is a value with its place.
type At[T any] struct {
	Pos
	Key Pos // of the key that the value belongs to; the same as Pos in a list
	V   T
	OK  bool // the document has the value, and it could be read
}

// Given says whether the document has the value. It may be wrong, which has been told then.
func (a At[T]) Given() bool { return a.Line > 0 }

func (a *At[T]) place(at, key Pos) any {
	a.Pos, a.Key = at, key
	return &a.V
}

func (a *At[T]) read(ok bool) { a.OK = ok }

// placed is what all At are.
type placed interface {
	place(at, key Pos) any
	read(ok bool)
}

var posType = reflect.TypeFor[Pos]()

// Decode fills v, a pointer to a struct, from the document and adds what is wrong. The key of a field is its `yaml` tag, or its
// name in lower case; unexported fields and those tagged "-" have none. A field of type Pos is given the place of its struct.
// What is wrong stays as it was in v; so does everything if the document is empty.
func (d *Document) Decode(v any) {
	n := d.root
	if n != nil && n.Kind == yaml.DocumentNode {
		n = n.Content[0]
	}
	if n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return
	}
	d.decode(n, pos(n), reflect.ValueOf(v).Elem())
}

// decode fills v from n, which belongs to the key at the place key.
func (d *Document) decode(n *yaml.Node, key Pos, v reflect.Value) {
	p, ok := v.Addr().Interface().(placed)
	if !ok {
		d.fill(n, key, v)
		return
	}
	before := d.count()
	done := d.fill(n, key, reflect.ValueOf(p.place(pos(n), key)).Elem())
	p.read(done && d.count() == before)
}

// fill fills v and says whether n is something that can be read.
func (d *Document) fill(n *yaml.Node, key Pos, v reflect.Value) bool {
	if n.Kind == yaml.AliasNode || n.Style&yaml.TaggedStyle != 0 {
		return false // told by inspect, or left out
	}
	switch {
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, key, v.Elem())
	case n.ShortTag() == "!!null":
		d.Mistake(key, "there is no value; give one, or take the key out")
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v)
	case v.Kind() == reflect.Map:
		d.decodeMap(n, v)
	case v.Kind() == reflect.Slice:
		d.decodeList(n, v)
	case v.Kind() == reflect.Interface:
		if x := d.free(n); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		d.decodeScalar(n, v)
	}
	return true
}

func (d *Document) decodeStruct(n *yaml.Node, v reflect.Value) {
	if !d.is(n, yaml.MappingNode, "keys with values are") {
		return
	}
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch name := f.Tag.Get("yaml"); {
		case f.Type == posType:
			v.Field(i).Set(reflect.ValueOf(pos(n)))
		case name == "-" || !f.IsExported():
		case name != "":
			fields[name] = v.Field(i)
		default:
			fields[strings.ToLower(f.Name)] = v.Field(i)
		}
	}
	d.pairs(n, func(key, value *yaml.Node) {
		field, ok := fields[key.Value]
		if !ok {
			d.unknown(pos(n), key, slices.Sorted(maps.Keys(fields)))
			return
		}
		d.decode(value, pos(key), field)
	})
}

// unknown tells a key that the group of keys at the place group does not have.
func (d *Document) unknown(group Pos, key *yaml.Node, names []string) {
	name := nearest.Name(key.Value, names)
	if name == "" {
		d.Mistake(pos(key), "unknown key %q; there are %s", key.Value, strings.Join(names, ", "))
		return
	}
	d.meant[meaning{group, name}] = true
	d.Mistake(pos(key), "unknown key %q; did you mean %q?", key.Value, name)
}

// meaning is a key that was most likely meant in the group of keys at a place.
type meaning struct {
	group Pos
	key   string
}

// Meant says whether an unknown key in the group of keys at the place group was most likely meant to be key. That key is misspelt then,
// not missing.
func (d *Document) Meant(group Pos, key string) bool { return d.meant[meaning{group, key}] }

func (d *Document) decodeMap(n *yaml.Node, v reflect.Value) {
	if !d.is(n, yaml.MappingNode, "keys with values are") {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	d.pairs(n, func(key, value *yaml.Node) {
		x := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, pos(key), x)
		v.SetMapIndex(reflect.ValueOf(key.Value), x)
	})
}

// pairs calls do for every key that stands for the first time.
func (d *Document) pairs(n *yaml.Node, do func(key, value *yaml.Node)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind == yaml.ScalarNode && key.Value != "<<" && !seen[key.Value] {
			seen[key.Value] = true
			do(key, n.Content[i+1])
		}
	}
}

func (d *Document) decodeList(n *yaml.Node, v reflect.Value) {
	if !d.is(n, yaml.SequenceNode, "a list is") {
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, x := range n.Content {
		d.decode(x, pos(x), list.Index(i))
	}
	v.Set(list)
}

// is says whether n is of the kind wanted, and tells it if not.
func (d *Document) is(n *yaml.Node, kind yaml.Kind, wanted string) bool {
	if n.Kind != kind {
		d.Mistake(pos(n), "%s wanted, and %s", wanted, found(n))
	}
	return n.Kind == kind
}

// found says what n is.
func found(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "here are keys with values"
	case yaml.SequenceNode:
		return "here is a list"
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return fmt.Sprintf("here is the number %s", n.Value)
	case "!!bool":
		return fmt.Sprintf("here is %s", n.Value)
	}
	return fmt.Sprintf("here is the text %q", n.Value)
}
