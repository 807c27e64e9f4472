// Package balancer holds no code but tests: what deploy/haproxy/haproxy.cfg
// promises, with a real HAProxy in front of three real members.
package balancer
