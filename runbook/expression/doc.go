// Package expression is the one wrapper of the expression library: the conditions, lists and ${…} values of runbooks.
//
// In order: an Env is made from the Names that one place of a runbook may use; its Compile checks a condition or a list, its
// CompileValue a parameter with ${…} in it; the Program that comes out is evaluated over Values as often as wanted.
//
//	inputs.NAME             an input of the runbook
//	facts.STEP.FIELD        what an earlier step found out
//	item                    the current one of a for_each step
//
// An expression is checked against the types of these names before anything runs: an unknown name or field, a comparison of a
// number with a text and a result of the wrong type are errors with their place. Nothing reads as an empty value because it is
// not there: maps cannot be read by key, a missing input is an error, facts of a step that has none are an error where the evaluation
// comes to them (`facts.a.ok and facts.b.ok` is false if a is not ok, whatever became of b), a place behind the end of a list is one.
// There is no clock, no randomness, no access to anything but the names above, and memory and loops are bounded.
//
// The language is that of github.com/expr-lang/expr, less what its own list of functions (functions.go) leaves out.
package expression
