// Package adversary is tests only: each file plays one attacker through the public
// contract, against whole members, and fails when the defence is taken out. The
// comment of each test says what to take out to see that.
//
// docs/threat-model.md tells what there is to defend, against whom, which test
// proves what, and what risk stays.
package adversary
