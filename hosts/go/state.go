package faramesh

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"

	"faramesh.dev/go/internal/refusal"
)

// The state file: the newest bundle of one policy that this host has used. One line in one encoding, that of hosts/node/state.ts.
var stateLine = regexp.MustCompile(`\A\{"digest":"([0-9a-f]{64})","sequence":(0|[1-9][0-9]{0,15}),"version":1\}\n\z`)

// readState gives nil when the file is not there yet.
func readState(path string) (*Highest, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, refusal.New("file_unreadable", err.Error())
	}
	parts := stateLine.FindSubmatch(text)
	if parts == nil {
		return nil, refusal.New("state_malformed", path)
	}
	sequence, err := strconv.ParseInt(string(parts[2]), 10, 64)
	if err != nil || sequence > maxSequence {
		return nil, refusal.New("state_malformed", path)
	}
	return &Highest{Sequence: sequence, Digest: string(parts[1])}, nil
}

// writeState is durable when it returns nil; else the old file stands.
func writeState(path string, now Highest) error {
	line := fmt.Sprintf(`{"digest":"%s","sequence":%d,"version":1}`+"\n", now.Digest, now.Sequence)
	if err := writeAtomic(path, []byte(line)); err != nil {
		return refusal.New("state_unwritable", err.Error())
	}
	return nil
}

// writeAtomic writes a whole file or nothing: a temporary name in the same folder, write, fsync, rename, fsync of the folder.
func writeAtomic(path string, text []byte) (err error) {
	// A rename would put a file in the place of a device, a pipe or a socket, and break it for everybody.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, "."+filepath.Base(path)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	_, err = file.Write(text)
	err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close())
	if err != nil {
		return err
	}
	if err = os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// syncFolder makes names in a folder durable. Windows cannot open a folder and needs no such step.
func syncFolder(folder string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	handle, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(handle.Sync(), handle.Close())
}
