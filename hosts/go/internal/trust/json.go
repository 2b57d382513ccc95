package trust

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"faramesh.dev/go/internal/refusal"
)

// A JSON value of the documents here is nil, bool, int64, string, []any or map[string]any: no fractions, no exponents.

// documentCodes says which refusals a document's own faults are reported as.
type documentCodes struct {
	malformed    string
	unknownField string
}

const (
	maxDepth   = 16
	maxInteger = 1<<53 - 1
)

type reader struct {
	text      string
	malformed string
	at        int
}

func (r *reader) fail(what string) error {
	before := r.text[:min(r.at, len(r.text))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return refusal.New(r.malformed, fmt.Sprintf("line %d, column %d: %s", line, column, what))
}

func (r *reader) skipSpace() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// take takes the symbol if it comes next after white space.
func (r *reader) take(symbol byte) bool {
	r.skipSpace()
	if r.at >= len(r.text) || r.text[r.at] != symbol {
		return false
	}
	r.at++
	return true
}

func (r *reader) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, r.fail(fmt.Sprintf("nested deeper than %d", maxDepth))
	}
	r.skipSpace()
	rest := r.text[r.at:]
	switch {
	case strings.HasPrefix(rest, "{"):
		return r.object(depth)
	case strings.HasPrefix(rest, "["):
		return r.list(depth)
	case strings.HasPrefix(rest, `"`):
		return r.string()
	case strings.HasPrefix(rest, "null"):
		r.at += len("null")
		return nil, nil
	case strings.HasPrefix(rest, "true"):
		r.at += len("true")
		return true, nil
	case strings.HasPrefix(rest, "false"):
		r.at += len("false")
		return false, nil
	}
	return r.integer()
}

func (r *reader) object(depth int) (any, error) {
	fields := map[string]any{}
	r.take('{')
	if r.take('}') {
		return fields, nil
	}
	for {
		r.skipSpace()
		if r.at >= len(r.text) || r.text[r.at] != '"' {
			return nil, r.fail("expected a field name")
		}
		start := r.at
		name, err := r.string()
		if err != nil {
			return nil, err
		}
		if _, twice := fields[name]; twice {
			r.at = start
			return nil, r.fail("field " + quote(name) + " appears twice")
		}
		if !r.take(':') {
			return nil, r.fail("expected `:`")
		}
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		fields[name] = value
		if r.take(',') {
			continue
		}
		if !r.take('}') {
			return nil, r.fail("expected `,` or `}`")
		}
		return fields, nil
	}
}

func (r *reader) list(depth int) (any, error) {
	elements := []any{}
	r.take('[')
	if r.take(']') {
		return elements, nil
	}
	for {
		value, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		elements = append(elements, value)
		if r.take(',') {
			continue
		}
		if !r.take(']') {
			return nil, r.fail("expected `,` or `]`")
		}
		return elements, nil
	}
}

var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// string reads from the opening quote on. The text is valid UTF-8, so only escapes can give half of a surrogate pair.
func (r *reader) string() (string, error) {
	var value strings.Builder
	for at := r.at + 1; at < len(r.text); {
		symbol := r.text[at]
		switch {
		case symbol == '"':
			r.at = at + 1
			return value.String(), nil
		case symbol < 0x20:
			return "", r.fail("a string holds a control character or an unknown escape")
		case symbol != '\\':
			value.WriteByte(symbol)
			at++
		default:
			character, length := readEscape(r.text[at:])
			if length == 0 {
				return "", r.fail("a string holds an unknown escape or half of a surrogate pair")
			}
			value.WriteRune(character)
			at += length
		}
	}
	return "", r.fail("a string does not end")
}

// readEscape gives the character that an escape stands for and its length; 0 for one that stands for none.
func readEscape(text string) (rune, int) {
	if len(text) < 2 {
		return 0, 0
	}
	if plain, ok := escapes[text[1]]; ok {
		return rune(plain), 2
	}
	unit, ok := readUnit(text)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(unit) {
		return unit, 6
	}
	low, ok := readUnit(text[6:])
	pair := utf16.DecodeRune(unit, low)
	if !ok || pair == utf8.RuneError {
		return 0, 0
	}
	return pair, 12
}

