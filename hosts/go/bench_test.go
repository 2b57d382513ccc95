package faramesh

import (
	"os"
	"testing"
)

// benchData is the bundle that the tests use, signed, and its trust file.
func benchData(b *testing.B) (file, trust []byte) {
	b.Helper()
	return testFile(b, "policy.fplb"), testFile(b, "trust.json")
}

func testFile(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func BenchmarkLoad(b *testing.B) {
	file, trust := benchData(b)
	b.ReportAllocs()
	for n := 0; n < b.N; n++ {
		engine, err := Load(file, Trust(trust), at(inTime), Instances(1))
		if err != nil {
			b.Fatal(err)
		}
		engine.Close()
	}
}

func BenchmarkDecide(b *testing.B) {
	engine := open(b, "policy.fplb")
	action := []byte(`{"agent":"shop","tool":"orders/get","args":{"id":"O-1","note":"please look this order up again"}}`)
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		if !engine.Decide(action).Permitted() {
			b.Fatal("not permitted")
		}
	}
}

func BenchmarkDecideParallel(b *testing.B) {
	engine := open(b, "policy.fplb")
	action := []byte(`{"agent":"shop","tool":"orders/get","args":{"id":"O-1","note":"please look this order up again"}}`)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(parallel *testing.PB) {
		for parallel.Next() {
			if !engine.Decide(action).Permitted() {
				b.Error("not permitted")
			}
		}
	})
}

func BenchmarkDecideRecorded(b *testing.B) {
	engine := open(b, "policy.fplb")
	action := []byte(`{"agent":"shop","tool":"orders/get","args":{"id":"O-1","note":"please look this order up again"}}`)
	var place Place
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n++ {
		result, err := engine.DecideRecorded(action, place)
		if err != nil {
			b.Fatal(err)
		}
		place = Place{Sequence: place.Sequence + 1, Previous: result.Hash}
	}
}
