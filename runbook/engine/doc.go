// Package engine goes through a runbook: Plan shows everything that would be done and does nothing; Run goes through it step by
// step, and is also how an incident goes on after a stop or a crash; Undo walks back.
//
// Each step is planned (package planner), shown, decided by the Operator, and then, change by change: recorded as an intent,
// applied, verified, and recorded as a result. What is in force is always what the journal says and the world confirms, never what
// a process remembers. A yes covers the changes that were shown and no others; it stands over a crash until the step is planned
// anew or undone. A step that ended is not done again; a gate is decided anew until something behind it is in force, and after
// anything before it was taken back.
package engine
