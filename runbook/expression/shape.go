package expression

import (
	"fmt"
	"reflect"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/checker/nature"
)

// shape is the type of a result: of a value and, for a list, of its entries. A nil type cannot be told.
type shape struct {
	value, entry reflect.Type
}

func shapeOf(n ast.Node) shape {
	nat := n.Nature()
	s := shape{value: known(nat.Type)}
	if s.kind() == reflect.Slice || s.kind() == reflect.Array {
		elem := nat.Elem(new(nature.Cache))
		s.entry = known(elem.Type)
	}
	return s
}

// known returns t, or nil for the type of everything.
func known(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Interface {
		return nil
	}
	return t
}

func (s shape) kind() reflect.Kind {
	if s.value == nil {
		return reflect.Invalid
	}
	return s.value.Kind()
}

func (s shape) list() bool { return s.kind() == reflect.Slice || s.kind() == reflect.Array }

// gives says whether a result of this shape is one of t.
func (s shape) gives(t Type) bool {
	switch t {
	case List:
		return s.list()
	case Strings:
		return s.list() && (s.entry == nil || s.entry.Kind() == reflect.String)
	case Duration:
		return s.value == durationType
	case Int:
		return isInt(s.value)
	case Bool:
		return s.kind() == reflect.Bool
	}
	return s.kind() == reflect.String
}

// printable says whether the result can stand in the middle of a text.
func (s shape) printable() bool {
	return s.gives(String) || s.gives(Bool) || s.gives(Duration) || isInt(s.value) || isFloat(s.value)
}

func isInt(t reflect.Type) bool {
	return t != nil && t != durationType && (reflect.Zero(t).CanInt() || reflect.Zero(t).CanUint())
}

func isFloat(t reflect.Type) bool {
	return t != nil && reflect.Zero(t).CanFloat()
}

// String names the shape for people.
func (s shape) String() string {
	switch {
	case s.value == nil:
		return "something whose type cannot be told beforehand"
	case s.list() && s.entry == nil:
		return "a list"
	case s.list():
		return "a list, each entry " + shape{value: s.entry}.String()
	case s.kind() == reflect.Struct:
		return "a group of facts"
	}
	for _, t := range []Type{Bool, Int, Duration, String} {
		if s.gives(t) {
			return t.word()
		}
	}
	if isFloat(s.value) {
		return "a number with a fraction"
	}
	return fmt.Sprintf("a %s", s.value)
}

// checked refuses what the library's types allow and runbooks do not: reading a map by key, and the field of a value whose type
// cannot be told.
func checked(root ast.Node) error {
	g := &guard{}
	ast.Walk(&root, g)
	if g.err != nil {
		return g.err
	}
	return nil
}

type guard struct{ err *Error }

func (g *guard) fail(n ast.Node, text string) {
	if g.err == nil {
		g.err = &Error{Offset: n.Location().From, Text: text}
	}
}

// Visit is called by the library for each node, from the leaves up.
func (g *guard) Visit(node *ast.Node) {
	m, ok := (*node).(*ast.MemberNode)
	if !ok {
		return
	}
	t := known(m.Node.Nature().Type)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		g.fail(m, "a field of something whose type cannot be told beforehand")
	case t.Kind() == reflect.Map:
		g.fail(m, "a map cannot be read by key, since a key that is missing would look like a value; use `in`")
	case m.Method:
		g.fail(m, "only functions can be called")
	}
}
