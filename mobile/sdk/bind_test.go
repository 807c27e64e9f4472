package sdk_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tool runs the go command in a folder of this repository, with an environment
// on top of its own, and returns what it printed.
func tool(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// gobind leaves out what it cannot bind, says so in a comment of what it makes,
// and succeeds.
func TestNothingIsSkippedByTheBinding(t *testing.T) {
	out := t.TempDir()
	said := tool(t, "../bind", nil, "tool", "gobind", "-lang=go,java,objc", "-outdir="+out, "i80.dk/sighej/mobile/sdk")
	files := map[string]string{"what it said": said}
	err := filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, out+"/")] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		for line := range strings.Lines(text) {
			if strings.Contains(line, "skipped ") {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	for file, wants := range map[string][]string{
		"java/sdk/Client.java": {
			"public Client(String base, Radio radio, Listener listener)", "start(String interests) throws Exception", "void stop()",
			"setOpenToTalk(boolean", "onServiceData(byte[] serviceData, long rssi)", "onPeerToken(byte[]", "onRadioState(long", "onForeground(boolean",
		},
		"java/sdk/Radio.java":    {"startAdvertising(byte[] serviceData) throws Exception", "stopAdvertising()", "startScanning()", "stopScanning()", "setLowPower(boolean"},
		"java/sdk/Listener.java": {"onState(State", "onNudge(Nudge", "onPeopleInRange(long all, long veryNear)", "onError(String code, String message)"},
		"java/sdk/Nudge.java":    {"String id()", "String message()", "String interests()", "long atMillis()", "long distance()"},
		"java/sdk/State.java":    {"long link()", "long discoverability()", "boolean openToTalk()", "long expiresAtMillis()"},
		"java/sdk/Sdk.java":      {"ServiceUUID16 = ", "CharacteristicUUID = ", "LinkOnline = ", "DiscoverableDegraded = ", "DistanceVeryNear = ", "RadioOn = "},
		"src/gobind/Sdk.objc.h":  {"@interface SdkClient", "@protocol SdkRadio", "@protocol SdkListener", "start:(NSString* _Nullable)interests error:"},
	} {
		for _, want := range wants {
			if !strings.Contains(files[file], want) {
				t.Errorf("%s lacks %s", file, want)
			}
		}
	}
}

// Without the SDKs of Google and Apple this is as near as it gets to their
// platforms: types and build tags for all of them, code where no C is needed.
func TestBuildsForThePlatforms(t *testing.T) {
	for name, tc := range map[string]struct{ env, args []string }{
		"android": {[]string{"GOOS=android", "GOARCH=arm64"}, []string{"vet", "."}},
		"ios":     {[]string{"GOOS=ios", "GOARCH=arm64"}, []string{"build", "."}},
		"browser": {[]string{"GOOS=js", "GOARCH=wasm"}, []string{"build", "."}},
	} {
		t.Run(name, func(t *testing.T) { tool(t, ".", append(tc.env, "CGO_ENABLED=0"), tc.args...) })
	}
}
