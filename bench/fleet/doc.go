// Package fleet makes several load generators work as one: in this process, or
// each in a process of its own, where one may not open files enough.
package fleet
