package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"i80.dk/sighej/server"
)

const patienceOfTests = 30 * time.Second

// asProgram makes the test binary be the program, so that tests run the real
// one, with its signals, its streams and its exit status.
const asProgram = "SIGHEJ_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// program is a started sighej.
type program struct {
	t      *testing.T
	cmd    *exec.Cmd
	in     io.WriteCloser
	lines  chan string // of stdout; closed at its end
	mu     sync.Mutex
	stderr bytes.Buffer
}

// Write collects stderr.
func (p *program) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.Write(b)
}

func (p *program) complaints() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stderr.String()
}

// command prepares a sighej in an empty directory with no settings but env.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{asProgram + "=1", "HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

func start(t *testing.T, args ...string) *program { t.Helper(); return startIn(t, nil, args...) }

// startIn starts it in an environment.
func startIn(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	p := &program{t: t, cmd: command(t, env, args...), lines: make(chan string, 64)}
	p.cmd.Stderr = p
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.lines)
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			p.lines <- scanner.Text()
		}
	}()
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	return p
}

// line returns the next line of stdout.
func (p *program) line() string {
	p.t.Helper()
	select {
	case line, ok := <-p.lines:
		if !ok {
			p.t.Fatalf("stdout ended; stderr: %s", p.complaints())
		}
		return line
	case <-time.After(patienceOfTests):
		p.t.Fatalf("waited in vain for a line; stderr: %s", p.complaints())
	}
	return ""
}

func (p *program) want(line string) {
	p.t.Helper()
	if got := p.line(); got != line {
		p.t.Fatalf("line %q, want %q; stderr: %s", got, line, p.complaints())
	}
}

func (p *program) typeLine(line string) {
	p.t.Helper()
	if _, err := io.WriteString(p.in, line+"\n"); err != nil {
		p.t.Fatal(err)
	}
}

func (p *program) signal() {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGINT); err != nil {
		p.t.Fatal(err)
	}
}

// exit waits for the end and returns the status and what was left on stdout.
func (p *program) exit() (status int, rest []string) {
	p.t.Helper()
	for {
		select {
		case line, ok := <-p.lines:
			if ok {
				rest = append(rest, line)
				continue
			}
		case <-time.After(patienceOfTests):
			p.t.Fatalf("it does not end; stderr: %s", p.complaints())
		}
		return exitOf(p.t, p.cmd.Wait()), rest
	}
}

func exitOf(t *testing.T, err error) int {
	t.Helper()
	if err == nil {
		return 0
	}
	e, ok := errors.AsType[*exec.ExitError](err)
	if !ok {
		t.Fatal(err)
	}
	return e.ExitCode()
}

// output runs a command to its end.
func output(t *testing.T, cmd *exec.Cmd) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	status = exitOf(t, cmd.Run())
	return status, out.String(), errs.String()
}

func TestVersion(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		status, out, errs := output(t, command(t, nil, args...))
		if status != 0 || !strings.HasPrefix(out, "sighej ") || strings.Count(out, "\n") != 1 || errs != "" {
			t.Errorf("%v: status %d, %q, %q", args, status, out, errs)
		}
	}
}

// The hint at the end of a fault is a command that works.
func TestWrongCommandLineNamesItsHelp(t *testing.T) {
	for hint, args := range map[string][]string{
		"sighej --help":              {"dance"},
		"sighej serve --help":        {"serve", "--no-such-flag"},
		"sighej bench steady --help": {"bench", "steady", "--rate", "x"},
	} {
		if _, _, errs := output(t, command(t, nil, args...)); !strings.Contains(errs, "("+hint+" tells more)") {
			t.Errorf("%v: %q does not name %q", args, errs, hint)
		}
	}
}

func TestWrongCommandLineExits2(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"dance"},
		{"serve", "--no-such-flag"},
		{"phone"}, // without interests
		{"phone", "--interests", "devops", "--auth", "magic"},
		{"phone", "--interests", "devops", "--token", "no token"},
		{"phone", "--interests", "devops", "--sight", "x"},
	} {
		status, out, errs := output(t, command(t, nil, args...))
		if status != exitUsage || out != "" || !strings.HasPrefix(errs, "sighej: ") || !strings.Contains(errs, "--help") {
			t.Errorf("%v: status %d, stdout %q, stderr %q", args, status, out, errs)
		}
	}
}

func TestHelpOfServeHasEverySetting(t *testing.T) {
	status, out, _ := output(t, command(t, nil, "serve", "--help"))
	if status != 0 {
		t.Errorf("status %d", status)
	}
	text := strings.Join(strings.Fields(out), " ") // help is wrapped
	for field := range reflect.TypeFor[server.Options]().Fields() {
		setting := field.Tag.Get("env")
		if !strings.Contains(text, " "+server.FlagOf(setting)+"=") || !strings.Contains(text, "($"+setting+")") {
			t.Errorf("%s (%s) is not in the help", setting, server.FlagOf(setting))
		}
		if def := field.Tag.Get("default"); def != "" && !strings.Contains(text, "Default: "+def+" ($"+setting+").") {
			t.Errorf("the default of %s is not in the help", setting)
		}
	}
}

