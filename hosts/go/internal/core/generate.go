//go:build ignore

// Copies the core that `npm run build` makes to where it is embedded from.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := copyCore(filepath.Join("..", "..", "..", "..", "engine", "dist", "core.wasm")); err != nil {
		fmt.Fprintf(os.Stderr, "%v\nrun `npm run build` in the project's folder first\n", err)
		os.Exit(1)
	}
}

func copyCore(source string) error {
	bytes, err := os.ReadFile(source)
	if err != nil {
		return err
	}
	if err := os.MkdirAll("dist", 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join("dist", "core.wasm"), bytes, 0o644)
}
