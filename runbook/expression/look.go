package expression

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/parser"

	"hikeshi/runbook/nearest"
)

// used is what an expression reads.
type used struct {
	inputs, steps map[string]bool
	item          bool
}

// look parses src and finds what it reads, before the library checks the types: so that an unknown name is told in the words of
// runbooks.
func (e *Env) look(src string) (used, error) {
	l := &looker{env: e, used: used{inputs: map[string]bool{}, steps: map[string]bool{}}, owned: map[ast.Node]bool{}, loops: map[ast.Node]int{}}
	if len(src) > maxSource {
		return l.used, &Error{Text: fmt.Sprintf("the expression has %d bytes, more than %d", len(src), maxSource)}
	}
	if strings.TrimSpace(src) == "" {
		return l.used, &Error{Text: "the expression is empty"}
	}
	config := conf.CreateNew()
	config.MaxNodes = maxNodes
	tree, err := parser.ParseWithConfig(src, config)
	if err != nil {
		return l.used, plain(err, 0)
	}
	ast.Walk(&tree.Node, scout{l})
	ast.Walk(&tree.Node, l)
	if l.err != nil {
		return l.used, l.err
	}
	return l.used, nil
}

// scout notes every inputs.X, facts.X and facts.X.Y before the looker comes to their parts.
type scout struct{ l *looker }

// Visit is called by the library for each node, from the leaves up.
func (s scout) Visit(node *ast.Node) {
	root, name, ok := member(*node)
	if !ok {
		return
	}
	s.l.owned[root] = true
	if root.Value == "inputs" {
		s.l.input(*node, name)
		return
	}
	s.l.step(*node, name)
}

// looker finds the first mistake in the use of names.
type looker struct {
	env   *Env
	used  used
	owned map[ast.Node]bool // the roots that stand where they may
	loops map[ast.Node]int  // how deep loops stand in a loop, itself counted
	err   *Error
}

// Visit is called by the library for each node, from the leaves up.
func (l *looker) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		l.identifier(n)
	case *ast.MemberNode:
		l.field(n)
	case *ast.CallNode:
		l.call(n)
	case *ast.BuiltinNode:
		l.function(n, n.Name, n.Arguments)
	case *ast.BinaryNode:
		if n.Operator == ".." {
			l.fail(n, "", "there are no ranges (..) in a runbook")
		}
	case *ast.VariableDeclaratorNode:
		l.fail(n, "", "there are no variables (let) in a runbook")
	case *ast.SequenceNode:
		l.fail(n, "", "there is one expression only, without ;")
	case *ast.MapNode:
		l.fail(n, "", "there are no maps {…} in a runbook, since a key that is missing would look like a value")
	}
}

// fail keeps the mistake that stands first in the text.
func (l *looker) fail(n ast.Node, name, format string, args ...any) {
	if at := n.Location().From; l.err == nil || at < l.err.Offset {
		l.err = &Error{Offset: at, Text: fmt.Sprintf(format, args...), Name: name}
	}
}

func (l *looker) identifier(n *ast.IdentifierNode) {
	switch {
	case n.Value == "inputs" && !l.owned[n], n.Value == "facts" && !l.owned[n]:
		l.fail(n, "", "%s stands only before a point and a name", n.Value)
	case n.Value == "item" && l.env.names.Item == nil:
		l.fail(n, "item", "there is an item only in the parameters of a step with for_each")
	case n.Value == "item":
		l.used.item = true
	case strings.HasPrefix(n.Value, "$"):
		l.fail(n, "", "%s cannot be used in a runbook", n.Value)
	}
}

func (l *looker) input(n ast.Node, name string) {
	if _, ok := l.env.names.Inputs[name]; !ok {
		hint := nearest.Hint(name, slices.Collect(maps.Keys(l.env.names.Inputs)))
		l.fail(n, "inputs."+name, "there is no input %q%s", name, hint)
	}
	l.used.inputs[name] = true
}

func (l *looker) step(n ast.Node, id string) {
	if _, ok := l.env.names.Facts[id]; !ok {
		why := l.env.names.Absent[id]
		if why == "" {
			why = fmt.Sprintf("there is no earlier step %q%s", id, nearest.Hint(id, slices.Collect(maps.Keys(l.env.names.Facts))))
		}
		l.fail(n, "facts."+id, "%s", why)
	}
	l.used.steps[id] = true
}

// field checks the FIELD of facts.STEP.FIELD.
func (l *looker) field(n *ast.MemberNode) {
	root, id, ok := member(n.Node)
	name, constant := n.Property.(*ast.StringNode)
	if !ok || !constant || root.Value != "facts" {
		return
	}
	t, ok := l.env.facts[id]
	if !ok || t.Kind() != reflect.Struct {
		return
	}
	if all := fields(t); !slices.Contains(all, name.Value) {
		hint := nearest.Hint(name.Value, all)
		if hint == "" {
			hint = "; it has " + strings.Join(all, ", ")
		}
		l.fail(n, "", "step %q has no fact %q%s", id, name.Value, hint)
	}
}

// fields returns the names that expressions use for the fields of t, sorted.
func fields(t reflect.Type) []string {
	var all []string
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("expr"), ",")
		switch {
		case !f.IsExported() || name == "-" || f.Anonymous:
		case name != "":
			all = append(all, name)
		default:
			all = append(all, f.Name)
		}
	}
	slices.Sort(all)
	return all
}