func TestEveryFaultInOneMessage(t *testing.T) {
	cmd := command(t, []string{"SESSION_TTL_SECONDS=two hours", "REDIS_URL=ftp://u:s3cr3t@h", "MAX_CONNECTIONS=many"},
		"serve", "--auth", "magic", "--matches-per-hour=-1", "--max-connections=7")
	status, out, errs := output(t, cmd)
	if status != exitUsage || out != "" {
		t.Errorf("status %d, stdout %q", status, out)
	}
	for _, want := range []string{
		"SESSION_TTL_SECONDS (--session-ttl-seconds): must be a whole number", "REDIS_URL (--redis-url): ",
		"AUTH (--auth): ", "MATCHES_PER_HOUR (--matches-per-hour): ",
	} {
		if strings.Count(errs, want) != 1 {
			t.Errorf("%q is not told once in: %s", want, errs)
		}
	}
	if strings.Count(errs, "\n  ") != 4 || strings.Contains(errs, "s3cr3t") {
		t.Errorf("stderr: %s", errs)
	}
}

// TestPrecedence sees which value won by the fault that it has.
func TestPrecedence(t *testing.T) {
	const dotenv = "MATCHES_PER_HOUR=-1\nMAX_CONNECTIONS=-1\nSIGHTINGS_BURST=-1\n"
	cmd := command(t, []string{"MAX_CONNECTIONS=-2", "SIGHTINGS_BURST=-2"}, "serve", "--sightings-burst=-3")
	if err := os.WriteFile(filepath.Join(cmd.Dir, ".env"), []byte(dotenv), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs := output(t, cmd)
	if status != exitUsage {
		t.Errorf("status %d", status)
	}
	for setting, value := range map[string]string{"MATCHES_PER_HOUR": "-1", "MAX_CONNECTIONS": "-2", "SIGHTINGS_BURST": "-3"} {
		want := setting + " (" + server.FlagOf(setting) + "): must be 0 (off) or more, not " + value + "\n"
		if !strings.Contains(errs, want) {
			t.Errorf("%q is not in: %s", want, errs)
		}
	}
}

func TestBrokenDotenvExits2(t *testing.T) {
	cmd := command(t, nil, "version")
	if err := os.WriteFile(filepath.Join(cmd.Dir, ".env"), []byte("# mine\nADMIN_TOKEN='s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, _, errs := output(t, cmd)
	if status != exitUsage || !strings.Contains(errs, ".env: line 2 ") || strings.Contains(errs, "s3cr3t") {
		t.Errorf("status %d, stderr %q", status, errs)
	}
}

func TestServe(t *testing.T) {
	p := start(t, "serve", "--listen-addr", "127.0.0.1:0", "--admin-listen-addr", "127.0.0.1:0")
	var told []string
	for {
		line := p.line()
		told = append(told, line)
		if strings.Contains(line, `-d '{"ble_token"`) {
			break
		}
	}
	text := strings.Join(told, "\n")
	for _, want := range []string{"/docs\n", " phone --interests devops,hardstyle --base http://127.0.0.1:", "--sight ", "curl "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in: %s", want, text)
		}
	}
	p.signal()
	if status, _ := p.exit(); status != 0 {
		t.Errorf("status %d, stderr %s", status, p.complaints())
	}
}

func TestServeOnATakenAddressExits1(t *testing.T) {
	first := start(t, "serve", "--listen-addr", "127.0.0.1:0", "--admin-listen-addr", "127.0.0.1:0")
	var address string
	for address == "" {
		if _, url, ok := strings.Cut(first.line(), "http://"); ok {
			address = strings.TrimSuffix(url, "/docs")
		}
	}
	status, out, errs := output(t, command(t, nil, "serve", "--listen-addr", address, "--admin-listen-addr", "127.0.0.1:0"))
	if status != exitFailure || out != "" || !strings.Contains(errs, "sighej: ") {
		t.Errorf("status %d, stdout %q, stderr %q", status, out, errs)
	}
}

func TestWelcomeFitsTheMember(t *testing.T) {
	for _, tc := range []struct {
		name, public, auth string
		want, lack         string
	}{
		{"at the default", "127.0.0.1:8000", server.AuthBearer, "devops,hardstyle\n", "--base"},
		{"elsewhere", "0.0.0.0:9000", server.AuthBearer, "--base http://127.0.0.1:9000\n", "--auth"},
		{"beacon", "127.0.0.1:8000", server.AuthBeacon, "devops,hardstyle --auth none\n", "--base"},
	} {
		var b bytes.Buffer
		welcome(&b, server.Addresses{Public: tc.public, Admin: "127.0.0.1:8001"}, server.Options{Auth: tc.auth})
		if !strings.Contains(b.String(), tc.want) || strings.Contains(b.String(), tc.lack) {
			t.Errorf("%s: %s", tc.name, b.String())
		}
	}
}
