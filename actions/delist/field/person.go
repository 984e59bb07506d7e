package field

import (
	"strings"

	"hikeshi/actions/delist/harmless"
	"hikeshi/runbook"
)

// own is a text of the configuration in the language of the request, on one line. English stands for what has no Japanese; nothing stands
// for what has no English.
func (w *writing) own(t runbook.Text) string { return harmless.Line(t.In(w.Lang)) }

func (w *writing) contactName() string  { return w.own(w.Writer.Name) }
func (w *writing) role() string         { return w.own(w.Writer.Role) }
func (w *writing) organisation() string { return w.own(w.Writer.Organisation) }
func (w *writing) phone() string        { return harmless.Line(w.Writer.Phone) }
func (w *writing) postal() string       { return harmless.Lines(w.Writer.Address.In(w.Lang)) }

func (w *writing) contactEmail() string {
	if !harmless.IsEmail(w.Writer.Email) {
		return ""
	}
	return w.Writer.Email
}

// ownEmail is the writer's address if it is at a domain of the server.
func (w *writing) ownEmail() string {
	if !harmless.IsAt(w.Writer.Email, w.Writer.Domains) {
		return ""
	}
	return w.contactEmail()
}

// listedDomainEmail is an address of the writer's at the listed domain.
func (w *writing) listedDomainEmail() string {
	for _, a := range []string{w.Writer.Email, w.Writer.Abuse} {
		if w.Domain && harmless.IsEmail(a) && harmless.IsAt(a, []string{w.domain()}) {
			return a
		}
	}
	return ""
}

// abuse is the address for complaints if it is abuse@ or postmaster@ of a domain of the server.
func (w *writing) abuse() string {
	for _, a := range []string{w.Writer.Abuse, w.Writer.Email} {
		local, _, _ := strings.Cut(strings.ToLower(a), "@")
		if (local == "abuse" || local == "postmaster") && harmless.IsEmail(a) && harmless.IsAt(a, w.Writer.Domains) {
			return a
		}
	}
	return ""
}

// contact is the writer on several lines, with gaps for a missing name and address.
func (w *writing) contact() string {
	name, email := w.contactName(), w.contactEmail()
	if name == "" && email == "" {
		return ""
	}
	if name == "" {
		name = w.gap("contact_name")
	}
	if email == "" {
		email = w.gap("contact_email")
	}
	if w.Lang == "ja" {
		return known("\n", known(" ", w.organisation(), w.role()), name, email, w.phone())
	}
	return known("\n", name, known(", ", w.role(), w.organisation()), email, w.phone())
}

func (w *writing) provider() string {
	name, email := w.own(w.Writer.Provider), w.Writer.ProviderEmail
	if name == "" || !harmless.IsEmail(email) {
		return name
	}
	return name + " <" + email + ">"
}

func (w *writing) policy() string {
	if p := harmless.Line(w.Writer.Policy); strings.HasPrefix(p, "https://") || strings.HasPrefix(p, "http://") {
		return p
	}
	return ""
}
