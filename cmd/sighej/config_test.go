package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"i80.dk/sighej/server"
)

// configOf runs sighej config --json and returns the settings by name.
func configOf(t *testing.T, dotenv string, env []string, args ...string) (status int, all map[string]setting, out string) {
	t.Helper()
	cmd := command(t, env, append([]string{"config", "--json"}, args...)...)
	if err := os.WriteFile(filepath.Join(cmd.Dir, ".env"), []byte(dotenv), 0o600); err != nil {
		t.Fatal(err)
	}
	status, out, _ = output(t, cmd)
	var answer struct{ Settings []setting }
	if err := json.Unmarshal([]byte(out), &answer); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	all = map[string]setting{}
	for _, s := range answer.Settings {
		all[s.Setting] = s
	}
	return status, all, out
}

func TestConfigTellsWhereSettingsComeFrom(t *testing.T) {
	status, all, _ := configOf(t, "AUTH=beacon\nLOG_LEVEL=debug\nMATCHES_PER_HOUR=1\n", []string{"LOG_LEVEL=warn", "MATCHES_PER_HOUR=2"}, "--matches-per-hour=3")
	if status != 0 {
		t.Errorf("status %d", status)
	}
	for name, want := range map[string]setting{
		"AUTH":             {Value: "beacon", Source: ".env"},
		"LOG_LEVEL":        {Value: "warn", Source: "environment"},
		"MATCHES_PER_HOUR": {Value: "3", Source: "flag"},
		"INTERESTS":        {Value: "open", Source: "default"},
		"REDIS_URL":        {Value: "", Source: "default"},
	} {
		if got := all[name]; got.Value != want.Value || got.Source != want.Source || got.Flag != server.FlagOf(name) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if want := reflect.TypeFor[server.Options]().NumField(); len(all) != want {
		t.Errorf("%d settings, want %d", len(all), want)
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	const s = "s3cr3t-of-some-length-that-is-long-enough-7"
	status, all, out := configOf(t, "ADMIN_TOKEN="+s+"\n", []string{
		"REDIS_URL=redis+sentinel://user:" + s + "@a:26379,b:26379/m?sentinel_password=" + s + "&read_timeout=5s",
		"DATABASE_URL=postgresql+asyncpg://user:" + s + "@db/sighej?sslpassword=" + s,
	}, "--interest-key="+s)
	if status != 0 || strings.Contains(out, "s3cr3t") {
		t.Errorf("status %d: %s", status, out)
	}
	for name, want := range map[string]string{
		"ADMIN_TOKEN": mask, "INTEREST_KEY": mask,
		"REDIS_URL":    "redis+sentinel://user:" + mask + "@a:26379,b:26379/m?sentinel_password=" + mask + "&read_timeout=5s",
		"DATABASE_URL": "postgresql+asyncpg://user:" + mask + "@db/sighej?sslpassword=" + mask,
	} {
		if all[name].Value != want {
			t.Errorf("%s: %q, want %q", name, all[name].Value, want)
		}
	}
}

func TestMaskURL(t *testing.T) {
	for raw, want := range map[string]string{
		"redis://localhost:6379":         "redis://localhost:6379",
		"redis://:s3cr3t@h:6379/2":       "redis://:" + mask + "@h:6379/2",
		"redis://u:s3/cr3t@h:6379":       "redis://u:" + mask + "@h:6379",
		"redis://u:s3@cr3t@h:6379":       "redis://u:" + mask + "@h:6379",
		"postgres://user@h/db":           "postgres://user@h/db",
		"s3cr3t":                         mask,
		"postgres://h/db?Password=s3cr3": "postgres://h/db?Password=" + mask,
	} {
		if got := maskURL(raw); got != want {
			t.Errorf("%s: %s, want %s", raw, got, want)
		}
	}
}

// Every setting whose name sounds like a secret is one, but for those that name a
// file.
func TestNoSecretIsForgotten(t *testing.T) {
	for field := range reflect.TypeFor[server.Options]().Fields() {
		name, kind := field.Tag.Get("env"), field.Tag.Get("placeholder")
		for _, word := range []string{"KEY", "TOKEN", "SECRET", "PASSWORD", "HEADERS"} {
			if strings.Contains(name, word) && kind != "SECRET" && kind != "FILE" {
				t.Errorf("%s is shown: its placeholder is %s", name, kind)
			}
		}
	}
}

func TestConfigTellsFaultsAfterTheTable(t *testing.T) {
	status, out, errs := output(t, command(t, []string{"MAX_CONNECTIONS=many"}, "config"))
	if status != exitUsage || !strings.Contains(out, "(no whole number)") || !strings.Contains(errs, "MAX_CONNECTIONS (--max-connections): must be") {
		t.Errorf("status %d\n%s%s", status, out, errs)
	}
}

func TestSettingsTableFits(t *testing.T) {
	all := effective(server.DefaultOptions(), sources{})
	all[0].Value, all[0].Source = "redis+sentinel://"+strings.Repeat("sentinel.example:26379,", 8)+"/m", "environment"
	for _, width := range []int{80, 100, 120} {
		for line := range strings.Lines(settingsTable(all, width)) {
			if n := utf8.RuneCountInString(strings.TrimSpace(line)); n > width {
				t.Errorf("%d columns: %d in %q", width, n, line)
			}
		}
	}
	wide := settingsTable(all, 0)
	if !strings.Contains(wide, all[0].Value) {
		t.Error("for a script a value is folded")
	}
}
