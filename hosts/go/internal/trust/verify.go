// Package trust opens `.fplb` files: the container, the DSSE envelope, the in-toto statement and the trust file, in the one
// encoding that bundles/trust accepts and with its refusals.
package trust

import (
	"fmt"

	"faramesh.dev/go/internal/refusal"
)

// Highest is the newest bundle of a policy that was accepted so far; verification goes forward from it only.
type Highest struct {
	// Sequence is below 2^53.
	Sequence int64
	// Digest of the bundle, 64 lower-case hexadecimal digits.
	Digest string
}

// Opened is a bundle whose own bytes nobody has looked at: the core does.
type Opened struct {
	// Bundle is a view into the file.
	Bundle []byte
	// Digest is the SHA-256 of the bundle, hex.
	Digest string
	// Signed: signatures were verified against the trust file; never for an insecure opening.
	Signed bool
	// Sequence was verified; 0 when not signed.
	Sequence int64
	// Keys are the names of the trusted keys that signed, in the envelope's order.
	Keys []string
}

// Open verifies that enough trusted keys signed the bundle in the file, and that it is not older than one accepted before.
// highest is nil when none was. Every signature must be by a trusted key, valid now; the payload is read after they have verified.
func Open(file []byte, trusted *File, nowMs int64, highest *Highest) (Opened, error) {
	parts, err := decodeContainer(file)
	if err != nil {
		return Opened{}, err
	}
	if parts.envelope == nil {
		return Opened{}, refusal.New("unsigned", "")
	}
	decoded, err := decodeEnvelope(parts.envelope)
	if err != nil {
		return Opened{}, err
	}
	keys, err := checkSignatures(decoded, trusted, nowMs)
	if err != nil {
		return Opened{}, err
	}
	digest := sha256Hex(parts.bundle)
	signed, err := readStatement(decoded, digest)
	if err != nil {
		return Opened{}, err
	}
	if err := checkSequence(signed, trusted, highest); err != nil {
		return Opened{}, err
	}
	return Opened{Bundle: parts.bundle, Digest: digest, Signed: true, Sequence: signed.sequence, Keys: keys}, nil
}

// OpenInsecure skips keys, threshold, validity and sequence. A malformed container or envelope, and an envelope about another
// bundle, are refused even then.
func OpenInsecure(file []byte) (Opened, error) {
	parts, err := decodeContainer(file)
	if err != nil {
		return Opened{}, err
	}
	digest := sha256Hex(parts.bundle)
	if parts.envelope != nil {
		decoded, err := decodeEnvelope(parts.envelope)
		if err != nil {
			return Opened{}, err
		}
		if _, err := readStatement(decoded, digest); err != nil {
			return Opened{}, err
		}
	}
	return Opened{Bundle: parts.bundle, Digest: digest}, nil
}

func readStatement(decoded envelope, digest string) (statement, error) {
	signed, err := decodeStatement(decoded.payload)
	if err != nil {
		return statement{}, err
	}
	return signed, signed.checkSubject(digest)
}

func checkSignatures(decoded envelope, trusted *File, nowMs int64) ([]string, error) {
	message := preAuthenticationEncoding(decoded.payload)
	names := make([]string, 0, len(decoded.signatures))
	for _, one := range decoded.signatures {
		key, known := trusted.keys[one.keyID]
		if !known {
			return nil, refusal.New("signature_unknown_key", one.keyID)
		}
		if !verifyBytes(one.bytes, message, key.publicKey) {
			return nil, refusal.New("signature_bad", quote(key.name))
		}
		if nowMs < key.notBeforeMs {
			return nil, refusal.New("key_not_yet_valid", quote(key.name)+" from "+formatInstant(key.notBeforeMs))
		}
		if nowMs >= key.notAfterMs {
			return nil, refusal.New("key_expired", quote(key.name)+" since "+formatInstant(key.notAfterMs))
		}
		names = append(names, key.name)
	}
	if len(names) < trusted.threshold {
		return nil, refusal.New("threshold_not_met", fmt.Sprintf("%d of %d signatures", len(names), trusted.threshold))
	}
	return names, nil
}

func checkSequence(signed statement, trusted *File, highest *Highest) error {
	if signed.sequence < trusted.minimumSequence {
		detail := fmt.Sprintf("%d, at least %d", signed.sequence, trusted.minimumSequence)
		return refusal.New("sequence_below_minimum", detail)
	}
	if highest == nil || signed.sequence > highest.Sequence {
		return nil
	}
	if signed.sequence < highest.Sequence {
		return refusal.New("sequence_older", fmt.Sprintf("%d after %d", signed.sequence, highest.Sequence))
	}
	if signed.digest != highest.Digest {
		return refusal.New("sequence_reused", fmt.Sprint(signed.sequence))
	}
	return nil
}
