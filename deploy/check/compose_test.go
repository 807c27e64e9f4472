package check

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// secretFiles are those that make-secrets makes.
var secretFiles = []string{
	"sighej.env", "redis.conf", "postgres_password", "admin_token", "grafana_password", "certs/ca.crt",
	"certs/member-1.crt", "certs/member-1.key", "certs/member-2.crt", "certs/member-2.key", "certs/member-3.crt", "certs/member-3.key",
}

// settings is the .env that an operator makes for the members.
const settings = "REDIS_URL=redis://:p@redis:6379\nDATABASE_URL=postgresql://sighej:p@postgres/sighej\n" +
	"INTEREST_KEY=0f3a9c5e7b1d2486f0a1b3c5d7e9f8a60f3a9c5e7b1d2486\nADMIN_TOKEN=0f3a9c5e7b1d2486f0a1\n"

// copied copies a directory and puts files below it.
func copied(t *testing.T, dir string, files ...string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS("..")); err != nil {
		t.Fatal(err)
	}
	to = filepath.Join(to, dir)
	for _, name := range files {
		path := filepath.Join(to, "secrets", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return to
}

func compose(t *testing.T) *types.Project {
	t.Helper()
	dir := copied(t, "compose", secretFiles...)
	options, err := cli.NewProjectOptions([]string{filepath.Join(dir, "docker-compose.yml")}, cli.WithWorkingDirectory(dir))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context()) // checks against the schema of Compose, and all references
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposeIsValid(t *testing.T) {
	want := []string{"balancer", "grafana", "member-1", "member-2", "member-3", "postgres", "prometheus", "redis"}
	if got := compose(t).ServiceNames(); !slices.Equal(got, want) {
		t.Errorf("services: %v", got)
	}
}

// What is mounted is there, in the repository or made by make-secrets.
func TestComposeMountsWhatThereIs(t *testing.T) {
	project := compose(t)
	for _, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(volume.Source); err != nil {
				t.Errorf("%s: %v", service.Name, err)
			}
			if !volume.ReadOnly {
				t.Errorf("%s may write to %s", service.Name, volume.Source)
			}
		}
	}
	for name, secret := range project.Secrets {
		if _, err := os.Stat(secret.File); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each image has a version, and only the balancer is reachable from elsewhere.
func TestComposeOpensOneDoor(t *testing.T) {
	for _, service := range compose(t).Services {
		_, tag, _ := strings.Cut(service.Image, ":")
		if tag == "" || tag == "latest" && service.Build == nil {
			t.Errorf("%s: no version: %s", service.Name, service.Image)
		}
		for _, port := range service.Ports {
			if service.Name != "balancer" && port.HostIP != "127.0.0.1" {
				t.Errorf("%s is open to everybody at %s", service.Name, port.Published)
			}
		}
	}
}

// Members differ in their names alone, and the balancer knows all of them.
func TestComposeMembers(t *testing.T) {
	project := compose(t)
	balancer := project.Services["balancer"]
	for _, n := range []string{"1", "2", "3"} {
		name := "member-" + n
		member := project.Services[name]
		env := member.Environment
		for setting, want := range map[string]string{
			"CLUSTER_ADVERTISE_ADDR": name + ":9000", "CLUSTER_TLS_CERT": "/certs/" + name + ".crt", "CLUSTER_TLS_KEY": "/certs/" + name + ".key",
			"INTEREST_KEY": "0f3a9c5e7b1d2486f0a1b3c5d7e9f8a60f3a9c5e7b1d2486",
		} {
			if env[setting] == nil || *env[setting] != want {
				t.Errorf("%s: %s is not %s", name, setting, want)
			}
		}
		mounted := false
		for _, volume := range member.Volumes {
			mounted = mounted || volume.Target == *env["CLUSTER_TLS_KEY"]
		}
		if !mounted {
			t.Errorf("%s has no key of its own", name)
		}
		if address := balancer.Environment["MEMBER_"+n]; address == nil || *address != name+":8000" {
			t.Errorf("the balancer does not know %s", name)
		}
	}
}
