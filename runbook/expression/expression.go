package expression

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/expr-lang/expr/vm"
)

// memoryBudget bounds the elements that one evaluation may make.
const memoryBudget = 1_000_000

// A Program is an expression that was compiled and type-checked. It can be used by several goroutines at once.
type Program struct {
	source string
	parts  []part // one for a whole expression; literal text and expressions in turn for a mixed value
	mixed  bool
	want   Want
	env    *Env
	inputs []string
	steps  []string
	item   bool  // the item of for_each is read
	shape  shape // of the result
}

// part is either literal text or code.
type part struct {
	text string
	code *vm.Program
}

// Values are what an expression is evaluated over.
type Values struct {
	Inputs map[string]any // by input name
	Facts  map[string]any // by step id, as typed Go values
	Item   any            // the current item of for_each
}

// Source returns the text the program was compiled from.
func (p *Program) Source() string { return p.source }

// Steps returns the ids of the steps whose facts the program reads, sorted.
func (p *Program) Steps() []string { return slices.Clone(p.steps) }

// Entry returns the type of the entries of the list that the program gives, or nil if it cannot be told beforehand.
func (p *Program) Entry() reflect.Type { return p.shape.entry }

// NoFacts is the error of an evaluation that came to the facts of a step of which there are none.
type NoFacts struct{ Step string }

// Error names the step.
func (e *NoFacts) Error() string { return "facts of step " + e.Step + ": there is nothing" }

// Eval evaluates the program. The result is of the Go type of its Want; see Type. An input that the program names and v does not have
// is an error; so are facts that v does not have, a *NoFacts, once the evaluation comes to them: with `and`, `or` and `?:` it may be
// decided before that.
func (p *Program) Eval(v Values) (any, error) {
	var none *NoFacts
	world, err := p.world(v, &none)
	if err != nil {
		return nil, err
	}
	run := func(code *vm.Program, world map[string]any) (any, error) {
		result, err := run(code, world)
		if err != nil && none != nil {
			return nil, none
		}
		return result, err
	}
	if !p.mixed {
		result, err := run(p.parts[0].code, world)
		if err != nil {
			return nil, err
		}
		return p.want.of(result)
	}
	var text strings.Builder
	for _, part := range p.parts {
		text.WriteString(part.text)
		if part.code == nil {
			continue
		}
		result, err := run(part.code, world)
		if err != nil {
			return nil, err
		}
		fmt.Fprint(&text, result)
	}
	return p.want.of(text.String())
}

// world makes the names of an evaluation, with exactly the types that the program was checked against. none is set when facts are asked for
// that there are none of.
func (p *Program) world(v Values, none **NoFacts) (map[string]any, error) {
	world := map[string]any{}
	if p.item {
		x, err := fit(v.Item, p.env.names.Item)
		if err != nil {
			return nil, fmt.Errorf("the item: %w", err)
		}
		world["item"] = x
	}
	for _, name := range p.inputs {
		x, err := p.env.names.Inputs[name].Input(v.Inputs[name])
		if err != nil {
			return nil, fmt.Errorf("input %s: %w", name, err)
		}
		world["inputs."+name] = x
	}
	for _, id := range p.steps {
		world["facts."+id] = reflect.MakeFunc(lazy(p.env.facts[id]), func([]reflect.Value) []reflect.Value {
			x, err := p.facts(v, id)
			if missing := (*NoFacts)(nil); errors.As(err, &missing) {
				*none = missing
			}
			return []reflect.Value{x, reflect.ValueOf(&err).Elem()}
		}).Interface()
	}
	return world, nil
}

// facts are those of a step, of the type that was checked.
func (p *Program) facts(v Values, id string) (reflect.Value, error) {
	t := p.env.facts[id]
	given, there := v.Facts[id]
	if !there {
		return reflect.Zero(t), &NoFacts{Step: id}
	}
	x, err := fit(given, t)
	if err != nil {
		return reflect.Zero(t), fmt.Errorf("facts of step %s: %w", id, err)
	}
	return reflect.ValueOf(x), nil
}

func run(code *vm.Program, world map[string]any) (any, error) {
	machine := vm.VM{MemoryBudget: memoryBudget}
	result, err := machine.Run(code, world)
	if err != nil {
		return nil, plain(err, 0)
	}
	return result, nil
}
