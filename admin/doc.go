// Package admin is the internal listener: what operators may see of a member
// and of its cluster and no phone may, and the one thing they may do: ask a
// member to drain. It shows anonymous counts only; no token, session id or
// interest of a person is anywhere in it.
//
// Its answers are JSON and its errors problem+json with the codes of the public
// contract and those of this package. They are of the operators' side and no
// part of that contract. The page shows the same to people: [Handler.Run] looks at
// everything each two seconds, once for all who watch, and the page is sent what
// has changed. All that it is made of is in the binary.
//
// What the counts of a few people would tell of them is not told; see [Floor].
package admin