// readUnit reads `\uXXXX`.
func readUnit(text string) (rune, bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(text[2:6], 16, 16)
	return rune(unit), err == nil
}

func (r *reader) integer() (any, error) {
	end := r.at
	for end < len(r.text) && strings.IndexByte("0123456789.eE+-", r.text[end]) >= 0 {
		end++
	}
	text := r.text[r.at:end]
	if digits := strings.TrimPrefix(text, "-"); digits == "" || digits[0] < '0' || digits[0] > '9' {
		return nil, r.fail("expected a value")
	}
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < -maxInteger || value > maxInteger || strconv.FormatInt(value, 10) != text {
		return nil, r.fail(quote(text) + " is not a whole number between -(2^53 - 1) and 2^53 - 1")
	}
	r.at = end
	return value, nil
}

// parseJSON reads one value and nothing after it. It refuses duplicate keys, invalid UTF-8, a byte order mark and inexact numbers.
func parseJSON(text []byte, maxBytes int, malformed string) (any, error) {
	if len(text) > maxBytes {
		return nil, refusal.New(malformed, fmt.Sprintf("longer than %d bytes", maxBytes))
	}
	if !utf8.Valid(text) {
		return nil, refusal.New(malformed, "not valid UTF-8")
	}
	r := &reader{text: string(text), malformed: malformed}
	value, err := r.value(1)
	if err != nil {
		return nil, err
	}
	r.skipSpace()
	if r.at != len(r.text) {
		return nil, r.fail("expected the end of the text")
	}
	return value, nil
}

// parseCanonical is parseJSON for bytes that must be the canonical ones (RFC 8785), so that a value has exactly one encoding.
func parseCanonical(text []byte, maxBytes int, malformed string) (any, error) {
	value, err := parseJSON(text, maxBytes, malformed)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(appendCanonical(nil, value), text) {
		detail := "not in canonical form (RFC 8785: sorted names, no white space, shortest escapes)"
		return nil, refusal.New(malformed, detail)
	}
	return value, nil
}

func appendCanonical(text []byte, value any) []byte {
	switch value := value.(type) {
	case map[string]any:
		names := make([]string, 0, len(value))
		for name := range value {
			names = append(names, name)
		}
		sort.Slice(names, func(left, right int) bool { return utf16Less(names[left], names[right]) })
		text = append(text, '{')
		for index, name := range names {
			if index > 0 {
				text = append(text, ',')
			}
			text = append(appendString(text, name), ':')
			text = appendCanonical(text, value[name])
		}
		return append(text, '}')
	case []any:
		text = append(text, '[')
		for index, element := range value {
			if index > 0 {
				text = append(text, ',')
			}
			text = appendCanonical(text, element)
		}
		return append(text, ']')
	case string:
		return appendString(text, value)
	case int64:
		return strconv.AppendInt(text, value, 10)
	case bool:
		return strconv.AppendBool(text, value)
	}
	return append(text, "null"...)
}

var shortEscapes = map[byte]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// appendString follows RFC 8785 section 3.2.2.2.
func appendString(text []byte, value string) []byte {
	text = append(text, '"')
	for index := 0; index < len(value); index++ {
		symbol := value[index]
		if short, ok := shortEscapes[symbol]; ok {
			text = append(text, short...)
		} else if symbol < 0x20 {
			text = fmt.Appendf(text, `\u%04x`, symbol)
		} else {
			text = append(text, symbol)
		}
	}
	return append(text, '"')
}

// utf16Less compares as RFC 8785 section 3.2.3 does: bytes order UTF-8 by code point, which differs above U+FFFF.
func utf16Less(left, right string) bool {
	first, second := utf16.Encode([]rune(left)), utf16.Encode([]rune(right))
	for index := 0; index < len(first) && index < len(second); index++ {
		if first[index] != second[index] {
			return first[index] < second[index]
		}
	}
	return len(first) < len(second)
}

const quotedLimit = 60

// quote shows a user's text in a message: in backticks, cut short, control characters as escapes.
func quote(text string) string {
	if characters := []rune(text); len(characters) > quotedLimit {
		text = string(characters[:quotedLimit]) + "…"
	}
	escaped := appendString(nil, text)
	return "`" + string(escaped[1:len(escaped)-1]) + "`"
}
