package devengine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"refunddesk/internal/fault"
)

// lockFile keeps a second engine off the same records: two of them would take turns in
// stealing each other's shards. The kernel releases the lock when the process ends, however
// it ends, so nothing is left behind to clean up.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the engine's lock: %w", err)
	}
	_, err = eventually(ctx, func() (struct{}, error) {
		return struct{}{}, syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	})
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, fault.New(fault.Conflict, "data-in-use",
			"another process works on the engine's records beside %s; stop it, or give another folder with --data", path).With(err)
	}
	return nil, fmt.Errorf("lock the engine's records: %w", err)
}
