module faramesh.dev/go

go 1.22.0

require (
	filippo.io/edwards25519 v1.1.1
	github.com/tetratelabs/wazero v1.9.0
)
