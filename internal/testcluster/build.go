package testcluster

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the binary into a directory and returns its path.
func Build(dir string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("testcluster: find the module: %w", err)
	}
	binary := filepath.Join(dir, "sighej")
	cmd := exec.Command("go", "build", "-o", binary, "./cmd/sighej") //nolint:gosec // the path is the caller's
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("testcluster: build the binary: %w\n%s", err, out)
	}
	return binary, nil
}
