package engine

import (
	"context"
	"log/slog"

	sdklog "go.temporal.io/sdk/log"
)

// sdkLog passes on what the SDK warns of; its daily business is not ours.
func sdkLog(to *slog.Logger) sdklog.Logger {
	return sdklog.NewStructuredLogger(slog.New(warnings{to.Handler()}).With("part", "engine"))
}

// warnings is a handler that leaves out what is below a warning.
type warnings struct{ slog.Handler }

func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
