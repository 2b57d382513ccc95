package trust

import (
	"fmt"

	"faramesh.dev/go/internal/tables"
)

const payloadType = "application/vnd.in-toto+json"

var envelopeCodes = documentCodes{malformed: "envelope_malformed", unknownField: "envelope_unknown_field"}

type signature struct {
	// keyID is only a hint until the signature has verified under a trusted key of this id.
	keyID string
	bytes []byte
}

// envelope is a DSSE v1 envelope in its one encoding: bundles/trust/envelope.ts.
type envelope struct {
	payload    []byte
	signatures []signature
}

// preAuthenticationEncoding is what is signed: PAE of DSSE v1.
func preAuthenticationEncoding(payload []byte) []byte {
	head := fmt.Sprintf("DSSEv1 %d %s %d ", len(payloadType), payloadType, len(payload))
	return append([]byte(head), payload...)
}

func (f *fault) signature(value any) signature {
	object := f.object(value, "signatures", "keyid", "sig")
	keyID := object.string("keyid")
	if !isDigest(keyID) {
		object.fail("keyid", "64 lower-case hexadecimal digits")
	}
	expected := fmt.Sprintf("%d bytes in padded standard base64", signatureBytes)
	bytes := object.base64("sig", expected)
	if len(bytes) != signatureBytes {
		object.fail("sig", expected)
	}
	return signature{keyID: keyID, bytes: bytes}
}

func decodeEnvelope(text []byte) (envelope, error) {
	value, err := parseCanonical(text, tables.MaxEnvelopeBytes, envelopeCodes.malformed)
	if err != nil {
		return envelope{}, err
	}
	f := &fault{codes: envelopeCodes}
	object := f.object(value, "envelope", "payload", "payloadType", "signatures")
	if object.string("payloadType") != payloadType {
		f.refuse("payload_type_wrong", "")
	}
	payload := object.base64("payload", "padded standard base64")
	list := object.list("signatures")
	if len(list) == 0 {
		f.refuse("signature_missing", "")
	}
	if len(list) > tables.MaxSignatures {
		object.fail("signatures", fmt.Sprintf("a list of at most %d", tables.MaxSignatures))
	}
	if f.err != nil {
		return envelope{}, f.err
	}
	signatures := make([]signature, len(list))
	for index, one := range list {
		signatures[index] = f.signature(one)
	}
	for index := 1; index < len(signatures); index++ {
		before, next := signatures[index-1].keyID, signatures[index].keyID
		if before == next {
			f.refuse("signature_duplicate", next)
		}
		if before > next {
			object.fail("signatures", "in order of `keyid`")
		}
	}
	return envelope{payload: payload, signatures: signatures}, f.err
}

// isDigest says whether the text is 64 lower-case hexadecimal digits.
func isDigest(text string) bool {
	if len(text) != 64 {
		return false
	}
	for index := 0; index < len(text); index++ {
		digit := text[index]
		if (digit < '0' || digit > '9') && (digit < 'a' || digit > 'f') {
			return false
		}
	}
	return true
}
