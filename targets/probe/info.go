package probe

import (
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
)

// info is the answer of GET /info: what the process really runs with, read back from the runtime
// and the kernel rather than from what was asked for.
type info struct {
	Name            string            `json:"name"`
	GoVersion       string            `json:"go_version"`
	GOMAXPROCS      int               `json:"gomaxprocs"`
	NumCPU          int               `json:"num_cpu"`
	PID             int               `json:"pid"`
	GOGC            int64             `json:"gogc"`             // percent; -1 when off
	GOMEMLIMITBytes int64             `json:"gomemlimit_bytes"` // math.MaxInt64 when there is none
	GODEBUG         string            `json:"godebug"`          // the environment's; see build_settings for the built-in one
	MainPackage     string            `json:"main_package"`
	BuildSettings   map[string]string `json:"build_settings"`    // debug.BuildInfo: -trimpath, GOAMD64, DefaultGODEBUG, ...
	CPUsAllowedList string            `json:"cpus_allowed_list"` // /proc/self/status; empty where there is no /proc
	Options         map[string]any    `json:"options"`           // the service's own settings
	MutexProfile    int               `json:"mutex_profile_fraction"`
	BlockProfile    int               `json:"block_profile_rate_ns"`
}

func (options Options) info() info {
	report := info{
		Name:            options.Name,
		GoVersion:       runtime.Version(),
		GOMAXPROCS:      runtime.GOMAXPROCS(0),
		NumCPU:          runtime.NumCPU(),
		PID:             os.Getpid(),
		GODEBUG:         os.Getenv("GODEBUG"),
		BuildSettings:   map[string]string{},
		CPUsAllowedList: cpusAllowedList(),
		Options:         map[string]any{},
		MutexProfile:    runtime.SetMutexProfileFraction(-1), // -1 only reads
		BlockProfile:    options.BlockProfileRate,            // the runtime cannot be asked for this one
	}
	report.GOGC, report.GOMEMLIMITBytes = collectorSettings()
	if build, ok := debug.ReadBuildInfo(); ok {
		report.MainPackage = build.Path
		for _, setting := range build.Settings {
			report.BuildSettings[setting.Key] = setting.Value
		}
	}
	if options.Values != nil {
		report.Options = options.Values()
	}
	return report
}

// collectorSettings reads GOGC and GOMEMLIMIT back from the runtime's metrics (both since Go 1.21),
// because debug.SetGCPercent can only tell by changing it. GOGC=off reads as all ones.
func collectorSettings() (gogcPercent, memoryLimitBytes int64) {
	samples := []metrics.Sample{{Name: "/gc/gogc:percent"}, {Name: "/gc/gomemlimit:bytes"}}
	metrics.Read(samples)
	gogcPercent = -1
	if percent := samples[0].Value.Uint64(); percent <= math.MaxInt32 {
		gogcPercent = int64(percent)
	}
	return gogcPercent, int64(samples[1].Value.Uint64())
}

func cpusAllowedList() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(status), "\n") {
		if list, found := strings.CutPrefix(line, "Cpus_allowed_list:"); found {
			return strings.TrimSpace(list)
		}
	}
	return ""
}
