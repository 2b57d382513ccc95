package trust

import (
	"encoding/base64"
	"fmt"
	"sort"
	"strings"

	"faramesh.dev/go/internal/refusal"
)

// fault is the first refusal of a document; what is read after it is worth nothing.
type fault struct {
	err   error
	codes documentCodes
}

func (f *fault) refuse(code, detail string) {
	if f.err == nil {
		f.err = refusal.New(code, detail)
	}
}

// fields is one closed object of a document: each field is named, typed and read; another field is refused.
type fields struct {
	*fault
	values map[string]any
	place  string
}

func (f *fault) object(value any, place string, names ...string) fields {
	values, ok := value.(map[string]any)
	if !ok {
		f.refuse(f.codes.malformed, quote(place)+" must be an object")
	}
	var unknown []string
	for name := range values {
		if !contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		// The order of a map differs from run to run.
		sort.Strings(unknown)
		f.refuse(f.codes.unknownField, quote(unknown[0])+" in "+quote(place))
	}
	return fields{fault: f, values: values, place: place}
}

func contains(names []string, name string) bool {
	for _, one := range names {
		if one == name {
			return true
		}
	}
	return false
}

func (f fields) has(name string) bool {
	_, ok := f.values[name]
	return ok
}

func (f fields) fail(name, expected string) {
	f.refuse(f.codes.malformed, fmt.Sprintf("`%s` in %s must be %s", name, quote(f.place), expected))
}

func (f fields) value(name string) any {
	value, ok := f.values[name]
	if !ok {
		f.refuse(f.codes.malformed, fmt.Sprintf("`%s` is missing in %s", name, quote(f.place)))
	}
	return value
}

func (f fields) string(name string) string {
	text, ok := f.value(name).(string)
	if !ok {
		f.fail(name, "a string")
	}
	return text
}

func (f fields) integer(name string, least int64) int64 {
	number, ok := f.value(name).(int64)
	if !ok || number < least {
		f.fail(name, fmt.Sprintf("a whole number of at least %d", least))
	}
	return number
}

func (f fields) list(name string) []any {
	list, ok := f.value(name).([]any)
	if !ok {
		f.fail(name, "a list")
	}
	return list
}

func (f fields) constant(name string, expected any) {
	if f.value(name) != expected {
		f.fail(name, fmt.Sprintf("`%v`", expected))
	}
}

// base64 reads bytes in standard base64 of RFC 4648 section 4, padded, and says what was expected otherwise.
func (f fields) base64(name, expected string) []byte {
	decoded, ok := fromBase64(f.string(name))
	if !ok {
		f.fail(name, expected)
	}
	return decoded
}

// fromBase64 refuses white space, missing padding and set trailing bits (RFC 4648 section 3.5).
func fromBase64(text string) ([]byte, bool) {
	// The standard decoder passes over line ends.
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(text)
	return decoded, err == nil
}
