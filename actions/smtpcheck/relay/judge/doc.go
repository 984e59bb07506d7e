// Package judge says what the answers of a mail server to relay tests mean: a Verdict for each test, and a State for a listener and for all of
// them.
//
// In order: Reply and Broken judge one answer, or its absence; Stand tells where the tester stands; Controls says what refusals are worth;
// Report.State and Overall say it in a word, package headline in a line. A refusal is worth something only where the controls passed and the tester
// stands outside; a 2xx always is.
package judge
