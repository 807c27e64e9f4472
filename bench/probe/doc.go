// Package probe tells what the machine and the servers under test are doing,
// seen from outside: CPU time and memory of processes and of the whole machine,
// from /proc and from pages of Prometheus metrics.
//
// It gives cumulative readings and leaves rates to whoever takes two of them. A
// process counts without its children. In a container the machine is the host,
// with all that runs on it.
//
// /proc is Linux's. Elsewhere the package builds and works with metrics pages,
// knows nothing of processes and the machine's load, and says so.
package probe
