package cluster_test

import (
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
)

func TestViewWithoutMembers(t *testing.T) {
	draining := up("a")
	draining[0].State = cluster.Draining
	unknown := up("a")
	unknown[0].State = "resting" // of a newer version
	for name, members := range map[string][]cluster.Member{"none": nil, "draining": draining, "unknown": unknown} {
		v := cluster.NewView(members)
		if m, ok := v.Owner(0); ok || v.Owns("a", 0) || v.Share("a") != 0 {
			t.Errorf("%s: partition 0 is owned by %q", name, m.ID)
		}
	}
}

func TestOwnerOfNoPartition(t *testing.T) {
	v := cluster.NewView(up("a"))
	for _, n := range []int{-1, sighej.Partitions} {
		if m, ok := v.Owner(n); ok || v.Owns("a", n) {
			t.Errorf("partition %d is owned by %q", n, m.ID)
		}
	}
	if _, there := v.Member("b"); there || v.Share("b") != 0 || v.Partitions("b") != nil {
		t.Error("a stranger is in the view")
	}
}

func TestDrainingOwnsNothing(t *testing.T) {
	members := up("a", "b", "c")
	before := cluster.NewView(members)
	members[1].State = cluster.Draining
	after := cluster.NewView(members)
	if got := after.Share("b"); got != 0 {
		t.Errorf("the draining member owns %d partitions", got)
	}
	if m, there := after.Member("b"); !there || m.State != cluster.Draining {
		t.Error("the draining member is not listed")
	}
	if before.Epoch() == after.Epoch() {
		t.Error("the epoch is that of before")
	}
	without := cluster.NewView(up("a", "c"))
	for n := range sighej.Partitions {
		x, _ := after.Owner(n)
		y, _ := without.Owner(n)
		if x.ID != y.ID {
			t.Fatalf("partition %d: %q while b drains, %q without it", n, x.ID, y.ID)
		}
	}
}

func TestViewIsItsOwn(t *testing.T) {
	members := up("a", "b")
	v := cluster.NewView(members)
	members[0].ID = "x"
	v.Members()[1].ID = "y"
	if got := v.Members(); got[0].ID != "a" || got[1].ID != "b" {
		t.Errorf("the view changed to %v", got)
	}
}
