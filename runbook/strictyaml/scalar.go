package strictyaml

import (
	"reflect"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// decodeScalar fills v, a text, bool, number or time.Duration.
func (d *Document) decodeScalar(n *yaml.Node, v reflect.Value) {
	if n.Kind != yaml.ScalarNode {
		d.Mistake(pos(n), "one value is wanted, and %s", found(n))
		return
	}
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		d.duration(n, v)
	case v.Kind() == reflect.String:
		d.text(n, v)
	case v.Kind() == reflect.Bool:
		if n.ShortTag() != "!!bool" || n.Value != "true" && n.Value != "false" {
			d.Mistake(pos(n), "true or false is wanted, and %s", found(n))
			return
		}
		v.SetBool(n.Value == "true")
	case v.CanInt():
		d.integer(n, v)
	case v.CanFloat():
		d.fraction(n, v)
	default:
		panic("strictyaml: a field of type " + v.Type().String())
	}
}

func (d *Document) text(n *yaml.Node, v reflect.Value) {
	if n.ShortTag() != "!!str" {
		d.Mistake(pos(n), "a text is wanted, and %s; put it in quotes if it is meant as text", found(n))
		return
	}
	v.SetString(n.Value)
}

func (d *Document) integer(n *yaml.Node, v reflect.Value) {
	i, err := strconv.ParseInt(n.Value, 10, v.Type().Bits())
	if n.ShortTag() != "!!int" || err != nil {
		d.Mistake(pos(n), "a whole number in decimal digits is wanted, and %s", found(n))
		return
	}
	v.SetInt(i)
}

func (d *Document) fraction(n *yaml.Node, v reflect.Value) {
	f, err := strconv.ParseFloat(n.Value, 64)
	tag := n.ShortTag()
	if tag != "!!int" && tag != "!!float" || err != nil || f != f || f-f != 0 {
		d.Mistake(pos(n), "a number is wanted, and %s", found(n))
		return
	}
	v.SetFloat(f)
}

func (d *Document) duration(n *yaml.Node, v reflect.Value) {
	t, err := time.ParseDuration(n.Value)
	if err != nil || t < 0 {
		d.Mistake(pos(n), "a duration such as 90s, 5m or 720h (units: s, m, h; no days) is wanted, and %s", found(n))
		return
	}
	v.SetInt(int64(t))
}

// free returns a value of no fixed type: string, bool, int, float64, []any or map[string]any; nil after a mistake.
func (d *Document) free(n *yaml.Node) any {
	switch {
	case n.Kind == yaml.MappingNode:
		var m map[string]any
		d.decodeMap(n, reflect.ValueOf(&m).Elem())
		return m
	case n.Kind == yaml.SequenceNode:
		var list []any
		d.decodeList(n, reflect.ValueOf(&list).Elem())
		return list
	}
	switch n.ShortTag() {
	case "!!bool":
		return decoded(d, n, new(bool))
	case "!!int":
		return decoded(d, n, new(int))
	case "!!float":
		return decoded(d, n, new(float64))
	}
	return n.Value
}

// decoded returns the scalar n as a T, or nil after a mistake.
func decoded[T any](d *Document, n *yaml.Node, v *T) any {
	before := d.count()
	d.decodeScalar(n, reflect.ValueOf(v).Elem())
	if d.count() > before {
		return nil
	}
	return *v
}
