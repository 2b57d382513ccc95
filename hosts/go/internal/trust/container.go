package trust

import (
	"encoding/binary"
	"fmt"

	"faramesh.dev/go/internal/refusal"
	"faramesh.dev/go/internal/tables"
)

const (
	containerVersion     = 1
	containerHeaderBytes = 16
	containerMagic       = 0x424c5046 // "FPLB" read as u32le
)

// container has the parts of a `.fplb` file (bundles/container.ts), as views into it.
type container struct {
	bundle []byte
	// envelope is nil when the file is unsigned.
	envelope []byte
}

func decodeContainer(file []byte) (container, error) {
	if len(file) >= 4 && binary.LittleEndian.Uint32(file) != containerMagic {
		return container{}, refusal.New("container_bad_magic", "")
	}
	if len(file) < containerHeaderBytes {
		detail := fmt.Sprintf("%d bytes, the header has %d", len(file), containerHeaderBytes)
		return container{}, refusal.New("container_truncated", detail)
	}
	if version := binary.LittleEndian.Uint32(file[4:]); version != containerVersion {
		return container{}, refusal.New("container_bad_version", fmt.Sprint(version))
	}
	bundleBytes := uint64(binary.LittleEndian.Uint32(file[8:]))
	envelopeBytes := uint64(binary.LittleEndian.Uint32(file[12:]))
	if bundleBytes > tables.MaxBundleBytes {
		return container{}, refusal.New("container_too_large", fmt.Sprintf("bundle of %d bytes", bundleBytes))
	}
	if envelopeBytes > tables.MaxEnvelopeBytes {
		return container{}, refusal.New("container_too_large", fmt.Sprintf("envelope of %d bytes", envelopeBytes))
	}
	bundleEnd := containerHeaderBytes + bundleBytes
	end := bundleEnd + envelopeBytes
	if length := uint64(len(file)); length != end {
		code := "container_truncated"
		if length > end {
			code = "container_trailing_bytes"
		}
		return container{}, refusal.New(code, fmt.Sprintf("%d bytes, the header says %d", length, end))
	}
	parts := container{bundle: file[containerHeaderBytes:bundleEnd:bundleEnd]}
	if envelopeBytes > 0 {
		parts.envelope = file[bundleEnd:]
	}
	return parts, nil
}
