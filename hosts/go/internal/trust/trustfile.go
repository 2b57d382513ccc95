package trust

import (
	"fmt"
	"regexp"
	"time"

	"faramesh.dev/go/internal/refusal"
)

const (
	trustFileVersion  = 1
	maxTrustFileBytes = 262_144
)

var (
	trustCodes = documentCodes{malformed: "trust_malformed", unknownField: "trust_unknown_field"}
	keyName    = regexp.MustCompile(`\A[A-Za-z0-9._@-]{1,64}\z`)
)

type trustedKey struct {
	name      string
	publicKey []byte
	// A signature counts while notBeforeMs <= now < notAfterMs, Unix milliseconds.
	notBeforeMs, notAfterMs int64
}

// File is a trust file: which keys may sign policy, from when to when, and how many of them must (bundles/trust/trust-file.ts).
type File struct {
	// threshold is how many distinct keys must have signed.
	threshold int
	// keys by computed id.
	keys map[string]trustedKey
	// minimumSequence is the least sequence number that is accepted.
	minimumSequence int64
}

// instantForm is RFC 3339 in one spelling.
const instantForm = "2006-01-02T15:04:05Z"

// parseInstant gives Unix milliseconds.
func parseInstant(text string) (int64, bool) {
	instant, err := time.Parse(instantForm, text)
	// The parser also takes a fraction of a second.
	if err != nil || instant.Format(instantForm) != text {
		return 0, false
	}
	return instant.UnixMilli(), true
}

func formatInstant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format(instantForm)
}

func (f fields) instant(name string) int64 {
	instant, ok := parseInstant(f.string(name))
	if !ok {
		f.fail(name, "a time like `2027-01-31T00:00:00Z`")
	}
	return instant
}

func (f *fault) key(value any) trustedKey {
	object := f.object(value, "keys", "name", "public", "not_before", "not_after")
	name := object.string("name")
	if !keyName.MatchString(name) {
		object.fail("name", "1 to 64 of [A-Za-z0-9._@-]")
	}
	publicKey := object.base64("public", "padded standard base64")
	return trustedKey{
		name:        name,
		publicKey:   publicKey,
		notBeforeMs: object.instant("not_before"),
		notAfterMs:  object.instant("not_after"),
	}
}

// ParseFile reads a trust file. It is refused with a code that begins with `trust_`.
func ParseFile(text []byte) (*File, error) {
	value, err := parseJSON(text, maxTrustFileBytes, trustCodes.malformed)
	if err != nil {
		return nil, err
	}
	f := &fault{codes: trustCodes}
	object := f.object(value, "trust file", "version", "threshold", "keys", "minimum_sequence")
	object.constant("version", int64(trustFileVersion))
	threshold, ok := object.value("threshold").(int64)
	if !ok {
		object.fail("threshold", "a whole number")
	}
	var keys []trustedKey
	for _, one := range object.list("keys") {
		keys = append(keys, f.key(one))
	}
	minimumSequence := int64(0)
	if object.has("minimum_sequence") {
		minimumSequence = object.integer("minimum_sequence", 0)
	}
	if f.err != nil {
		return nil, f.err
	}
	byID, err := keysByID(keys)
	if err != nil {
		return nil, err
	}
	if threshold < 1 || threshold > int64(len(byID)) {
		return nil, refusal.New("trust_threshold_invalid", fmt.Sprintf("%d with %d keys", threshold, len(byID)))
	}
	return &File{threshold: int(threshold), keys: byID, minimumSequence: minimumSequence}, nil
}

func keysByID(keys []trustedKey) (map[string]trustedKey, error) {
	byID := map[string]trustedKey{}
	names := map[string]bool{}
	for _, key := range keys {
		if !isUsablePublicKey(key.publicKey) {
			return nil, refusal.New("trust_key_invalid", quote(key.name))
		}
		if key.notBeforeMs >= key.notAfterMs {
			detail := fmt.Sprintf("`not_before` of %s must be before its `not_after`", quote(key.name))
			return nil, refusal.New(trustCodes.malformed, detail)
		}
		id := keyIDOf(key.publicKey)
		if _, twice := byID[id]; twice || names[key.name] {
			return nil, refusal.New("trust_duplicate_key", quote(key.name))
		}
		byID[id] = key
		names[key.name] = true
	}
	return byID, nil
}
