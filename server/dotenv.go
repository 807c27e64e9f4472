package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/joho/godotenv"
)

// LoadDotenv puts the settings of the file at path (NAME=value, one a line) into
// the environment of this process, but for those that the environment has
// already. A file that is not there is no error; one that cannot be read as a
// whole is, and then nothing is set. The error tells the line and never what
// stands in it, which may be a secret. Call it before anything reads the
// environment at the same time.
func LoadDotenv(path string) error {
	text, err := os.ReadFile(path) // #nosec G304 -- the operator's own file
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	settings, err := parseDotenv(string(text))
	if err != nil {
		return fmt.Errorf("%s: line %d is not of the form NAME=value", path, brokenLine(string(text)))
	}
	for name, value := range settings {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("%s: %s cannot be set", path, name)
		}
	}
	return nil
}

// parseDotenv also refuses a last line without a name, which the library takes.
func parseDotenv(text string) (map[string]string, error) {
	settings, err := godotenv.Unmarshal(text)
	if _, nameless := settings[""]; err == nil && nameless {
		return nil, errors.New("a line without a name")
	}
	return settings, err
}

// brokenLine returns the first line from which on text cannot be read: the one
// after the longest run of lines that can.
func brokenLine(text string) int {
	lines := strings.SplitAfter(text, "\n")
	for n := len(lines) - 1; n > 0; n-- {
		if _, err := parseDotenv(strings.Join(lines[:n], "")); err == nil {
			return n + 1
		}
	}
	return 1
}
