// Package check holds no code but tests, of what lies beside it: that the files
// of deploy/compose and deploy/kubernetes are what Compose and Kubernetes take.
// It is a module of its own, so that nothing else depends on their libraries.
package check
