package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"

	"filippo.io/edwards25519"
)

const (
	publicBytes    = 32
	signatureBytes = 64
)

// decodePoint takes the one encoding of a point (RFC 8032 section 5.1.3): SetBytes also takes y of p or more, and x = 0 with a sign.
func decodePoint(encoded []byte) (*edwards25519.Point, bool) {
	point, err := new(edwards25519.Point).SetBytes(encoded)
	if err != nil || !bytes.Equal(point.Bytes(), encoded) {
		return nil, false
	}
	return point, true
}

func isSmallOrder(point *edwards25519.Point) bool {
	return new(edwards25519.Point).MultByCofactor(point).Equal(edwards25519.NewIdentityPoint()) == 1
}

// isUsablePublicKey says whether the bytes are a key that could ever verify: a canonical point of more than small order.
func isUsablePublicKey(encoded []byte) bool {
	point, ok := decodePoint(encoded)
	return ok && !isSmallOrder(point)
}

// verifyBytes follows RFC 8032 section 5.1.7 as bundles/trust/ed25519.ts does: S below the group order, canonical points, no
// small-order key, and the equation times the cofactor, [8][S]B = [8]R + [8][k]A. The standard library's crypto/ed25519 takes
// keys that are refused here and compares without the cofactor, so that the hosts would differ on signatures made to that end.
func verifyBytes(signature, message, publicKey []byte) bool {
	if len(signature) != signatureBytes || len(publicKey) != publicBytes {
		return false
	}
	key, ok := decodePoint(publicKey)
	if !ok || isSmallOrder(key) {
		return false
	}
	r, ok := decodePoint(signature[:32])
	if !ok {
		return false
	}
	s, err := edwards25519.NewScalar().SetCanonicalBytes(signature[32:])
	if err != nil {
		return false
	}
	hash := sha512.New()
	hash.Write(signature[:32])
	hash.Write(publicKey)
	hash.Write(message)
	k, err := edwards25519.NewScalar().SetUniformBytes(hash.Sum(nil))
	if err != nil {
		return false
	}
	minusKey := new(edwards25519.Point).Negate(key)
	expected := new(edwards25519.Point).VarTimeDoubleScalarBaseMult(k, minusKey, s)
	return isSmallOrder(expected.Subtract(expected, r))
}

// keyIDOf names a key in an envelope: SHA-256 of its 32 bytes, in hex. Always computed, never taken from a file.
func keyIDOf(publicKey []byte) string {
	return sha256Hex(publicKey)
}

func sha256Hex(message []byte) string {
	digest := sha256.Sum256(message)
	return hex.EncodeToString(digest[:])
}
