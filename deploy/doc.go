// Package deploy holds no code but a test of the image: its steps are taken as
// the Dockerfile lists them, without a container engine.
package deploy
