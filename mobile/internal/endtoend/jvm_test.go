package endtoend

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The binding's own Java, C and Go run on a desktop's Java. What differs from a
// phone: a class and a header stand for Android's, the files' names do not ask for
// GOOS=android, there is no library log, and one pointer is cast as the desktop's
// jni.h wants it.
func TestTwoPhonesInJava(t *testing.T) {
	m := startMember(t, nil)
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata/jvm")); err != nil {
		t.Fatal(err)
	}
	run(t, "../../bind", "go", "tool", "gobind", "-lang=go,java", "-outdir="+dir, "i80.dk/sighej/mobile/sdk")
	classes := compileJava(t, dir)
	buildLibrary(t, dir)

	said := run(t, dir, "java", "-Djava.library.path="+dir, "-cp", classes, "Main", m.base())
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for _, want := range []string{
		"one refused: 1 to 20 interests are needed, not 0",
		"other error radio: the radio: no advertiser: Bluetooth är av",
		"one nudge: devops, karaoke 🎤",
		"other nudge: DevOps, Karaoke 🎤",
		"one stopped, sends false, listens false",
		"other stopped, sends false, listens false",
		"done, links 0 and 0",
	} {
		if n := len(slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line != want })); n != 1 {
			t.Errorf("said %d times: %s", n, want)
		}
	}
	if n := m.stats().ActiveSessionsNow; n != 0 {
		t.Errorf("%d sessions after both stopped", n)
	}
	if t.Failed() {
		t.Log(said)
	}
}

// run runs a program in a folder and returns what it printed.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// compileJava compiles the generated Java together with the test's.
func compileJava(t *testing.T, dir string) (classes string) {
	t.Helper()
	var sources []string
	err := filepath.WalkDir(filepath.Join(dir, "java"), func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".java") {
			sources = append(sources, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	classes = filepath.Join(dir, "classes")
	run(t, dir, "javac", append([]string{"-encoding", "UTF-8", "-d", classes}, sources...)...)
	return classes
}

// buildLibrary builds the generated Go and C into the library that the generated
// Java loads, in a module that pins what mobile/bind does.
func buildLibrary(t *testing.T, dir string) {
	t.Helper()
	source := filepath.Join(dir, "src", "gobind")
	forDesktop(t, source)
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join("../../bind", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(source, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	run(t, source, "go", "mod", "edit", "-replace=i80.dk/sighej="+root)
	headers := filepath.Join(jdk(t), "include")
	// In the package, not in the environment: there they would have all of cgo built anew.
	flags := "package main\n\n// #cgo CFLAGS: -D__GOBIND_ANDROID__ -I${SRCDIR}/../../include -I" + headers + " -I" + filepath.Join(headers, "linux") +
		"\nimport \"C\"\n"
	if err := os.WriteFile(filepath.Join(source, "flags_desktop.go"), []byte(flags), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CGO_ENABLED", "1")
	run(t, source, "go", "build", "-buildmode=c-shared", "-o", filepath.Join(dir, "libgojni.so"), ".")
}

// forDesktop makes the generated code build for a desktop.
func forDesktop(t *testing.T, source string) {
	t.Helper()
	replace(t, filepath.Join(source, "seq_android.go"), "//#cgo LDFLAGS: -llog\n", "")
	replace(t, filepath.Join(source, "seq_android.c"), "AttachCurrentThread(jvm, &env, NULL)", "AttachCurrentThread(jvm, (void **)&env, NULL)")
	for _, ending := range []string{".go", ".c"} {
		named, err := filepath.Glob(filepath.Join(source, "*_android"+ending))
		if err != nil || len(named) == 0 {
			t.Fatalf("no %s for Android in %s: %v", ending, source, err)
		}
		for _, path := range named {
			if err := os.Rename(path, strings.TrimSuffix(path, "_android"+ending)+"_desktop"+ending); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// replace changes what stands in a file exactly once.
func replace(t *testing.T, path, what, by string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), what); n != 1 {
		t.Fatalf("%s has %q %d times", path, what, n)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), what, by, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// jdk is where the Java compiler and the headers of its C interface are.
func jdk(t *testing.T) string {
	t.Helper()
	compiler, err := exec.LookPath("javac")
	if err != nil {
		t.Fatalf("this needs a Java development kit: install the package default-jdk-headless (%v)", err)
	}
	compiler, err = filepath.EvalSymlinks(compiler)
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(filepath.Dir(compiler))
}
