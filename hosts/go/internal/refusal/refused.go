// Package refusal has the error that every refusal of a bundle, trust file or state file is.
package refusal

import "faramesh.dev/go/internal/tables"

// Refused says why nothing was taken into use, or with `core_failed` why a decision is not recorded. Code is of a closed table:
// docs/operations/signing-and-keys.md and docs/core/node.md.
type Refused struct {
	Code string
	// Message says what is wrong, and where.
	Message string
	// Help says what to do about it.
	Help string
	// CoreCode is the core's own code (`bad_string` and the like), where the core refuses the bundle: Code is `bundle_refused` then.
	// Else it is empty.
	CoreCode string
}

func (refused *Refused) Error() string {
	return refused.Message + " (" + refused.Code + ")"
}

// New makes the refusal of that code. The detail, a place or a name, is added to the message; it may be empty.
func New(code, detail string) *Refused {
	row := tables.Refusals[code]
	message := row.Message
	if detail != "" {
		message += ": " + detail
	}
	return &Refused{Code: code, Message: message, Help: row.Help}
}
