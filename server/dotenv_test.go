package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"i80.dk/sighej/server"
)

func writeDotenv(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// unset takes a variable out of the environment for the time of the test.
func unset(t *testing.T, name string) {
	t.Helper()
	t.Setenv(name, "")
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
}

func TestLoadDotenv(t *testing.T) {
	unset(t, "SIGHEJ_TEST_A")
	t.Setenv("SIGHEJ_TEST_B", "environment")
	t.Setenv("SIGHEJ_TEST_C", "")
	path := writeDotenv(t, "# note\nSIGHEJ_TEST_A='with $ and # in it'\nSIGHEJ_TEST_B=file\nSIGHEJ_TEST_C=file\n")
	if err := server.LoadDotenv(path); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"A": "with $ and # in it", "B": "environment", "C": ""} {
		if got := os.Getenv("SIGHEJ_TEST_" + name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestLoadDotenvWithoutFile(t *testing.T) {
	if err := server.LoadDotenv(filepath.Join(t.TempDir(), ".env")); err != nil {
		t.Error(err)
	}
}

func TestLoadDotenvTellsTheLineAndNoValue(t *testing.T) {
	for name, text := range map[string]string{
		"no name":          "SIGHEJ_TEST_A=1\n\n= s3cr3t\n",
		"no equals sign":   "SIGHEJ_TEST_A=1\n\ns3cr3t\nSIGHEJ_TEST_B=2\n",
		"none at the end":  "SIGHEJ_TEST_A=1\n\ns3cr3t",
		"an open quote":    "SIGHEJ_TEST_A=1\n\nSIGHEJ_TEST_B='s3cr3t\n",
		"an odd character": "SIGHEJ_TEST_A=1\n\nSIGHEJ-TEST=s3cr3t\n",
	} {
		t.Run(name, func(t *testing.T) {
			unset(t, "SIGHEJ_TEST_A")
			err := server.LoadDotenv(writeDotenv(t, text))
			if err == nil || !strings.Contains(err.Error(), "line 3 ") || strings.Contains(err.Error(), "s3cr3t") {
				t.Errorf("error: %v", err)
			}
			if _, set := os.LookupEnv("SIGHEJ_TEST_A"); set {
				t.Error("a broken file was taken in part")
			}
		})
	}
}
