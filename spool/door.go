package spool

// NoLoginDemanded is the code of a way in that the setting alone would shut, by which local senders have to log in.
const NoLoginDemanded = "no-login-demanded"

// A Doorkeeper is the ability to say who could mail the outside through the server without a login.
type Doorkeeper interface {
	// Door returns the ways in which a stranger could, given the bytes of the deny file and the other settings as they stand now;
	// none means that mail to the outside needs a login.
	Door(file []byte) ([]LintFinding, error)
}
