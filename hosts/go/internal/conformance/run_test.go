package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var corpus = filepath.Join("..", "..", "..", "..", "tests", "conformance", "corpus", "corpus.jsonl")

func TestCorpus(t *testing.T) {
	file, err := os.Open(corpus)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skipf("without the corpus: %v", err)
	}
	defer file.Close()
	report, first, err := Run(file)
	if err != nil || first != "" {
		t.Fatalf("%v\n%s\n%+v", err, first, report)
	}
}

// What is wrong with a corpus is an error, not a pass.
func TestDifferences(t *testing.T) {
	call := `{"kind":"decide","text":[["{",1],["[",2]],"code":"invalid_json","hash":"00"}` + "\n"
	for text, said := range map[string]string{
		"":                                    "header",
		call:                                  "header",
		`{"kind":"header"}`:                   "the header says",
		`{"kind":"other"}`:                    "unknown kind",
		`{"kind":"open","bundle":"b"}`:        "no earlier line",
		`{"kind":"decide"}`:                   "without a text",
		`{"kind":"decide","text":[["{"]]}`:    "no piece",
		`{"kind":"decide","bytes":"A"}`:       "base64",
		`{"kind":"bundle","id":"b0"}`:         "without bytes",
		`{"kind":"header","decisions":"one"}`: "cannot unmarshal",
	} {
		_, _, err := Run(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), said) {
			t.Errorf("%s: %v, expected %s", text, err, said)
		}
	}
	_, first, _ := Run(strings.NewReader(call))
	if !strings.Contains(first, "the record's hash") {
		t.Errorf("%q", first)
	}
	opened := `{"kind":"bundle","id":"b","bytes":"RlBMQgEAAAAAAAAAAAAAAA=="}` + "\n" +
		`{"kind":"open","bundle":"b","expect":"bundle_refused","coreCode":"bad_magic"}` + "\n"
	_, first, _ = Run(strings.NewReader(opened))
	if first != `line 2: the core's code is "bad_length", expected "bad_magic"` {
		t.Errorf("%q", first)
	}
}
