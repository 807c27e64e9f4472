// Package pgstore keeps the daily statistics in PostgreSQL, in the two tables
// that the first SigHej backend had.
//
// It promises [persistence.Statistics]. PostgreSQL may be away when a [Store]
// is opened and at any time later: calls then fail, and the first call after
// its return connects, brings the schema up to date and succeeds. Any number
// of members may do so at once.
//
// Counts per day and category are 32-bit columns: a count past 2,147,483,647
// is kept as that. Sightings are 64-bit.
//
// It does not buffer: what could not be written is the caller's to write again.
package pgstore
