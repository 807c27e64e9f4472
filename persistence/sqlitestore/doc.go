// Package sqlitestore keeps the daily statistics in one SQLite file, for a
// member without a PostgreSQL.
//
// It promises [persistence.Statistics], and that the file is its owner's only
// (mode 0600, in a directory that it creates with 0700). Several processes may
// use the same file on a local disk; each waits for the others' writes, five
// seconds at most. A file on a network disk is not safe.
package sqlitestore
