package conformance

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// folded is a JSON string, or a list of [piece, times]: each piece stands so many times, one after another.
type folded []byte

func (f *folded) UnmarshalJSON(text []byte) error {
	var whole string
	if text[0] == '"' {
		err := json.Unmarshal(text, &whole)
		*f = folded(whole)
		return err
	}
	var pieces []piece
	if err := json.Unmarshal(text, &pieces); err != nil {
		return err
	}
	*f = folded{}
	for _, one := range pieces {
		*f = append(*f, bytes.Repeat([]byte(one.text), one.times)...)
	}
	return nil
}

type piece struct {
	text  string
	times int
}

func (p *piece) UnmarshalJSON(text []byte) error {
	parts := []any{&p.text, &p.times}
	if err := json.Unmarshal(text, &parts); err != nil {
		return err
	}
	if len(parts) != 2 || p.times < 0 {
		return fmt.Errorf("%s is no piece and how many times it stands", text)
	}
	return nil
}

type base64Text []byte

func (b *base64Text) UnmarshalJSON(text []byte) error {
	var encoded string
	if err := json.Unmarshal(text, &encoded); err != nil {
		return err
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	*b = decoded
	return err
}

func either(text *folded, raw *base64Text) ([]byte, bool) {
	if raw != nil {
		return *raw, true
	}
	if text != nil {
		return *text, true
	}
	return nil, false
}
