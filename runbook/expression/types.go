package expression

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Type is the type of an input, or the one that a program has to give. The words are those of the runbook format.
type Type string

// The types with their Go types as inputs and as results. A Duration is a time.Duration as an input and its text, as in a runbook
// (90s), as a result, so that it can be encoded as it stands. A List is a slice of any type.
const (
	Bool     Type = "bool"     // bool
	Int      Type = "int"      // int
	String   Type = "string"   // string
	Choice   Type = "choice"   // string
	Strings  Type = "strings"  // []string
	Duration Type = "duration" // time.Duration; string as a result
	List     Type = "list"     // results only
)

// Want is what a program has to give.
type Want struct {
	Type    Type
	Choices []string // with Choice: the words allowed
}

// word names the type for people.
func (t Type) word() string {
	switch t {
	case Bool:
		return "true or false"
	case Int:
		return "a whole number"
	case Strings:
		return "a list of texts"
	case Duration:
		return "a duration"
	case List:
		return "a list"
	}
	return "a text"
}

var durationType = reflect.TypeFor[time.Duration]()

// goType is the type that an input has in expressions.
func (t Type) goType() reflect.Type {
	switch t {
	case Bool:
		return reflect.TypeFor[bool]()
	case Int:
		return reflect.TypeFor[int]()
	case Strings:
		return reflect.TypeFor[[]string]()
	case Duration:
		return durationType
	}
	return reflect.TypeFor[string]()
}

// Input makes v a value of the Go type that an input of type t has. What came back from JSON is accepted: numbers, lists of any, durations as text or nanoseconds.
func (t Type) Input(v any) (any, error) {
	if v == nil {
		return nil, errors.New("it has no value")
	}
	if reflect.TypeOf(v) == t.goType() {
		return v, nil
	}
	switch t {
	case Int:
		if n, ok := whole(v); ok {
			return int(n), nil
		}
	case Duration:
		if n, ok := whole(v); ok {
			return time.Duration(n), nil
		}
		if s, ok := v.(string); ok {
			return time.ParseDuration(s)
		}
	case Strings:
		return texts(v)
	}
	return nil, fmt.Errorf("%s is wanted, not %T", t.word(), v)
}

// of makes the result of an evaluation what was wanted. Most is certain since the compilation.
func (w Want) of(v any) (any, error) {
	if v == nil {
		return nil, fmt.Errorf("it gives nothing where %s is wanted", w.Type.word())
	}
	switch w.Type {
	case List:
		if k := reflect.TypeOf(v).Kind(); k == reflect.Slice || k == reflect.Array {
			return v, nil
		}
		return nil, fmt.Errorf("%s is wanted, not %T", w.Type.word(), v)
	case Duration:
		d, err := w.Type.Input(v)
		if err != nil {
			return nil, err
		}
		return fmt.Sprint(d), nil
	case Choice:
		if s, ok := v.(string); ok && !slices.Contains(w.Choices, s) {
			return nil, fmt.Errorf("%q is none of %s", s, strings.Join(w.Choices, ", "))
		}
	}
	return w.Type.Input(v)
}

// whole returns the whole number that v is.
func whole(v any) (int64, bool) {
	if n, ok := v.(json.Number); ok {
		i, err := n.Int64()
		return i, err == nil
	}
	r := reflect.ValueOf(v)
	switch {
	case r.CanInt():
		return r.Int(), r.Type() != durationType
	case r.CanUint():
		return int64(r.Uint()), r.Uint() <= math.MaxInt64
	case r.CanFloat():
		f := r.Float()
		return int64(f), f == math.Trunc(f) && math.Abs(f) < 1<<53
	}
	return 0, false
}

// texts makes v, a list of texts of any Go type, a []string.
func texts(v any) (any, error) {
	list := reflect.ValueOf(v)
	if list.Kind() != reflect.Slice && list.Kind() != reflect.Array {
		return nil, fmt.Errorf("%s is wanted, not %T", Strings.word(), v)
	}
	all := make([]string, list.Len())
	for i := range all {
		x := list.Index(i)
		if x.Kind() == reflect.Interface {
			x = x.Elem()
		}
		if x.Kind() != reflect.String {
			return nil, fmt.Errorf("%s is wanted, and entry %d is none", Strings.word(), i+1)
		}
		all[i] = x.String()
	}
	return all, nil
}

// fit makes v, the facts of a step or an item, a value of type t. A for_each step gives its facts as a list of any.
func fit(v any, t reflect.Type) (any, error) {
	r := reflect.ValueOf(v)
	for r.IsValid() && r.Kind() == reflect.Pointer && t.Kind() != reflect.Pointer {
		r = r.Elem()
	}
	switch {
	case !r.IsValid():
		return nil, errors.New("there is nothing")
	case r.Type() == t:
		return r.Interface(), nil
	case r.Kind() != reflect.Slice || t.Kind() != reflect.Slice:
		return nil, fmt.Errorf("%s stands there, not %s", r.Type(), t)
	}
	list := reflect.MakeSlice(t, r.Len(), r.Len())
	for i := range r.Len() {
		x, err := fit(r.Index(i).Interface(), t.Elem())
		if err != nil {
			return nil, fmt.Errorf("item %d: %w", i+1, err)
		}
		list.Index(i).Set(reflect.ValueOf(x))
	}
	return list.Interface(), nil
}
