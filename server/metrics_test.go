package server

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestMetrics(t *testing.T) {
	m := start(t, nil)
	resp, err := http.Get("http://" + m.addr.Admin + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status, err)
	}
	for _, name := range []string{"process_cpu_seconds_total", "process_resident_memory_bytes", "process_start_time_seconds", "go_goroutines"} {
		if !strings.Contains(string(page), "\n"+name+" ") {
			t.Error("there is no", name)
		}
	}
	if status, answer := m.call("GET", "/metrics", "", nil); status != http.StatusNotFound {
		t.Error("on the public listener:", status, answer)
	}
}
