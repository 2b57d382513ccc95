package trust

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"faramesh.dev/go/internal/refusal"
)

var nowMs = time.Date(2027, 6, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The vectors say what bundles/trust/ed25519.ts says of each.
func TestEd25519Edges(t *testing.T) {
	var edges []struct {
		Title, Key, Message, Signature string
		Usable, Verifies               bool
	}
	if err := json.Unmarshal(testFile(t, "ed25519.json"), &edges); err != nil {
		t.Fatal(err)
	}
	standard := 0
	for _, edge := range edges {
		key, _ := hex.DecodeString(edge.Key)
		message, _ := hex.DecodeString(edge.Message)
		signature, _ := hex.DecodeString(edge.Signature)
		if usable := isUsablePublicKey(key); usable != edge.Usable {
			t.Errorf("%s: key %s usable: %v", edge.Title, edge.Key, usable)
		}
		if verifies := verifyBytes(signature, message, key); verifies != edge.Verifies {
			t.Errorf("%s: signature %s by %s verifies: %v", edge.Title, edge.Signature, edge.Key, verifies)
		}
		if len(key) == publicBytes && ed25519.Verify(key, message, signature) != edge.Verifies {
			standard++
		}
	}
	if len(edges) < 50 || standard == 0 {
		t.Errorf("%d vectors, of which crypto/ed25519 answers %d otherwise", len(edges), standard)
	}
}

func TestHonestSignatures(t *testing.T) {
	for seed := byte(0); seed < 20; seed++ {
		private := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize))
		public := private.Public().(ed25519.PublicKey)
		message := bytes.Repeat([]byte{seed}, int(seed)*7)
		signature := ed25519.Sign(private, message)
		if !isUsablePublicKey(public) || !verifyBytes(signature, message, public) {
			t.Fatalf("seed %d does not verify", seed)
		}
		signature[seed] ^= 0x40
		if verifyBytes(signature, message, public) {
			t.Fatalf("seed %d verifies with a bit changed", seed)
		}
	}
}

func TestJSON(t *testing.T) {
	for _, accepted := range []string{
		`null`, ` true `, "\t[1,\r\n2]", `{"a":{"b":[]}}`, `-9007199254740991`, `"é\u00e9\ud83d\ude00\/\b"`, `0`,
		strings.Repeat("[", 16) + strings.Repeat("]", 16),
	} {
		if _, err := parseJSON([]byte(accepted), 1000, "trust_malformed"); err != nil {
			t.Errorf("%s: %v", accepted, err)
		}
	}
	for _, refused := range []string{
		"", " ", "nul", "nullx", "\ufeffnull", "[1,]", "{,}", `{"a" 1}`, `{"a":1,}`, `{"a":1,"\u0061":2}`, `{a:1}`, `[1`, `"a`, `"\x"`, `"\u12g4"`,
		`"\ud800"`, `"\ud800\u0041"`, `"\udc00\ud800"`, "\"\n\"", "\"\xff\"", "\"\xed\xa0\x80\"", `01`, `-0`, `1.0`, `1e3`, `+1`, `-`, `9007199254740992`, `1 2`, `'a'`,
		strings.Repeat("[", 17) + strings.Repeat("]", 17), strings.Repeat(" ", 1001),
	} {
		_, err := parseJSON([]byte(refused), 1000, "trust_malformed")
		var reason *refusal.Refused
		if !errors.As(err, &reason) || reason.Code != "trust_malformed" {
			t.Errorf("%.40q: %v", refused, err)
		}
	}
}

func TestCanonical(t *testing.T) {
	// U+FF5E stands behind U+1F600 in UTF-16 and before it in UTF-8; RFC 8785 section 3.2.3.
	canonical := "{\"\":\"\\u0001\\u001f\u007f\\b\\n\u2028/\",\"a\":[1,-2,true,null],\"😀\":{},\"～\":\"\\\"\\\\\"}"
	if _, err := parseCanonical([]byte(canonical), 1000, "statement_malformed"); err != nil {
		t.Error(err)
	}
	for _, other := range []string{`{"b":1,"a":2}`, `{"a": 1}`, `"\u0061"`, `"\/"`, `"\u000A"`, "{\"～\":1,\"😀\":1}"} {
		if _, err := parseCanonical([]byte(other), 1000, "statement_malformed"); err == nil {
			t.Errorf("%s is taken for canonical", other)
		}
	}
}

func TestBase64(t *testing.T) {
	for text, ok := range map[string]bool{
		"": true, "AA==": true, "AAA=": true, "AAAA": true,
		"AB==": false, "AAB=": false, "AA=": false, "AA": false, "AA==\n": false, "A\nA==": false, "A A==": false, "-_==": false, "====": false, "AA==AA==": false,
	} {
		if _, taken := fromBase64(text); taken != ok {
			t.Errorf("%q: %v", text, taken)
		}
	}
}

