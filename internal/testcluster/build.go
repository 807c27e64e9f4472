package testcluster

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Build builds the binary into a directory and returns its path.
func Build(dir string) (string, error) { return build(dir, "sighej") }

// clockOffset is the setting, in seconds, by which the clock of a binary of
// [BuildWithWrongClock] is off.
const clockOffset = "TEST_CLOCK_OFFSET"

// BuildWithWrongClock builds the same program with a standard library whose clock
// is off by [Config.Clocks]. It takes a minute and more the first time: everything
// is compiled anew.
func BuildWithWrongClock(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("testcluster: find the standard library: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(original) //nolint:gosec // the toolchain's own
	if err != nil {
		return "", fmt.Errorf("testcluster: %w", err)
	}
	const reading = "func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n"
	if strings.Count(string(source), reading) != 1 {
		return "", fmt.Errorf("testcluster: %s reads the clock in another way than was known", original)
	}
	changed := strings.Replace(string(source), reading, reading+"\tsec += clockOffset\n", 1) + `
var clockOffset = func() (seconds int64) {
	text, _ := syscall.Getenv("` + clockOffset + `")
	digits, negative := text, len(text) > 0 && text[0] == '-'
	if negative {
		digits = text[1:]
	}
	for _, d := range []byte(digits) {
		seconds = 10*seconds + int64(d-'0')
	}
	if negative {
		return -seconds
	}
	return seconds
}()
`
	changed = strings.Replace(changed, "import (\n", "import (\n\t\"syscall\"\n", 1)
	replacement := filepath.Join(dir, "time.go")
	if err := os.WriteFile(replacement, []byte(changed), 0o600); err != nil { //nolint:gosec // the directory is the caller's
		return "", fmt.Errorf("testcluster: %w", err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {original: replacement}})
	if err != nil {
		return "", fmt.Errorf("testcluster: %w", err)
	}
	list := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", fmt.Errorf("testcluster: %w", err)
	}
	return build(dir, "sighej-with-wrong-clock", "-trimpath", "-overlay", list)
}

func build(dir, name string, flags ...string) (string, error) {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return "", fmt.Errorf("testcluster: find the module: %w", err)
	}
	binary := filepath.Join(dir, name)
	args := append(append([]string{"build"}, flags...), "-o", binary, "./cmd/sighej")
	cmd := exec.Command("go", args...) //nolint:gosec // the path is the caller's
	cmd.Dir = strings.TrimSpace(string(root))
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("testcluster: build the binary: %w\n%s", err, out)
	}
	return binary, nil
}
