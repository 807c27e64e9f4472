package server_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"i80.dk/sighej/server"
)

func TestKeyFromSetting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	setting := strings.Repeat("k", 32)
	if key, err := server.Key(dir, setting); err != nil || string(key) != setting {
		t.Errorf("key %q, error %v", key, err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("a key from the setting touched the disk")
	}
	if _, err := server.Key(dir, setting[1:]); err == nil || strings.Contains(err.Error(), setting[1:]) {
		t.Errorf("short key: %v", err)
	}
}

func TestKeyIsDrawnOnceForAll(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "data")
	keys := make([][]byte, 16)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			key, err := server.Key(dir, "")
			if err != nil {
				t.Error(err)
			}
			keys[i] = key
		})
	}
	group.Wait()
	for _, key := range keys {
		if len(key) != 64 || !bytes.Equal(key, keys[0]) {
			t.Fatalf("keys of %d and %d characters differ", len(keys[0]), len(key))
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("files left: %v, error %v", files, err)
	}
	info, err := files[0].Info()
	if err != nil || info.Name() != "interest.key" || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, error %v", info, err)
	}
	other, err := server.Key(t.TempDir(), "")
	if err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("another directory has the same key, error %v", err)
	}
	if again, err := server.Key(t.TempDir(), string(keys[0])); err != nil || !bytes.Equal(again, keys[0]) {
		t.Errorf("the text of the file is not the same key as a setting, error %v", err)
	}
}

func TestKeyNamesTheSettingOfItsDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "data")} {
		if _, err := server.Key(dir, ""); err == nil || !strings.Contains(err.Error(), "DATA_DIR (--data-dir)") {
			t.Errorf("error: %v", err)
		}
	}
}

func TestKeyRefusesUnsafeFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"readable by the group": {strings.Repeat("k", 64), 0o640},
		"readable by all":       {strings.Repeat("k", 64), 0o604},
		"short":                 {"short-secret\n", 0o600},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "interest.key")
			if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, tc.mode); err != nil {
				t.Fatal(err)
			}
			_, err := server.Key(dir, "")
			if err == nil || strings.Contains(err.Error(), strings.TrimSpace(tc.text)) {
				t.Errorf("error: %v", err)
			}
			if after, _ := os.ReadFile(path); string(after) != tc.text {
				t.Error("the file was changed")
			}
		})
	}
}
