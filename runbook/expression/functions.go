package expression

import (
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"hikeshi/runbook/nearest"
)

// Functions returns the names of the functions that expressions can use, sorted. Left out are those that read a clock, that give nil or
// an empty value where there is nothing, that make maps, and that only make texts longer.
func Functions() []string {
	return []string{
		"abs", "all", "any", "ceil", "concat", "count", "duration", "filter", "float", "floor", "hasPrefix", "hasSuffix",
		"indexOf", "int", "join", "len", "lower", "map", "max", "min", "none", "one", "replace", "reverse", "round", "sort",
		"split", "string", "sum", "trim", "trimPrefix", "trimSuffix", "uniq", "upper",
	}
}

// maxNested is how deep loops (map, filter, any, …) may stand in one another. Nothing else bounds the time and, with map, the size
// of an evaluation: there are no variables, and the library counts entries, not bytes.
const maxNested = 2

// call checks that a call is one of a known function.
func (l *looker) call(n *ast.CallNode) {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		l.function(n, id.Value, n.Arguments)
		return
	}
	l.fail(n, "", "only functions can be called")
}

func (l *looker) function(n ast.Node, name string, args []ast.Node) {
	if all := Functions(); !slices.Contains(all, name) {
		hint := nearest.Hint(name, all)
		if hint == "" {
			hint = "; there are " + strings.Join(all, ", ")
		}
		l.fail(n, "", "there is no function %q%s", name, hint)
	}
	if name == "join" && len(args) == 2 {
		if _, ok := args[1].(*ast.StringNode); !ok {
			l.fail(args[1], "", "what join puts between the entries is a text in quotes")
		}
	}
	if len(args) > 1 {
		if _, ok := args[1].(*ast.PredicateNode); ok {
			l.loop(n)
		}
	}
}

// loop counts how deep loops stand in n. The inner ones have been counted before.
func (l *looker) loop(n ast.Node) {
	inner := deepest{loops: l.loops}
	ast.Walk(&n, &inner)
	l.loops[n] = inner.depth + 1
	if l.loops[n] > maxNested {
		l.fail(n, "", "loops stand more than %d deep in one another", maxNested)
	}
}

// deepest finds the deepest loop that was counted.
type deepest struct {
	loops map[ast.Node]int
	depth int
}

// Visit is called by the library for each node.
func (d *deepest) Visit(node *ast.Node) { d.depth = max(d.depth, d.loops[*node]) }
