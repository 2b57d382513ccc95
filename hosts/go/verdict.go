package faramesh

import (
	"encoding/json"
	"errors"
	"fmt"

	"faramesh.dev/go/internal/tables"
)

// Effect is what a verdict says of a call. Whatever is not Permit must not run; the zero value is none of the three.
type Effect string

const (
	Permit Effect = "permit"
	// Defer: somebody has to approve first.
	Defer Effect = "defer"
	Deny  Effect = "deny"
)

// Code is one row of the closed table of verdict codes, docs/reference/verdict-codes.md.
type Code = tables.Code

// Codes gives a copy of the table, ascending by number.
func Codes() []Code {
	return append([]Code(nil), tables.Codes...)
}

// Rule is where the rule that decided stands. ID is stable while the rule's text, effect and agent are.
type Rule struct {
	File string `json:"file"`
	// Line and Column count from 1; Column in code points.
	Line   int    `json:"line"`
	Column int    `json:"column"`
	ID     string `json:"id"`
}

// Detail is what a refusal is about: one field is set.
type Detail struct {
	// Offset in bytes from the start of the text.
	Offset   *int    `json:"offset"`
	Argument *string `json:"argument"`
	Selector *string `json:"selector"`
	Field    *string `json:"field"`
	// Meter is a budget, a rate limit or an ambient limit.
	Meter *string `json:"meter"`
	// Agent is a grantor.
	Agent *string `json:"agent"`
}

// Credential is one that the host may hand to the tool; never its value. Nil: the policy does not say.
type Credential struct {
	Name     string  `json:"name"`
	Backend  *string `json:"backend"`
	Path     *string `json:"path"`
	TTLMs    *int64  `json:"ttl_ms"`
	MaxScope *string `json:"max_scope"`
}

// Obligations are what the host owes when it acts on the verdict.
type Obligations struct {
	Credentials []Credential `json:"credentials"`
	// Notify names targets.
	Notify []string `json:"notify"`
	// Redact has argument paths, keys (string) and list indexes (float64, whole), whose values must not be stored or shown.
	Redact [][]any `json:"redact"`
}

// Verdict is an outcome. Verdicts share what they point to: read it, do not change it.
type Verdict struct {
	Effect Effect `json:"effect"`
	// Code is a name of the closed table; see Codes.
	Code string `json:"code"`
	// Agent is the policy block that served the agent, or nil.
	Agent *string `json:"agent"`
	// Rule that decided, or nil.
	Rule *Rule `json:"rule"`
	// Reason that the rule gives, or nil.
	Reason      *string     `json:"reason"`
	Detail      *Detail     `json:"detail"`
	Obligations Obligations `json:"obligations"`

	canonical []byte
}

// Permitted says whether the call may run.
func (verdict Verdict) Permitted() bool {
	return verdict.Effect == Permit
}

// Canonical gives a copy of the verdict as the core writes it: JSON of RFC 8785.
func (verdict Verdict) Canonical() []byte {
	return append([]byte(nil), verdict.canonical...)
}

var errNotInTable = errors.New("the core's verdict is not in the table of codes")

var codesByNumber, codesByName = func() (map[uint32]Code, map[string]Code) {
	byNumber, byName := map[uint32]Code{}, map[string]Code{}
	for _, code := range tables.Codes {
		byNumber[code.Number], byName[code.Name] = code, code
	}
	return byNumber, byName
}()

// readVerdict reads what `describe` wrote, and checks it against the packed form: a core that says two things cannot be trusted.
func readVerdict(text []byte, packed uint32) (Verdict, error) {
	verdict := Verdict{canonical: text}
	if err := json.Unmarshal(text, &verdict); err != nil {
		return Verdict{}, err
	}
	code, known := codesByNumber[packed&0xff]
	if !known || verdict.Code != code.Name || string(verdict.Effect) != code.Effect {
		return Verdict{}, errNotInTable
	}
	return verdict, nil
}

// denial is a deny that the host came to.
func denial(name string) Verdict {
	code := codesByName[name]
	const form = `{"agent":null,"code":%q,"detail":null,"effect":%q,` +
		`"obligations":{"credentials":[],"notify":[],"redact":[]},"reason":null,"rule":null}`
	verdict, err := readVerdict(fmt.Appendf(nil, form, code.Name, code.Effect), code.Number)
	if err != nil {
		panic(err)
	}
	return verdict
}

var (
	trapped      = denial("engine_trap")
	unrecordable = denial("record_unwritable")
)
