//go:build linux

package testservers

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// sentinelName is what the Sentinel calls the primary.
const sentinelName = "sighej"

// SentinelServer is a private Redis with a replica and one Sentinel that watches
// them and makes the replica the primary once that one is gone for a second.
type SentinelServer struct {
	Primary *RedisServer
	Replica *RedisServer
	port    int
	process *os.Process
	exited  chan struct{}
	dir     string
}

// StartSentinel starts all three and returns when the Sentinel knows the replica.
// The caller has to Close them.
func StartSentinel() (*SentinelServer, error) {
	s := new(SentinelServer)
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// URL returns the address for a client that asks the Sentinel.
func (s *SentinelServer) URL() string {
	return "redis+sentinel://" + s.address() + "/" + sentinelName
}

// Close ends all three and removes their data.
func (s *SentinelServer) Close() error {
	var errs []error
	if s.process != nil {
		_ = s.process.Kill()
		<-s.exited
	}
	for _, r := range []*RedisServer{s.Replica, s.Primary} {
		if r != nil {
			errs = append(errs, r.Close())
		}
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

func (s *SentinelServer) start() (err error) {
	if s.Primary, err = StartRedis(); err != nil {
		return err
	}
	if s.Replica, err = StartRedis(); err != nil {
		return err
	}
	if err = s.Replica.ask("REPLICAOF 127.0.0.1 "+strconv.Itoa(s.Primary.port), "+OK"); err != nil {
		return err
	}
	if s.port, err = FreePort(); err != nil {
		return err
	}
	if s.dir, err = os.MkdirTemp("", "sighej-sentinel-"); err != nil {
		return fmt.Errorf("testservers: a directory for Sentinel: %w", err)
	}
	file := filepath.Join(s.dir, "sentinel.conf")
	config := fmt.Sprintf("bind 127.0.0.1\nport %d\ndir %s\nsentinel monitor %s 127.0.0.1 %d 1\n"+
		"sentinel down-after-milliseconds %[3]s 1000\nsentinel failover-timeout %[3]s 5000\n", s.port, s.dir, sentinelName, s.Primary.port)
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return fmt.Errorf("testservers: the settings of Sentinel: %w", err)
	}
	return s.run(file)
}

func (s *SentinelServer) run(file string) error {
	var log bytes.Buffer
	cmd := exec.Command("redis-server", file, "--sentinel") //nolint:gosec // both from this file
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("testservers: start Sentinel: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	s.process, s.exited = cmd.Process, exited
	return s.awaitReplica()
}

// awaitReplica waits until a failover would work: the replica has the data and
// the Sentinel knows it, which it asks the primary every ten seconds.
func (s *SentinelServer) awaitReplica() error {
	sentinel := &RedisServer{port: s.port}
	deadline := time.After(2 * redisPatience)
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := s.Replica.ask("INFO replication", "master_link_status:up")
		if err == nil {
			err = sentinel.ask("SENTINEL REPLICAS "+sentinelName, "slave")
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-s.exited:
			return errors.New("testservers: Sentinel ended while it started")
		case <-deadline:
			return fmt.Errorf("testservers: Sentinel does not get ready: %w", err)
		}
	}
}

func (s *SentinelServer) address() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }
