package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// readBound is more than any file of /proc that is read whole has.
const readBound = 1 << 20

// Self returns what this process has used so far, by the kernel's count: PID,
// Name, CPU and RSS. It is safe for concurrent use.
func Self() Process {
	self := Process{PID: os.Getpid()}
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) == nil {
		self.CPU = float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	if s, err := readStat(self.PID); err == nil {
		self.Name = s.name
	}
	self.RSS, _ = readResident(self.PID) // 0: unknown
	return self
}

// process is one that runs on this machine.
type process struct {
	started uint64
	known   Process
}

// openProcess finds the process that has pid now. Its PSS need not be readable:
// that takes more rights than the rest, and 0 says so.
func openProcess(pid int) (*process, error) {
	s, err := readStat(pid)
	switch {
	case vanished(err) || err == nil && s.ended:
		return nil, fmt.Errorf("process %d: there is none", pid)
	case err != nil:
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	p := &process{started: s.started, known: Process{PID: pid, Name: s.name, CPU: s.cpu}}
	if p.known.RSS, err = readResident(pid); err != nil {
		return nil, fmt.Errorf("process %d: %w", pid, err)
	}
	return p, nil
}

// read reads the stat last: if the process is still the same then, it was so
// when its memory was read.
func (p *process) read(_ context.Context, all bool) Process {
	if p.known.Gone {
		return p.known
	}
	rss, failed := readResident(p.known.PID)
	var pss int64
	if all {
		pss, _ = readShare(p.known.PID) // 0: unknown
	}
	s, err := readStat(p.known.PID)
	p.known.Missed = false
	switch {
	case vanished(err) || err == nil && s.started != p.started:
		p.known.Gone = true
	case err == nil && s.ended:
		p.known.Gone, p.known.CPU = true, s.cpu // its last figure, exact
	case err != nil || failed != nil:
		p.known.Missed = true
	default:
		p.known.Name, p.known.CPU, p.known.PSS = s.name, s.cpu, pss
		p.known.RSS = cmp.Or(rss, p.known.RSS) // 0 once it has let go of its memory, on the way to its end
	}
	return p.known
}

// vanished tells whether err means that there is no such process (any more).
func vanished(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH)
}

func readStat(pid int) (stat, error) {
	text, err := readOf(pid, "stat")
	if err != nil {
		return stat{}, err
	}
	s, err := parseStat(string(text))
	return s, reading(pid, "stat", err)
}

// readResident returns bytes.
func readResident(pid int) (int64, error) {
	text, err := readOf(pid, "statm")
	if err != nil {
		return 0, err
	}
	pages, err := parseResident(string(text))
	return pages * int64(os.Getpagesize()), reading(pid, "statm", err)
}

// readShare returns the bytes of PSS.
func readShare(pid int) (int64, error) {
	text, err := readOf(pid, "smaps_rollup")
	if err != nil {
		return 0, err
	}
	bytes, err := parseSize(text, "Pss")
	return bytes, reading(pid, "smaps_rollup", err)
}

func readOf(pid int, file string) ([]byte, error) { return readFile(pathOf(pid, file)) }

func pathOf(pid int, file string) string { return "/proc/" + strconv.Itoa(pid) + "/" + file }

func reading(pid int, file string, err error) error {
	if err != nil {
		return fmt.Errorf("reading %s: %w", pathOf(pid, file), err)
	}
	return nil
}

// readFile returns a file's first bytes, up to readBound.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // below /proc
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, readBound))
}
