// Command conformance runs the corpus that all hosts share, and prints what came of it as one line of JSON.
// It exits with 1 on any difference from the corpus's header.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"

	"faramesh.dev/go/internal/conformance"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: conformance CORPUS")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	report, first, err := conformance.Run(file)
	if first != "" {
		fmt.Fprintln(os.Stderr, first)
	}
	report.Host, report.Version = "go", runtime.Version()
	if report.Result != "" {
		text, err := json.Marshal(report)
		if err != nil {
			return err
		}
		fmt.Println(string(text))
	}
	return err
}
