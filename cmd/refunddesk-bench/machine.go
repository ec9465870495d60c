package main

import (
	"context"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// machine is what a figure depends on besides the program.
type machine struct {
	At         time.Time `json:"at"`
	System     string    `json:"system"`
	Cores      int       `json:"cores"`
	Go         string    `json:"go"`
	PostgreSQL string    `json:"postgresql"`
	Engine     string    `json:"engine"`
	Sync       string    `json:"fsync"` // of PostgreSQL
	LoadBefore string    `json:"load_before,omitempty"`
	LoadAfter  string    `json:"load_after,omitempty"`
}

func (b *bench) lookAround(ctx context.Context) (machine, error) {
	m := machine{
		At: time.Now(), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version(),
		Engine: "unknown", LoadBefore: loadAverage(),
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dependency := range info.Deps {
			if dependency.Path == "go.temporal.io/server" {
				m.Engine = dependency.Version
			}
		}
	}
	err := b.admin.QueryRow(ctx, "SELECT current_setting('server_version'), current_setting('fsync')").Scan(&m.PostgreSQL, &m.Sync)
	return m, err
}

// loadAverage is what was waiting for a core in the last minute; "" where nobody counts.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
