package main

import (
	"reflect"
	"strings"
	"testing"
)

// TestEveryKeyIsInTheHelp: `hikeshi help config` names every key of the configuration.
func TestEveryKeyIsInTheHelp(t *testing.T) {
	seen := 0
	var walk func(typ reflect.Type, path string)
	walk = func(typ reflect.Type, path string) {
		for i := range typ.NumField() {
			f := typ.Field(i)
			key := f.Tag.Get("yaml")
			if key == "" {
				continue
			}
			seen++
			if !strings.Contains(helpConfig, key+":") {
				t.Errorf("%s is not in the help", path+key)
			}
			if f.Type.Kind() == reflect.Struct {
				walk(f.Type, path+key+".")
			}
		}
	}
	walk(reflect.TypeFor[config](), "")
	if seen < 40 {
		t.Errorf("only %d keys", seen)
	}
}

// TestContactAddresses: what no message can be written to is refused when the configuration is read.
func TestContactAddresses(t *testing.T) {
	for text, ok := range map[string]bool{"": true, "abuse@example.jp": true, "abuse": false, "Abuse <abuse@example.jp>": false, "a@example.jp, b@example.jp": false, "a@example.jp\nBcc: b@example.jp": false} {
		for _, set := range []func(*config){func(c *config) { c.Contact.Email = text }, func(c *config) { c.Contact.Abuse = text }, func(c *config) { c.Contact.ProviderEmail = text }} {
			c := defaults()
			set(&c)
			if err := c.parse("file"); (err == nil) != ok {
				t.Errorf("%q: %v", text, err)
			}
		}
	}
}
