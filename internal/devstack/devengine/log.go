package devengine

import (
	"log/slog"
	"os"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// engineLog keeps the engine quiet: what it says at info and warn concerns the operators of
// a cluster. Its errors are mostly the noise of stopping, so they go to debug. What it calls
// fatal must still end the process, or it would stand half started.
type engineLog struct {
	log.Logger
	out *slog.Logger
}

func newEngineLog(out *slog.Logger) *engineLog {
	return &engineLog{Logger: log.NewNoopLogger(), out: out}
}

func (l *engineLog) Error(msg string, tags ...tag.Tag)  { l.out.Debug("engine: "+msg, fields(tags)...) }
func (l *engineLog) DPanic(msg string, tags ...tag.Tag) { l.Error(msg, tags...) }

func (l *engineLog) Panic(msg string, tags ...tag.Tag) {
	l.out.Error("engine: "+msg, fields(tags)...)
	panic("engine: " + msg)
}

func (l *engineLog) Fatal(msg string, tags ...tag.Tag) {
	l.out.Error("engine: "+msg, fields(tags)...)
	os.Exit(1)
}

// With drops the tags: those of the message say enough.
func (l *engineLog) With(...tag.Tag) log.Logger { return l }

func fields(tags []tag.Tag) []any {
	out := make([]any, 0, len(tags))
	for _, t := range tags {
		out = append(out, slog.Any(t.Key(), t.Value()))
	}
	return out
}

// quietSDK silences the client that readiness is asked with.
type quietSDK struct{}

func (quietSDK) Debug(string, ...any) {}
func (quietSDK) Info(string, ...any)  {}
func (quietSDK) Warn(string, ...any)  {}
func (quietSDK) Error(string, ...any) {}
