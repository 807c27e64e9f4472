package probe

import "i80.dk/sighej/bench/report"

// Machine describes the computer that this process runs on. What it cannot find
// out stays empty.
func Machine() report.Machine {
	m := portable()
	if text, err := readFile("/proc/cpuinfo"); err == nil {
		m.CPU = parseModel(text)
	}
	if text, err := readFile("/proc/meminfo"); err == nil {
		m.MemoryBytes, _ = parseSize(text, "MemTotal") // 0: unknown
	}
	return m
}

// readHost returns the zero Host when /proc/stat is not what it should be.
func readHost() Host {
	text, err := readFile("/proc/stat")
	if err != nil {
		return Host{}
	}
	h, err := parseHost(text)
	if err != nil {
		return Host{}
	}
	return h
}
