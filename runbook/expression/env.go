package expression

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// Bounds of one expression: bytes of its text, and names, numbers and signs in it.
const (
	maxSource = 4096
	maxNodes  = 200
)

// Names are what the expressions of one place may use.
type Names struct {
	Inputs map[string]Type
	Facts  map[string]any    // by step id: a value of the type of its facts
	Absent map[string]string // by step id: why it has no facts that could be used here
	Item   reflect.Type      // of the items of for_each; nil where there are none
}

// An Env compiles the expressions of one place. It does not change.
type Env struct {
	names Names
	facts map[string]reflect.Type
	vars  map[string]any // a value of each name's type; inputs.settle is one variable, facts.stop one function, see flatten
}

// NewEnv returns an Env of names.
func NewEnv(names Names) *Env {
	e := &Env{names: names, facts: map[string]reflect.Type{}, vars: map[string]any{}}
	for name, t := range names.Inputs {
		e.vars["inputs."+name] = reflect.Zero(t.goType()).Interface()
	}
	for id, prototype := range names.Facts {
		t := reflect.TypeOf(prototype)
		for t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		e.facts[id] = t
		e.vars["facts."+id] = reflect.Zero(lazy(t)).Interface()
	}
	if names.Item != nil {
		e.vars["item"] = reflect.Zero(names.Item).Interface()
	}
	return e
}

// An Error says what is wrong with an expression and where.
type Error struct {
	Offset int    // of the place in the source, in characters, from 0
	Text   string // what is wrong
	Name   string // the name that is not known, as it was written (facts.stop, inputs.settle, item); "" for other mistakes
}

// Error returns the text with the place, counted from 1.
func (e *Error) Error() string { return fmt.Sprintf("%s (at character %d)", e.Text, e.Offset+1) }

// plain makes an error of the library one of ours, offset characters further on.
func plain(err error, offset int) error {
	if fe, ok := err.(*file.Error); ok {
		return &Error{Offset: offset + fe.From, Text: fe.Message}
	}
	return &Error{Offset: offset, Text: err.Error()}
}

// Compile checks src, an expression without ${}. The error is an *Error.
func (e *Env) Compile(src string, want Want) (*Program, error) {
	p := &Program{source: src, want: want, env: e}
	if err := e.add(p, src, 0); err != nil {
		return nil, err
	}
	if !p.shape.gives(want.Type) {
		return nil, &Error{Text: fmt.Sprintf("this gives %s where %s is wanted", p.shape, want.Type.word())}
	}
	return p, nil
}

// add compiles src, which begins at the character offset of p's source, as the next part of p.
func (e *Env) add(p *Program, src string, offset int) error {
	used, err := e.look(src)
	if err != nil {
		return shifted(err, offset)
	}
	code, err := e.compile(src)
	if err != nil {
		return shifted(err, offset)
	}
	p.parts = append(p.parts, part{code: code})
	p.shape = shapeOf(code.Node())
	p.inputs = union(p.inputs, used.inputs)
	p.steps = union(p.steps, used.steps)
	p.item = p.item || used.item
	return nil
}

func (e *Env) compile(src string) (*vm.Program, error) {
	code, err := expr.Compile(src, expr.Env(e.vars), expr.Patch(flatten{}), expr.Optimize(false))
	if err != nil {
		return nil, plain(err, 0)
	}
	return code, checked(code.Node())
}

// flatten makes inputs.X one variable and facts.X the call of one function, so that facts count only where the evaluation comes to
// them: what stands behind a false `and` is not asked for. Inside maps the library would not know the types of structs.
type flatten struct{}

// Visit is called by the library for each node, from the leaves up.
func (flatten) Visit(node *ast.Node) {
	root, name, ok := member(*node)
	if !ok {
		return
	}
	at, flat := (*node).Location(), &ast.IdentifierNode{Value: root.Value + "." + name}
	flat.SetLocation(at)
	if root.Value == "inputs" {
		ast.Patch(node, flat)
		return
	}
	call := &ast.CallNode{Callee: flat}
	call.SetLocation(at)
	ast.Patch(node, call)
}

// lazy is the type of a function that gives facts of type t, or says why there are none.
func lazy(t reflect.Type) reflect.Type {
	return reflect.FuncOf(nil, []reflect.Type{t, reflect.TypeFor[error]()}, false)
}

// member returns the parts of inputs.X or facts.X.
func member(n ast.Node) (root *ast.IdentifierNode, name string, ok bool) {
	m, ok := n.(*ast.MemberNode)
	if !ok {
		return nil, "", false
	}
	root, ok = m.Node.(*ast.IdentifierNode)
	constant, text := m.Property.(*ast.StringNode)
	if !ok || !text || root.Value != "inputs" && root.Value != "facts" {
		return nil, "", false
	}
	return root, constant.Value, true
}

func shifted(err error, offset int) error {
	if e, ok := err.(*Error); ok {
		e.Offset += offset
	}
	return err
}

func union(list []string, more map[string]bool) []string {
	for _, name := range list {
		more[name] = true
	}
	return slices.Sorted(maps.Keys(more))
}
