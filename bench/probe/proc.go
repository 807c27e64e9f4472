package probe

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ticks are what a second has in /proc: USER_HZ, which is 100 on every Linux
// that Go runs on, whatever the kernel's own HZ (include/asm-generic/param.h).
const ticks = 100

// stat is what matters of /proc/PID/stat (proc_pid_stat(5)).
type stat struct {
	name    string
	ended   bool    // it waits for its parent to notice, or is about to vanish
	cpu     float64 // seconds
	started uint64  // ticks since the machine started
}

// parseStat parses /proc/PID/stat. The name stands in parentheses and may itself
// have any, and blanks; the last one ends it.
func parseStat(text string) (stat, error) {
	begin, end := strings.IndexByte(text, '('), strings.LastIndexByte(text, ')')
	if begin < 0 || end < begin {
		return stat{}, errors.New("it has no name")
	}
	const state, utime, stime, starttime = 0, 11, 12, 19 // counted after the name
	fields := strings.Fields(text[end+1:])
	if len(fields) <= starttime {
		return stat{}, errors.New("it breaks off")
	}
	var numbers [3]uint64
	for i, field := range []int{utime, stime, starttime} {
		n, err := strconv.ParseUint(fields[field], 10, 64)
		if err != nil {
			return stat{}, err
		}
		numbers[i] = n
	}
	return stat{
		name:    text[begin+1 : end],
		ended:   strings.Contains("ZXx", fields[state]),
		cpu:     (float64(numbers[0]) + float64(numbers[1])) / ticks,
		started: numbers[2],
	}, nil
}

// parseHost parses /proc/stat (proc_stat(5)). Time of guests is in user and nice
// already.
func parseHost(text []byte) (Host, error) {
	var h Host
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		switch {
		case len(fields) == 0 || !strings.HasPrefix(fields[0], "cpu"):
		case fields[0] != "cpu":
			h.Cores++
		case len(fields) < 9:
			return Host{}, errors.New("the line cpu breaks off")
		default:
			const user, nice, system, irq, softirq, steal = 1, 2, 3, 6, 7, 8
			for _, field := range []int{user, nice, system, irq, softirq} {
				h.Busy += seconds(fields[field])
			}
			h.Steal = seconds(fields[steal])
		}
	}
	return h, nil
}

// seconds returns a number of ticks in seconds; 0 for what is none.
func seconds(text string) float64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0
	}
	return float64(n) / ticks
}

// parseResident returns the resident pages of /proc/PID/statm.
func parseResident(text string) (int64, error) {
	fields := strings.Fields(text)
	if len(fields) < 2 {
		return 0, errors.New("it breaks off")
	}
	return strconv.ParseInt(fields[1], 10, 64)
}

// parseSize returns a line like "MemTotal:  8123456 kB" in bytes. It serves
// /proc/meminfo and /proc/PID/smaps_rollup.
func parseSize(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		fields := strings.Fields(string(line))
		if len(fields) == 3 && fields[0] == name+":" && fields[2] == "kB" {
			n, err := strconv.ParseInt(fields[1], 10, 54)
			return n << 10, err
		}
	}
	return 0, fmt.Errorf("there is no line %s", name)
}

// parseModel returns the processor's name of /proc/cpuinfo, or "": each
// architecture has its own word for it, and arm64 mostly none.
func parseModel(text []byte) string {
	for _, word := range []string{"model name", "cpu model", "Model", "cpu", "uarch"} {
		for line := range bytes.Lines(text) {
			if name, value, ok := strings.Cut(string(line), ":"); ok && strings.TrimSpace(name) == word {
				return strings.TrimSpace(value)
			}
		}
	}
	return ""
}
