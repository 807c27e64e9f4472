//go:build linux

package deploy

import (
	"bytes"
	"crypto/x509"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej/internal/testservers"
)

// image is what the Dockerfile makes: a directory as the root, and how to start
// what is in it.
type image struct {
	root       string
	env        []string
	user       int
	dir        string
	entrypoint []string
	command    []string
	health     []string
}

// instructions returns the lines of a Dockerfile, continued ones as one.
func instructions(t *testing.T, path string) (all [][2]string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			word, rest, _ := strings.Cut(line, " ")
			all = append(all, [2]string{word, rest})
		}
	}
	return all
}

// build takes the steps of the Dockerfile, with the repository as /src and a
// directory as /out.
func build(t *testing.T) *image {
	t.Helper()
	out := t.TempDir()
	i := &image{root: t.TempDir()}
	if err := os.Chmod(i.root, 0o755); err != nil { //nolint:gosec // another user starts in it
		t.Fatal(err)
	}
	scratch := false
	for _, step := range instructions(t, "Dockerfile") {
		switch word, rest := step[0], step[1]; {
		case word == "FROM":
			scratch = rest == "scratch"
		case !scratch && word == "RUN":
			run(t, strings.ReplaceAll(rest, "/out", out))
		case !scratch:
		case word == "COPY":
			i.copy(t, strings.Fields(strings.ReplaceAll(rest, "/out", out)))
		default:
			i.set(t, word, rest)
		}
	}
	return i
}

// run does a step of the first stage, as on a build for this machine.
func run(t *testing.T, command string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", command)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "VERSION=v1.2.3-image", "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command, err, text)
	}
}

// copy is COPY --from=build [--chown=UID:GID] SOURCE TARGET.
func (i *image) copy(t *testing.T, words []string) {
	t.Helper()
	owner := 0
	for strings.HasPrefix(words[0], "--") {
		if id, ok := strings.CutPrefix(words[0], "--chown="); ok {
			id, _, _ = strings.Cut(id, ":")
			owner, _ = strconv.Atoi(id)
		}
		words = words[1:]
	}
	source, target := words[0], filepath.Join(i.root, words[1])
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil { //nolint:gosec // as in an image
		t.Fatal(err)
	}
	if err := exec.CommandContext(t.Context(), "cp", "-rT", source, target).Run(); err != nil {
		t.Fatalf("COPY %v: %v", words, err)
	}
	if os.Geteuid() == 0 {
		if err := os.Chown(target, owner, owner); err != nil {
			t.Fatal(err)
		}
	}
}

// set takes an instruction that says how the image is started.
func (i *image) set(t *testing.T, word, rest string) {
	t.Helper()
	list := func(text string) (words []string) {
		if err := json.Unmarshal([]byte(text), &words); err != nil {
			t.Fatalf("%s %s: %v", word, rest, err)
		}
		return words
	}
	switch word {
	case "ENV":
		i.env = append(i.env, strings.Fields(rest)...)
	case "USER":
		id, _, _ := strings.Cut(rest, ":")
		i.user, _ = strconv.Atoi(id)
	case "WORKDIR":
		i.dir = rest
	case "ENTRYPOINT":
		i.entrypoint = list(rest)
	case "CMD":
		i.command = list(rest)
	case "HEALTHCHECK":
		_, command, _ := strings.Cut(rest, "CMD ")
		i.health = list(command)
	case "EXPOSE", "STOPSIGNAL":
	default:
		t.Fatalf("%s is unknown here", word)
	}
}

// start starts a program with nothing around it but the image, as its user. Who
// is not root becomes that user in a namespace of its own.
func (i *image) start(t *testing.T, words, env []string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	cmd := &exec.Cmd{Path: words[0], Args: words, Dir: i.dir, Env: append(slices.Clone(i.env), env...), Stdout: &out, Stderr: &out}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: i.root, Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(i.user), Gid: uint32(i.user)}
	} else {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: i.user, HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: i.user, HostID: os.Getgid(), Size: 1}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
	return cmd, &out
}

// The image starts as it is, without root, is well by its own word, keeps what it
// has to in /data and ends on SIGTERM.
func TestImage(t *testing.T) {
	i := build(t)
	if i.user == 0 {
		t.Error("it runs as root")
	}
	wantStatic(t, filepath.Join(i.root, "sighej"))
	wantAuthorities(t, filepath.Join(i.root, "etc/ssl/certs/ca-certificates.crt"))

	at := "LISTEN_ADDR=" + freeAddress(t)
	member, log := i.start(t, append(slices.Clone(i.entrypoint), i.command...), []string{at, "ADMIN_LISTEN_ADDR=" + freeAddress(t)})
	defer func() { _ = member.Process.Kill() }()
	deadline := time.Now().Add(30 * time.Second)
	for {
		health, out := i.start(t, i.health, []string{at})
		err := health.Wait()
		if err == nil {
			if out.String() != "ok: sessions ok, statistics ok\n" {
				t.Errorf("health says %q", out)
			}
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("not well: %v, %s\n%s", err, out, log)
		}
	}
	if _, err := os.Stat(filepath.Join(i.root, "data", "statistics.db")); err != nil {
		t.Error("nothing in /data:", err)
	}
	if err := member.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := member.Wait(); err != nil {
		t.Errorf("it ended with %v:\n%s", err, log)
	}
	version, out := i.start(t, append(slices.Clone(i.entrypoint), "version"), nil)
	if err := version.Wait(); err != nil || !strings.HasPrefix(out.String(), "sighej v1.2.3-image ") {
		t.Errorf("version: %v, %q", err, out)
	}
}

func wantStatic(t *testing.T, path string) {
	t.Helper()
	binary, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = binary.Close() }()
	for _, p := range binary.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary wants a dynamic loader")
		}
	}
}

func wantAuthorities(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) || !x509.NewCertPool().AppendCertsFromPEM(text) {
		t.Errorf("no authority is known there: %v", err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := testservers.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", fmt.Sprint(port))
}
