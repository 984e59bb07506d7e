package check

import (
	"time"

	"hikeshi/runbook/strictyaml"
)

// What stands in a file, with the places, before anything of it is believed.

type bookShape struct {
	strictyaml.Pos
	Format strictyaml.At[int]
	Name   strictyaml.At[string]
	Title  strictyaml.At[textShape]
	About  strictyaml.At[textShape]
	Inputs strictyaml.At[[]inputShape]
	Steps  strictyaml.At[[]stepShape]
}

type textShape struct {
	strictyaml.Pos
	EN strictyaml.At[string]
	JA strictyaml.At[string]
}

type inputShape struct {
	strictyaml.Pos
	Name    strictyaml.At[string]
	Type    strictyaml.At[string]
	Choices strictyaml.At[[]strictyaml.At[string]]
	Default strictyaml.At[any]
	Title   strictyaml.At[textShape]
}

type stepShape struct {
	strictyaml.Pos
	ID    strictyaml.At[string]
	Phase strictyaml.At[string]
	Title strictyaml.At[textShape]
	Why   strictyaml.At[textShape]
	Cost  strictyaml.At[textShape]
	Fails strictyaml.At[textShape]
	Undo  strictyaml.At[textShape]

	Uses    strictyaml.At[string]
	With    strictyaml.At[map[string]strictyaml.At[any]]
	When    strictyaml.At[string]
	ForEach strictyaml.At[string] `yaml:"for_each"`
	Manual  strictyaml.At[manualShape]
	Gate    strictyaml.At[[]conditionShape]

	Confirm strictyaml.At[string]
	Timeout strictyaml.At[time.Duration]
	Retries strictyaml.At[int]
	OnError strictyaml.At[string] `yaml:"on_error"`

	Headline strictyaml.At[bool]
}

type manualShape struct {
	strictyaml.Pos
	Text     strictyaml.At[textShape]
	Ask      strictyaml.At[string]
	Choices  strictyaml.At[[]choiceShape]
	Required strictyaml.At[bool]
	Given    strictyaml.At[string]
	Offer    strictyaml.At[string]
	Every    strictyaml.At[bool]
	Check    strictyaml.At[checkShape]
}

type checkShape struct {
	strictyaml.Pos
	Uses strictyaml.At[string]
	As   strictyaml.At[string]
}

type choiceShape struct {
	strictyaml.Pos
	Value strictyaml.At[string]
	Title strictyaml.At[textShape]
}

type conditionShape struct {
	strictyaml.Pos
	Title     strictyaml.At[textShape]
	That      strictyaml.At[string]
	When      strictyaml.At[string]
	Otherwise strictyaml.At[textShape]
}
