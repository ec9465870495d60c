package devissuer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"refunddesk/internal/fault"
)

const pemType = "PRIVATE KEY"

// loadKey reads the key file and makes it first where there is none.
func loadKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := makeKey(path); err != nil {
			return nil, fmt.Errorf("make the issuer's key: %w", err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the issuer's key: %w", err)
	}
	// Whoever can read the key can be anybody, so a copy with looser rights is closed again.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, fmt.Errorf("protect the issuer's key: %w", err)
	}
	if block, _ := pem.Decode(text); block != nil && block.Type == pemType {
		if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
			if key, ok := key.(*ecdsa.PrivateKey); ok && key.Curve == elliptic.P256() {
				return key, nil
			}
		}
	}
	return nil, fault.New(fault.Conflict, "issuer-key",
		"%s is not a P-256 key in PEM; delete it and tokens.json beside it to get new ones", path)
}

// makeKey writes a complete key or none: it is linked into place when it is whole, and never
// over one that another process was quicker with.
func makeKey(path string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	whole, err := writeBeside(path, pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(whole) }()
	if err := os.Link(whole, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// writeBeside writes a temporary file in path's folder, readable by its owner only, and gives
// its name.
func writeBeside(path string, text []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}
