package check

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// object is a manifest.
type object map[string]any

// at follows a path of names; nil where it ends.
func (o object) at(path ...string) any {
	var v any = map[string]any(o)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

func (o object) kind() string { return fmt.Sprint(o.at("apiVersion"), " ", o.at("kind")) }
func (o object) name() string { return fmt.Sprint(o.at("metadata", "name")) }

// rendered is what `kubectl kustomize` makes of the example, by the same library.
func rendered(t *testing.T) (all []object) {
	t.Helper()
	dir := filepath.Join(copied(t, "kubernetes"), "overlays", "example")
	if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sighej.env", "redis.conf", "postgres_password"} {
		if err := os.WriteFile(filepath.Join(dir, "secrets", name), []byte(settings), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range resources.Resources() {
		text, err := r.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		var o object
		if err := yaml.Unmarshal(text, &o); err != nil {
			t.Fatal(err)
		}
		all = append(all, o)
	}
	return all
}

// find returns the object of that kind and name.
func find(t *testing.T, all []object, kind, name string) object {
	t.Helper()
	for _, o := range all {
		if o.at("kind") == kind && o.name() == name {
			return o
		}
	}
	t.Fatalf("no %s %s", kind, name)
	return nil
}

const schemas = "testdata/kubernetes-1.34.json"

// Each object is of a kind of Kubernetes 1.34 and has its fields, no others and
// none too few.
func TestManifestsAreValid(t *testing.T) {
	text, err := os.ReadFile(schemas)
	if err != nil {
		t.Fatal(err)
	}
	var document struct{ Kinds map[string]string }
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	all := rendered(t)
	for _, o := range all {
		where, known := document.Kinds[o.kind()]
		if !known {
			t.Errorf("there is no schema of %s (%s)", o.kind(), o.name())
			continue
		}
		schema, err := compiler.Compile(schemas + where)
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(map[string]any(o)); err != nil {
			t.Errorf("%s %s: %v", o.kind(), o.name(), err)
		}
	}
	if len(all) < 15 {
		t.Errorf("only %d objects", len(all))
	}
}

// The labels by which objects find the members are the members'.
func TestSelectorsFindTheMembers(t *testing.T) {
	all := rendered(t)
	member := find(t, all, "StatefulSet", "sighej")
	labels := fmt.Sprint(member.at("spec", "template", "metadata", "labels"))
	for _, tc := range []struct {
		kind, name string
		path       []string
	}{
		{"StatefulSet", "sighej", []string{"spec", "selector", "matchLabels"}},
		{"Service", "sighej", []string{"spec", "selector"}},
		{"Service", "sighej-members", []string{"spec", "selector"}},
		{"PodDisruptionBudget", "sighej", []string{"spec", "selector", "matchLabels"}},
		{"NetworkPolicy", "sighej", []string{"spec", "podSelector", "matchLabels"}},
	} {
		if got := fmt.Sprint(find(t, all, tc.kind, tc.name).at(tc.path...)); got != labels {
			t.Errorf("%s %s selects %s; the members have %s", tc.kind, tc.name, got, labels)
		}
	}
	if member.at("spec", "serviceName") != "sighej-members" {
		t.Error("the members have no names in DNS")
	}
	if find(t, all, "HorizontalPodAutoscaler", "sighej").at("spec", "scaleTargetRef", "name") != member.name() {
		t.Error("the autoscaler scales something else")
	}
}

// The kubelet gives up on a pod later than the member needs to drain, and the
// secrets and settings that it names are generated, with their hashes.
func TestMemberPod(t *testing.T) {
	all := rendered(t)
	pod := find(t, all, "StatefulSet", "sighej").at("spec", "template", "spec").(map[string]any)
	container := object(pod["containers"].([]any)[0].(map[string]any))
	grace, sleep := pod["terminationGracePeriodSeconds"].(float64), container.at("lifecycle", "preStop", "sleep", "seconds").(float64)
	if grace < sleep+15 {
		t.Errorf("%v s to end, of which %v pass before SIGTERM", grace, sleep)
	}
	if image := fmt.Sprint(container["image"]); image != "registry.example/sighej:v0.0.0" {
		t.Errorf("image %s", image)
	}
	for _, from := range container["envFrom"].([]any) {
		for kind, ref := range map[string]string{"ConfigMap": "configMapRef", "Secret": "secretRef"} {
			if name, ok := object(from.(map[string]any)).at(ref, "name").(string); ok {
				if !strings.HasPrefix(name, "sighej-") {
					t.Errorf("%s %s has no hash: a change of it would not restart the members", kind, name)
				}
				find(t, all, kind, name)
			}
		}
	}
	if settings := fmt.Sprint(findPrefix(all, "ConfigMap", "sighej-").at("data", "TRUSTED_PROXIES")); settings == "" {
		t.Error("nobody's X-Forwarded-For is believed")
	}
}

func findPrefix(all []object, kind, prefix string) object {
	for _, o := range all {
		if o.at("kind") == kind && strings.HasPrefix(o.name(), prefix) {
			return o
		}
	}
	return nil
}
