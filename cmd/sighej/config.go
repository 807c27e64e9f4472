package main

import (
	"encoding/json"
	"io"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"i80.dk/sighej/server"
)

type configCommand struct {
	Settings settings `embed:""`
	JSON     bool     `help:"Print JSON."`
}

// Help is what `sighej config --help` tells beyond the settings.
func (configCommand) Help() string {
	return "It reads the settings as sighej serve would, prints each with where it comes from, and tells what is wrong " +
		"with them; then the exit status is 2. Secrets are masked. It connects to nothing: sighej doctor does."
}

// setting is one line of the answer.
type setting struct {
	Setting string `json:"setting"`
	Flag    string `json:"flag"`
	Value   string `json:"value"`  // masked
	Source  string `json:"source"` // flag, environment, .env or default
	group   string
}

// Run prints the settings, and fails if they are wrong.
func (c *configCommand) Run(line *kong.Context, env environment, std streams) error {
	o := server.Options(c.Settings)
	all := effective(o, sources{line, env})
	var out string
	if c.JSON {
		b, err := json.MarshalIndent(map[string]any{"settings": all}, "", "  ")
		if err != nil {
			return err
		}
		out = string(b) + "\n"
	} else {
		_, width := terminal(std.out)
		out = settingsTable(all, width)
	}
	if _, err := io.WriteString(std.out, out); err != nil {
		return err
	}
	return validate(o)
}

// effective lists all settings in the order of their declaration.
func effective(o server.Options, from sources) (all []setting) {
	for field, value := range reflect.ValueOf(o).Fields() {
		name := field.Tag.Get("env")
		all = append(all, setting{
			Setting: name, Flag: server.FlagOf(name), Value: shown(field, value), Source: from.of(name), group: field.Tag.Get("group"),
		})
	}
	return all
}

// environment holds the names that the environment had before .env was read into
// it.
type environment map[string]bool

func readEnvironment() environment {
	env := environment{}
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		env[name] = true
	}
	return env
}

// sources tells where a setting comes from.
type sources struct {
	line *kong.Context // nil: there was none
	env  environment
}

func (s sources) of(name string) string {
	if s.flagged(name) {
		return "flag"
	}
	if s.env[name] {
		return "environment"
	}
	if _, now := os.LookupEnv(name); now {
		return ".env"
	}
	return "default"
}

func (s sources) flagged(name string) bool {
	if s.line == nil {
		return false
	}
	return slices.ContainsFunc(s.line.Path, func(p *kong.Path) bool {
		return p.Flag != nil && "--"+p.Flag.Name == server.FlagOf(name)
	})
}

// mask stands for a secret. Its length tells nothing.
const mask = "********"

// shown is a value that may be read over somebody's shoulder. What the help calls
// a SECRET is one as a whole, and a URL may bear some.
func shown(field reflect.StructField, value reflect.Value) string {
	if value.Kind() == reflect.Int && value.Int() == noNumber {
		return "(no whole number)"
	}
	if value.Kind() == reflect.Int {
		return strconv.FormatInt(value.Int(), 10)
	}
	switch text := strings.Map(visible, value.String()); {
	case text == "":
		return ""
	case field.Tag.Get("placeholder") == "SECRET":
		return mask
	case field.Tag.Get("placeholder") == "URL":
		return maskURL(text)
	default:
		return text
	}
}

// secretOption finds options of a URL such as password=, sentinel_password= and
// sslpassword=.
var secretOption = regexp.MustCompile(`(?i)([?&][a-z_]*(?:password|secret|token|key)[a-z_]*=)[^&#]*`)

// maskURL masks the password, or all of a URL in which it may be anywhere.
// Several hosts, as with Sentinel, are no standard URL, so it works on the text.
func maskURL(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return mask
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		name, _, secret := strings.Cut(rest[:at], ":")
		switch {
		case strings.ContainsAny(name, "/?#@"): // an unescaped password, or the @ is elsewhere
			return scheme + "://" + mask
		case secret:
			rest = name + ":" + mask + rest[at:]
		}
	}
	return scheme + "://" + secretOption.ReplaceAllString(rest, "${1}"+mask)
}

const minValue = 20 // columns of a value, which is folded where there is no room

// settingsTable writes the settings for a terminal of that width; 0: as wide as
// it gets, a line a setting.
func settingsTable(all []setting, width int) string {
	t := newTable("setting", "value", "from")
	group := ""
	for i, s := range all {
		if s.group != group && i > 0 {
			t.AppendRow(table.Row{""})
		}
		group = s.group
		t.AppendRow(table.Row{s.Setting, orDash(s.Value), s.Source})
	}
	if width > 0 {
		longest := 0
		for _, s := range all {
			longest = max(longest, len(s.Setting))
		}
		others := longest + 2 + 2 + len("environment") // the gaps, and the longest source
		t.SetColumnConfigs([]table.ColumnConfig{{Name: "value", WidthMax: max(minValue, width-others-2), WidthMaxEnforcer: text.WrapHard}})
	}
	return t.Render() + "\n"
}
