package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

// State says whether a member takes part in the placement. One that this
// program does not know, of a newer member, is treated like Draining.
type State string

// The states of a member.
const (
	Up       State = "up"       // owns its share of the partitions
	Draining State = "draining" // is listed, owns nothing and is about to leave
)

// Counts is what a member says it holds, as of its last renewal.
type Counts struct {
	Sessions    int `json:"sessions"`
	Connections int `json:"connections"`
	Partitions  int `json:"partitions"`
}

// Member is one server process, from a start or a fencing to the next.
type Member struct {
	ID       string    `json:"id"`       // random, never used twice; the id of its actor system
	Address  string    `json:"address"`  // host:port, where the others reach it
	Version  string    `json:"version"`  // of the program, for people
	Protocol int       `json:"protocol"` // that it speaks to other members, from 1 up
	Accepts  int       `json:"accepts"`  // the lowest protocol that it understands, at most Protocol
	Realm    string    `json:"realm"`    // a fingerprint of what all members must have in common
	Joined   time.Time `json:"joined"`   // by its own clock, for people
	State    State     `json:"state"`
	Counts   Counts    `json:"counts"`
}

const maxIDLen = 64

// decodeMember reads what encode wrote, or a newer program's idea of it: fields
// that are not known are skipped.
func decodeMember(record []byte) (Member, error) {
	var m Member
	if err := json.Unmarshal(record, &m); err != nil {
		return Member{}, fmt.Errorf("read a member: %w", err)
	}
	if err := m.check(); err != nil {
		return Member{}, fmt.Errorf("read a member: %w", err)
	}
	return m, nil
}

func (m Member) encode() ([]byte, error) {
	record, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write a member: %w", err)
	}
	return record, nil
}

func (m Member) check() error {
	switch {
	case !validID(m.ID):
		return errors.New("the id must be 1 to 64 characters of A-Z a-z 0-9 _ -")
	case m.Protocol < 1 || m.Accepts < 1 || m.Accepts > m.Protocol:
		return errors.New("the protocols must be 1 or more, and the lowest accepted none above the own")
	}
	_, _, err := splitAddress(m.Address)
	return err
}

func validID(id string) bool {
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return id != "" && len(id) <= maxIDLen
}

// splitAddress takes an address apart that can be dialled.
func splitAddress(address string) (host string, port int, err error) {
	host, number, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, fmt.Errorf("a member's address: %w", err)
	}
	port, err = strconv.Atoi(number)
	if host == "" || err != nil || port < 1 || port > 65535 {
		return "", 0, errors.New("a member's address must be host:port with a port from 1 to 65535")
	}
	return host, port, nil
}

// understands reports whether m and other can be in one cluster.
func (m Member) understands(other Member) bool {
	return m.Protocol >= other.Accepts && other.Protocol >= m.Accepts
}

// ProtocolError is the refusal of a member that could not talk to those there.
type ProtocolError struct {
	Own     int // spoken by the member that is refused
	Cluster int // spoken by one that it and the cluster disagree about
}

// Error names both protocols.
func (e *ProtocolError) Error() string {
	return fmt.Sprintf("this member speaks protocol %d; the cluster speaks %d", e.Own, e.Cluster)
}
