package cluster

import (
	"cmp"
	"slices"

	"i80.dk/sighej"
)

// View is who is in the cluster and who owns what, at one moment and as one
// member sees it. It never changes and is safe for concurrent use.
type View struct {
	members   []Member // by id
	placement *placement
}

// placement is the part of a view that all its members agree about.
type placement struct {
	epoch  uint64
	owners [sighej.Partitions]int // indexes of members; nobody: -1
	shares []int                  // partitions of each member
}

// NewView returns the view of these members, in any order. It takes about a
// millisecond for fifty.
func NewView(members []Member) *View { return newView(members, nil) }

// newView takes the placement over from an earlier view if that still holds.
func newView(members []Member, earlier *View) *View {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b Member) int { return cmp.Compare(a.ID, b.ID) })
	if epoch := epochOf(members); earlier == nil || earlier.placement.epoch != epoch {
		return &View{members, newPlacement(members, epoch)}
	}
	return &View{members, earlier.placement}
}

func newPlacement(members []Member, epoch uint64) *placement {
	p := &placement{epoch: epoch, shares: make([]int, len(members))}
	var up []int
	var ids []string
	for i, m := range members {
		if m.State == Up {
			up, ids = append(up, i), append(ids, m.ID)
		}
	}
	if len(up) == 0 {
		for n := range p.owners {
			p.owners[n] = -1
		}
		return p
	}
	for n, i := range place(ids) {
		p.owners[n] = up[i]
		p.shares[up[i]]++
	}
	return p
}

func epochOf(sorted []Member) uint64 {
	parts := make([]string, 0, 2*len(sorted))
	for _, m := range sorted {
		parts = append(parts, m.ID, string(m.State))
	}
	return hashOf(parts...)
}

// Members returns all members by id, draining ones too. The caller owns the
// slice.
func (v *View) Members() []Member { return slices.Clone(v.members) }

// Member returns the one with that id and whether it is there.
func (v *View) Member(id string) (Member, bool) {
	i, found := v.index(id)
	if !found {
		return Member{}, false
	}
	return v.members[i], true
}

// Owner returns the owner of a partition and whether there is one: there is
// none when no member is up, nor for a number that is no partition's.
func (v *View) Owner(partition int) (Member, bool) {
	owner := v.owner(partition)
	if owner == nil {
		return Member{}, false
	}
	return *owner, true
}

// owner returns nil when there is none. The member must not be changed.
func (v *View) owner(partition int) *Member {
	if partition < 0 || partition >= sighej.Partitions || v.placement.owners[partition] < 0 {
		return nil
	}
	return &v.members[v.placement.owners[partition]]
}

// Owns reports whether the member with that id owns a partition.
func (v *View) Owns(id string, partition int) bool {
	owner := v.owner(partition)
	return owner != nil && owner.ID == id
}

// Partitions returns the partitions that a member owns, in ascending order. The
// caller owns the slice.
func (v *View) Partitions(id string) []int {
	i, found := v.index(id)
	if !found {
		return nil
	}
	owned := make([]int, 0, v.placement.shares[i])
	for n, owner := range v.placement.owners {
		if owner == i {
			owned = append(owned, n)
		}
	}
	return owned
}

// Share returns how many partitions a member owns.
func (v *View) Share(id string) int {
	i, found := v.index(id)
	if !found {
		return 0
	}
	return v.placement.shares[i]
}

// Epoch is equal for views with the same members in the same states, and so
// with the same owners, on whichever member; for others it differs.
func (v *View) Epoch() uint64 { return v.placement.epoch }

func (v *View) index(id string) (int, bool) {
	return slices.BinarySearchFunc(v.members, id, func(m Member, id string) int { return cmp.Compare(m.ID, id) })
}