func TestInstants(t *testing.T) {
	for _, good := range []string{"2027-01-31T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2028-02-29T12:00:00Z"} {
		if ms, ok := parseInstant(good); !ok || formatInstant(ms) != good {
			t.Errorf("%s is refused", good)
		}
	}
	for _, bad := range []string{
		"", "2027-02-29T00:00:00Z", "2027-01-31T24:00:00Z", "2027-01-31T23:59:60Z", "2027-01-31T00:00:00.0Z", "2027-01-31T00:00:00,5Z",
		"2027-01-31t00:00:00z", "2027-01-31T00:00:00+00:00", "2027-1-31T00:00:00Z", "2027-01-31 00:00:00Z", "2027-01-31T0:00:00Z",
	} {
		if _, ok := parseInstant(bad); ok {
			t.Errorf("%s is taken", bad)
		}
	}
}

// The envelope of a signed file, changed in one place.
func TestEnvelopes(t *testing.T) {
	parts, err := decodeContainer(testFile(t, "policy.fplb"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(parts.envelope)
	decoded, err := decodeEnvelope(parts.envelope)
	if err != nil {
		t.Fatal(err)
	}
	signature := base64.StdEncoding.EncodeToString(decoded.signatures[0].bytes)
	one := text[strings.Index(text, `{"keyid"`):strings.LastIndex(text, "]")]
	for changed, code := range map[string]string{
		text + " ": "envelope_malformed",
		strings.Replace(text, "vnd.in-toto", "vnd.other", 1):           "payload_type_wrong",
		strings.Replace(text, one, "", 1):                              "signature_missing",
		strings.Replace(text, one, one+","+one, 1):                     "signature_duplicate",
		strings.Replace(text, `"sig"`, `"zig"`, 1):                     "envelope_unknown_field",
		strings.Replace(text, signature, signature[4:], 1):             "envelope_malformed",
		strings.Replace(text, decoded.signatures[0].keyID, "00", 1):    "envelope_malformed",
		strings.Replace(text, `]}`, `],"z":1}`, 1):                     "envelope_unknown_field",
		strings.Replace(text, one, strings.Repeat(one+",", 64)+one, 1): "envelope_malformed",
		strings.Replace(text, `"payload":"`, `"payload":"*`, 1):        "envelope_malformed",
		"[]":                              "envelope_malformed",
		"{}":                              "envelope_malformed",
		strings.Repeat(" ", 1<<20) + text: "envelope_malformed",
	} {
		_, err := decodeEnvelope([]byte(changed))
		var reason *refusal.Refused
		if !errors.As(err, &reason) || reason.Code != code {
			t.Errorf("%.80s: %v, expected %s", changed, err, code)
		}
	}
}

func TestStatements(t *testing.T) {
	parts, _ := decodeContainer(testFile(t, "policy.fplb"))
	decoded, err := decodeEnvelope(parts.envelope)
	if err != nil {
		t.Fatal(err)
	}
	text := string(decoded.payload)
	digest := sha256Hex(parts.bundle)
	source := `{"name":"a","sha256":"` + digest + `"}`
	for changed, code := range map[string]string{
		text: "",
		strings.Replace(text, `"sources":[]`, `"sources":[`+source+`]`, 1):                                                   "",
		strings.Replace(text, `"sources":[]`, `"sources":[`+source+`,`+source+`]`, 1):                                        "statement_malformed",
		strings.Replace(text, `"sources":[]`, `"sources":[{"name":"","sha256":"0"}]`, 1):                                     "statement_malformed",
		strings.Replace(text, `"critical":["abi",`, `"critical":["abi","new",`, 1):                                           "critical_unknown",
		strings.Replace(text, `"critical":["abi","sequence"]`, `"critical":["sequence","abi"]`, 1):                           "statement_malformed",
		strings.Replace(text, `"critical":["abi","sequence"]`, `"critical":1`, 1):                                            "statement_malformed",
		strings.Replace(text, `"critical":["abi","sequence"]`, `"critical":[1]`, 1):                                          "statement_malformed",
		strings.Replace(text, `"sources":[]`, `"sources":[],"t":1`, 1):                                                       "statement_unknown_field",
		strings.Replace(text, `policy-bundle`, `policy-other`, 1):                                                            "statement_type_wrong",
		strings.Replace(text, `policy-bundle`, `policy-source`, 1):                                                           "statement_malformed",
		strings.Replace(strings.Replace(text, `policy-bundle`, `policy-source`, 1), `"name":"bundle"`, `"name":"source"`, 1): "statement_type_wrong",
		strings.Replace(text, `Statement/v1`, `Statement/v2`, 1):                                                             "statement_type_wrong",
		strings.Replace(text, digest, strings.Repeat("0", 64), 1):                                                            "digest_mismatch",
		strings.Replace(text, `"abi":2`, `"abi":3`, 1):                                                                       "abi_mismatch",
		strings.Replace(text, `"abi":2`, `"abi":-1`, 1):                                                                      "statement_malformed",
		strings.Replace(text, `"name":"faramesh"`, `"name":"\u0085"`, 1):                                                     "statement_malformed",
		strings.Replace(text, `"name":"faramesh"`, `"name":"`+strings.Repeat("😀", 512)+`"`, 1):                               "",
		strings.Replace(text, `"name":"faramesh"`, `"name":"`+strings.Repeat("😀", 513)+`"`, 1):                               "statement_malformed",
	} {
		_, err := readStatement(envelope{payload: []byte(changed)}, digest)
		var reason *refusal.Refused
		if errors.As(err, &reason) != (code != "") || reason != nil && reason.Code != code {
			t.Errorf("%.400s: %v, expected %q", changed, err, code)
		}
	}
}

func TestTrustFiles(t *testing.T) {
	text := string(testFile(t, "trust.json"))
	for changed, code := range map[string]string{
		text: "",
		strings.Replace(text, `"version": 1`, `"version": 2`, 1):                        "trust_malformed",
		strings.Replace(text, `"threshold": 1`, `"threshold": 2`, 1):                    "trust_threshold_invalid",
		strings.Replace(text, `"threshold": 1`, `"threshold": 0`, 1):                    "trust_threshold_invalid",
		strings.Replace(text, `"threshold": 1`, `"threshold": "1"`, 1):                  "trust_malformed",
		strings.Replace(text, `"minimum_sequence": 0,`, ``, 1):                          "",
		strings.Replace(text, `"minimum_sequence": 0,`, `"minimum_sequence": null,`, 1): "trust_malformed",
		strings.Replace(text, `"name": "key-1"`, `"name": "key 1"`, 1):                  "trust_malformed",
		strings.Replace(text, `"public": "`, `"public": "AAAA`, 1):                      "trust_key_invalid",
		strings.Replace(text, "2028-", "2026-", 1):                                      "trust_malformed",
		strings.Replace(text, "2028-01-01", "2028-02-30", 1):                            "trust_malformed",
	} {
		_, err := ParseFile([]byte(changed))
		var reason *refusal.Refused
		if errors.As(err, &reason) != (code != "") || reason != nil && reason.Code != code {
			t.Errorf("%s: %v, expected %q", changed, err, code)
		}
	}
}

// Whatever the bytes, opening gives a bundle or a refusal from the table.
func FuzzOpen(f *testing.F) {
	for _, name := range []string{"policy.fplb", "both.fplb", "unsigned.fplb", "broken.fplb"} {
		f.Add(testFile(f, name))
	}
	trusted, err := ParseFile(testFile(f, "trust.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		_, err := Open(file, trusted, nowMs, nil)
		mustBeRefusal(t, err)
		_, err = OpenInsecure(file)
		mustBeRefusal(t, err)
	})
}

// An envelope or statement that is accepted is in its one encoding.
func FuzzDocuments(f *testing.F) {
	parts, _ := decodeContainer(testFile(f, "both.fplb"))
	decoded, err := decodeEnvelope(parts.envelope)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(parts.envelope)
	f.Add(decoded.payload)
	f.Add(testFile(f, "trust.json"))
	f.Add([]byte(`{"a":"\ud83d\ude00","b":[-1,null,{"":true}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := decodeEnvelope(text)
		mustBeRefusal(t, err)
		_, err = decodeStatement(text)
		mustBeRefusal(t, err)
		_, err = ParseFile(text)
		mustBeRefusal(t, err)
		value, err := parseJSON(text, 1<<20, "trust_malformed")
		mustBeRefusal(t, err)
		if err != nil {
			return
		}
		canonical := appendCanonical(nil, value)
		if _, err := parseCanonical(canonical, 1<<21, "trust_malformed"); err != nil {
			t.Fatalf("%q: %v", canonical, err)
		}
		if !json.Valid(text) {
			t.Fatalf("%q is no JSON", text)
		}
	})
}

func mustBeRefusal(t *testing.T, err error) {
	t.Helper()
	var reason *refusal.Refused
	if err != nil && (!errors.As(err, &reason) || reason.Message == "" || reason.Help == "") {
		t.Fatalf("%v is no refusal", err)
	}
}
