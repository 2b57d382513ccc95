// Package core holds the decision core: engine/dist/core.wasm, copied here by `go generate` and not committed.
package core

import (
	"crypto/sha256"
	_ "embed"
)

//go:generate go run generate.go

// Wasm is the module.
//
//go:embed dist/core.wasm
var Wasm []byte

// Digest is the SHA-256 of the module, as records have it in `engine`.
var Digest = sha256.Sum256(Wasm)
