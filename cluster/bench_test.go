package cluster_test

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"i80.dk/sighej"
	"i80.dk/sighej/cluster"
)

func BenchmarkNewView(b *testing.B) {
	for _, n := range []int{1, 10, 50} {
		members := up(randomIDs(rand.New(rand.NewPCG(1, 2)), n)...)
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				cluster.NewView(members)
			}
		})
	}
}

func BenchmarkOwner(b *testing.B) {
	v := cluster.NewView(up(randomIDs(rand.New(rand.NewPCG(1, 2)), 10)...))
	n := 0
	for b.Loop() {
		v.Owner(n % sighej.Partitions)
		n++
	}
}

func BenchmarkOwns(b *testing.B) {
	v := cluster.NewView(up(randomIDs(rand.New(rand.NewPCG(1, 2)), 10)...))
	id := v.Members()[3].ID
	n := 0
	for b.Loop() {
		v.Owns(id, n%sighej.Partitions)
		n++
	}
}

func BenchmarkMayAct(b *testing.B) {
	m, _ := join(b, config(cluster.NewStaticLeases()), "a")
	for b.Loop() {
		m.MayAct()
	}
}

func BenchmarkGate(b *testing.B) {
	a := begin(b, cluster.NewStaticLeases(), plaintext())
	n := 0
	for b.Loop() {
		a.Gate(n % sighej.Partitions)
		n++
	}
}
