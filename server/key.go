package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyFile is where a member keeps the key that it drew for itself.
const keyFile = "interest.key"

// Key returns the key under which interests are hashed: the text of INTEREST_KEY
// if there is one, else the text of interest.key in dataDir, which it creates
// with a random key on the first call (256 bits in hex, mode 0600). Since both
// are text, the content of the file may become the setting when a second member
// joins. Several processes may call it at once and all get the same key. A file
// that others may read is refused.
func Key(dataDir, fromSetting string) ([]byte, error) {
	if fromSetting != "" {
		if len(fromSetting) < minInterestKeyLen {
			return nil, fmt.Errorf("INTEREST_KEY must have at least %d characters", minInterestKeyLen)
		}
		return []byte(fromSetting), nil
	}
	path := filepath.Join(dataDir, keyFile)
	key, err := readKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := createKey(path); err != nil {
			return nil, fmt.Errorf("DATA_DIR (--data-dir): creating the interest key: %w", err)
		}
		key, err = readKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("DATA_DIR (--data-dir): reading the interest key: %w", err)
	}
	return key, nil
}

func readKey(path string) ([]byte, error) {
	f, err := os.Open(path) // #nosec G304 -- the operator's own DATA_DIR
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // Windows has no such bits
		return nil, fmt.Errorf("%s may be read by others: chmod 600 it, or remove it for a new one", path)
	}
	text, err := io.ReadAll(io.LimitReader(f, 4<<10))
	if err != nil {
		return nil, err
	}
	key := strings.TrimSpace(string(text))
	if len(key) < minInterestKeyLen {
		return nil, fmt.Errorf("%s holds fewer than %d characters: remove it for a new one", path, minInterestKeyLen)
	}
	return []byte(key), nil
}

// createKey puts a whole key at path or nothing: it is written beside it and
// linked into place, and the link fails when another process was first.
func createKey(path string) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, keyFile+".*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand aborts the program instead
	_, err = f.WriteString(hex.EncodeToString(random[:]) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
