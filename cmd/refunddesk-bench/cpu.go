package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The parts that CPU time is told apart by, in the order of the report.
const (
	cpuServe         = "refunddesk"
	cpuRecords       = "records' PostgreSQL"
	cpuEngine        = "engine"
	cpuEngineRecords = "engine's PostgreSQL"
	cpuShared        = "PostgreSQL itself"
	cpuInsert        = "insert handler"
	cpuBench         = "load generator"
)

var cpuParts = []string{cpuServe, cpuRecords, cpuEngine, cpuEngineRecords, cpuShared, cpuInsert, cpuBench}

// cpuTimes is the CPU time that each part has used so far. It is empty where there is no
// /proc to read it from.
type cpuTimes map[string]time.Duration

// tick is the unit of /proc/PID/stat.
const tick = 10 * time.Millisecond

// cpu looks at the clocks of all processes.
func (b *bench) cpu() cpuTimes {
	out := cpuTimes{}
	for part, pid := range map[string]int{
		cpuServe: b.serve.cmd.Process.Pid, cpuEngine: b.engine.cmd.Process.Pid, cpuInsert: b.insert.cmd.Process.Pid, cpuBench: os.Getpid(),
	} {
		if s, ok := readStat(pid); ok {
			out[part] = s.own
		}
	}
	postmaster := b.postgres.Process()
	if s, ok := readStat(postmaster); ok {
		out[cpuShared] = s.own + s.children // connections that have ended, too
	}
	folders, _ := filepath.Glob("/proc/[0-9]*") // the pattern is right
	for _, folder := range folders {
		pid, _ := strconv.Atoi(filepath.Base(folder)) // digits
		if s, ok := readStat(pid); ok && s.parent == postmaster {
			out[postgresPart(pid)] += s.own
		}
	}
	return out
}

// since is the CPU time used after an earlier look.
func (now cpuTimes) since(before cpuTimes) cpuTimes {
	out := cpuTimes{}
	for part, used := range now {
		out[part] = max(0, used-before[part])
	}
	return out
}

// postgresPart tells by its title whom one of PostgreSQL's processes works for.
func postgresPart(pid int) string {
	title, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if err != nil {
		return cpuShared
	}
	words := strings.Fields(string(title)) // postgres: USER DATABASE HOST …
	switch {
	case len(words) < 4:
		return cpuShared
	case words[2] == recordsDatabase:
		return cpuRecords
	case strings.HasPrefix(words[2], engineDatabase):
		return cpuEngineRecords
	}
	return cpuShared
}

type stat struct {
	parent        int
	own, children time.Duration
}

// readStat reads /proc/PID/stat; see proc(5).
func readStat(pid int) (stat, bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, false
	}
	// The second field is the program's name, which may hold anything.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 15 {
		return stat{}, false
	}
	number := func(field int) int { // as numbered in proc(5)
		n, _ := strconv.Atoi(fields[field-3])
		return n
	}
	return stat{
		parent:   number(4),
		own:      time.Duration(number(14)+number(15)) * tick,
		children: time.Duration(number(16)+number(17)) * tick,
	}, true
}
