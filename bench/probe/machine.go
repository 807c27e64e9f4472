package probe

import (
	"runtime"

	"i80.dk/sighej/bench/report"
)

// portable is what Go knows of the machine wherever it runs.
func portable() report.Machine {
	return report.Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU()}
}
