// Package persistence says what the stores promise; the packages below it keep
// the promise, and storetest holds them to it.
//
// There are two kinds. A [Sessions] store is the truth about the ephemeral
// sessions (redisstore, memstore). A [Statistics] store keeps anonymous daily
// counts (pgstore, sqlitestore). The [Flusher] carries the counts from the one
// to the other.
package persistence
