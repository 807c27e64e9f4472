package server

import (
	"fmt"
	"testing"
	"time"

	"i80.dk/sighej"
	"i80.dk/sighej/internal/testservers"
)

// ask sends a request to the internal listener.
func (m *member) ask(method, path string) (int, map[string]any) {
	m.t.Helper()
	resp, answer := m.exchange(method, "http://"+m.addr.Admin+path, "", nil)
	return resp.StatusCode, answer
}

// others returns the entries of GET /members.
func (m *member) others() (entries []map[string]any) {
	m.t.Helper()
	_, answer := m.ask("GET", "/members")
	list, _ := answer["members"].([]any)
	for _, entry := range list {
		entries = append(entries, entry.(map[string]any))
	}
	return entries
}

func TestMembersOfOneAlone(t *testing.T) {
	m := start(t, nil)
	c := m.register("abc123", "chess")
	c.connect("sighej.v1").next("welcome")
	all := m.others()
	if len(all) != 1 {
		t.Fatal(all)
	}
	got := all[0]
	joined, err := time.Parse(time.RFC3339, fmt.Sprint(got["joined_at"]))
	if err != nil || joined.After(time.Now()) || got["id"] == "" {
		t.Error(got, err)
	}
	delete(got, "id")
	delete(got, "joined_at")
	delete(got, "age_seconds")
	const want = "map[address: connections:1 partitions:1024 self:true sessions:1 state:up version:test]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want %s", got, want)
	}
	if status, answer := m.ask("POST", "/members/"+fmt.Sprint(m.others()[0]["id"])+"/drain"); status != 409 || answer["code"] != "no_cluster" {
		t.Error(status, answer)
	}
}

func TestMembersAndDrain(t *testing.T) {
	redis := testservers.Redis(t)
	members := make([]*member, 3)
	for i := range members {
		members[i] = start(t, func(o *Options) {
			o.RedisURL, o.InterestKey, o.ClusterListenAddr = redis.URL(), key, "127.0.0.1:0"
		})
		members[i].awaitReady()
	}
	a, b := members[0], members[1]
	for range 12 {
		a.register(string(sighej.NewToken()), "chess")
	}
	var id string
	eventually(t, "each member to tell the same of all", func() bool {
		for _, m := range members {
			var sessions, partitions, selves float64
			all := m.others()
			for i, entry := range all {
				sessions += entry["sessions"].(float64)
				partitions += entry["partitions"].(float64)
				if entry["self"] == true {
					selves++
					if m == b {
						id = fmt.Sprint(entry["id"])
					}
				}
				if i > 0 && fmt.Sprint(all[i-1]["id"]) >= fmt.Sprint(entry["id"]) {
					t.Fatal("not by id:", all)
				}
			}
			if len(all) != 3 || selves != 1 || sessions != 12 || partitions != sighej.Partitions {
				return false
			}
		}
		return true
	})
	if status, answer := a.ask("POST", "/members/nobody/drain"); status != 404 || answer["code"] != "not_found" {
		t.Error(status, answer)
	}
	redis.Stop()
	if status, answer := a.ask("POST", "/members/"+id+"/drain"); status != 503 || answer["code"] != "unavailable" {
		t.Error(status, answer)
	}
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the member to be asked", func() bool {
		for _, entry := range b.others() { // it may have been fenced meanwhile, and have another id
			if entry["self"] == true {
				id = fmt.Sprint(entry["id"])
			}
		}
		status, answer := a.ask("POST", "/members/"+id+"/drain")
		return status == 202 && answer["id"] == id && answer["state"] == "draining"
	})
	eventually(t, "both others to know that it has left", func() bool { return len(a.others()) == 2 && len(members[2].others()) == 2 })
	for range 12 {
		a.register(string(sighej.NewToken()), "chess")
	}
}
