// Package forget proves that nothing is left of a session: it searches all that a
// deployment keeps, wherever that is, for everything that the session ever was.
//
// It searches every key and value of Redis and its slow log, every row of
// PostgreSQL, the bytes of files (SQLite's with its log, programs' logs, backups)
// and the pages on which a member tells of itself: statistics, metrics, members
// and profiles. It looks for each [Secret] as it is, in hex and in base64, and for
// its plain MD5, SHA-1, SHA-256 and SHA-512. What it cannot see is the memory of a
// process: a page that was given back holds what it held until it is used again.
//
// A search that finds nothing proves nothing unless it would have found
// something: so search while the session lives, first ([Kept] tells what Redis
// holds of it then), and see that it is found. The [Report] says what was searched
// and has a digest to quote it by; it bears no secret.
package forget
