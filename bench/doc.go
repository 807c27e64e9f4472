// Package bench is `sighej bench`: suites that tell what a deployment carries.
//
// They are black boxes over the public contract. Each suite drives phones
// (package phones, through package fleet), watches the machine and the servers
// (package probe), and makes a report (package report). Whatever a suite is
// about, every answer and every nudge is checked, and a server that gets one
// wrong fails the run however fast it is.
package bench
