package trust

import (
	"fmt"
	"unicode/utf16"

	"faramesh.dev/go/internal/refusal"
	"faramesh.dev/go/internal/tables"
)

const (
	statementType     = "https://in-toto.io/Statement/v1"
	bundlePredicate   = "https://faramesh.dev/policy-bundle/v1"
	sourcePredicate   = "https://faramesh.dev/policy-source/v1"
	maxStatementBytes = 786_432
	maxNameLength     = 1_024
)

var (
	predicateFields = []string{"abi", "compiler", "critical", "sequence", "sources"}
	statementCodes  = documentCodes{malformed: "statement_malformed", unknownField: "statement_unknown_field"}
)

// statement is what of an in-toto statement (bundles/trust/statement.ts) is used; all of it is checked.
type statement struct {
	// kind is what the statement is about: "bundle" or "source".
	kind string
	// digest is the SHA-256 of the bundle or source, 64 lower-case hexadecimal digits.
	digest   string
	abi      int64
	sequence int64
}

func (f fields) name(name string) string {
	text := f.string(name)
	if length := len(utf16.Encode([]rune(text))); length < 1 || length > maxNameLength || !isPrintable(text) {
		f.fail(name, fmt.Sprintf("1 to %d printable characters", maxNameLength))
	}
	return text
}

func isPrintable(text string) bool {
	for _, character := range text {
		isControl := character < 0x20 || character >= 0x7f && character <= 0x9f
		if isControl || character == '\u2028' || character == '\u2029' {
			return false
		}
	}
	return true
}

func (f fields) digest() string {
	digest := f.string("sha256")
	if !isDigest(digest) {
		f.fail("sha256", "64 lower-case hexadecimal digits")
	}
	return digest
}

func (f *fault) subject(list []any, kind string) string {
	if len(list) != 1 {
		f.refuse(f.codes.malformed, "`subject` must be a list of one")
		return ""
	}
	subject := f.object(list[0], "subject", "digest", "name")
	subject.constant("name", kind)
	return f.object(subject.value("digest"), "digest", "sha256").digest()
}

func (f *fault) sources(list []any) {
	names := make([]string, len(list))
	for index, value := range list {
		source := f.object(value, "sources", "name", "sha256")
		names[index] = source.name("name")
		source.digest()
	}
	for index := 1; index < len(names); index++ {
		if !utf16Less(names[index-1], names[index]) {
			f.refuse(f.codes.malformed, "`sources` must be in order of name, each once, at "+quote(names[index]))
		}
	}
}

// critical is looked at before anything else of the predicate: a name that is not known is refused as such.
func (f *fault) critical(predicate any) {
	values, _ := predicate.(map[string]any)
	list, ok := values["critical"].([]any)
	if !ok {
		f.refuse(f.codes.malformed, "`critical` in `predicate` must be a list")
	}
	before := ""
	for _, value := range list {
		name, ok := value.(string)
		if !ok {
			f.refuse(f.codes.malformed, "`critical` must hold field names")
		}
		if !contains(predicateFields, name) {
			f.refuse("critical_unknown", quote(name))
		}
		if before >= name {
			f.refuse(f.codes.malformed, "`critical` must be in order, each name once")
		}
		before = name
	}
}

func kindOf(predicateType string) string {
	switch predicateType {
	case bundlePredicate:
		return "bundle"
	case sourcePredicate:
		return "source"
	}
	return ""
}

func decodeStatement(text []byte) (statement, error) {
	value, err := parseCanonical(text, maxStatementBytes, statementCodes.malformed)
	if err != nil {
		return statement{}, err
	}
	f := &fault{codes: statementCodes}
	object := f.object(value, "statement", "_type", "predicate", "predicateType", "subject")
	kind := kindOf(object.string("predicateType"))
	if object.string("_type") != statementType || kind == "" {
		f.refuse("statement_type_wrong", "")
	}
	f.critical(object.value("predicate"))
	predicate := f.object(object.value("predicate"), "predicate", predicateFields...)
	compiler := f.object(predicate.value("compiler"), "compiler", "name", "version")
	digest := f.subject(object.list("subject"), kind)
	abi := predicate.integer("abi", 0)
	compiler.name("name")
	compiler.name("version")
	sequence := predicate.integer("sequence", 0)
	f.sources(predicate.list("sources"))
	return statement{kind: kind, digest: digest, abi: abi, sequence: sequence}, f.err
}

// checkSubject is what must hold of a statement whoever signed it.
func (s statement) checkSubject(digest string) error {
	if s.kind != "bundle" {
		return refusal.New("statement_type_wrong", "about a "+s.kind+", not a bundle")
	}
	if s.digest != digest {
		return refusal.New("digest_mismatch", "signed "+s.digest+", got "+digest)
	}
	if s.abi != tables.ABIVersion {
		return refusal.New("abi_mismatch", fmt.Sprintf("%d, this core has %d", s.abi, tables.ABIVersion))
	}
	return nil
}
