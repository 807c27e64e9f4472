// Package server puts the parts of a member together: the settings, the stores,
// the sessions, the two listeners. It is the only place where parts are wired.
//
// [Options] are the settings as people give them; [Options.Validate] tells all
// that is wrong with them at once. Nothing here reads the command line or exits
// the process; that is for the program.
package server
